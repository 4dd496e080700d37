-- Takes (or keeps) the retry lease of one sink on one partition and reads the resources whose retry is due.
-- KEYS: due, retrying (lease), parked, events
-- ARGV: lease token, lease life in ms, time in ms, most resources, most events per resource
-- Returns false when another worker retries;
--         else { { resource, attempts, waiting since (ms), number of waiting events, number, event, number, event, … }, … }.
local holder = redis.call('GET', KEYS[2])
if holder and holder ~= ARGV[1] then return false end
local answer = {}
for _, resource in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[3], 'LIMIT', 0, ARGV[4])) do
  local waiting = redis.call('HGET', KEYS[3], resource)
  local attempts, since, numbers = string.match(waiting or '', '^(%d+) (%d+) (.+)$')
  local found, total = {}, 0
  for number in string.gmatch(numbers or '', '%d+') do
    total = total + 1
    if total <= tonumber(ARGV[5]) then
      local entry = redis.call('XRANGE', KEYS[4], number .. '-0', number .. '-0')[1]
      found[#found + 1] = number
      found[#found + 1] = entry and entry[2][6] or ''
    end
  end
  if total == 0 then redis.call('ZREM', KEYS[1], resource)
  else answer[#answer + 1] = { resource, attempts, since, total, unpack(found) } end
end
if #answer > 0 then redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
elseif holder then redis.call('DEL', KEYS[2]) end
return answer
