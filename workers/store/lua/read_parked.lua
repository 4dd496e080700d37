-- Takes (or keeps) the retry lease of one sink on one partition and reads the resources whose retry is due.
-- KEYS: due, retrying (lease), parked, events, sealed, kept (events that were handed back after the log had lost them)
-- ARGV: lease token, lease life in ms, time in ms, most resources, most events per resource, ms that others are ahead
--       of their time when they go with one that is due (none of these waits after a failure)
-- Returns false when another worker retries;
--         else { { resource, attempts, waiting since (ms), number of waiting events,
--           last of those that were tried as one event ("0": none), number, event, number, event, … }, … }.
local holder = redis.call('GET', KEYS[2])
if holder and holder ~= ARGV[1] then return false end
local answer = {}
local ready = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[3], 'LIMIT', 0, ARGV[4])
local room = tonumber(ARGV[4]) - #ready
if #ready > 0 and ARGV[6] ~= '0' and room > 0 then
  local soon = string.format('%d', tonumber(ARGV[3]) + tonumber(ARGV[6]))
  for _, resource in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. ARGV[3], soon, 'LIMIT', 0, room)) do
    if redis.call('HEXISTS', KEYS[5], resource) == 0 then ready[#ready + 1] = resource end
  end
end
for _, resource in ipairs(ready) do
  local waiting = redis.call('HGET', KEYS[3], resource)
  local attempts, since, numbers = string.match(waiting or '', '^(%d+) (%d+) (.+)$')
  local found, total, sealed = {}, 0, '0'
  local noted = redis.call('HGET', KEYS[5], resource)
  for number in string.gmatch(numbers or '', '%d+') do
    total = total + 1
    if number == noted then sealed = noted end
    if total <= tonumber(ARGV[5]) then
      local entry = redis.call('XRANGE', KEYS[4], number .. '-0', number .. '-0')[1]
      found[#found + 1] = number
      found[#found + 1] = entry and entry[2][6] or redis.call('HGET', KEYS[6], number) or ''
    end
  end
  if total == 0 then redis.call('ZREM', KEYS[1], resource)
  else answer[#answer + 1] = { resource, attempts, since, total, sealed, unpack(found) } end
end
if #answer > 0 then redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
elseif holder then redis.call('DEL', KEYS[2]) end
return answer
