-- Takes (or keeps) the lease of one sink on one partition and reads the events after its cursor.
-- KEYS: events, lease, cursor, parked, hold
-- ARGV: lease token, lease life in ms, most events, time in ms
-- Returns false when another worker delivers, or the time (ms) until which the sink is held back;
--         else { cursor, failed attempts in a row, { number, resource, event, "1" if an earlier event of the resource waits else "0" }, … }.
local holder = redis.call('GET', KEYS[2])
if holder and holder ~= ARGV[1] then return false end
local held = tonumber(redis.call('HGET', KEYS[5], 'until') or '0')
if held > tonumber(ARGV[4]) then
  if holder then redis.call('DEL', KEYS[2]) end
  return held
end
local cursor = redis.call('GET', KEYS[3]) or '0'
local found = redis.call('XRANGE', KEYS[1], '(' .. cursor .. '-0', '+', 'COUNT', ARGV[3])
if #found == 0 then
  if holder then redis.call('DEL', KEYS[2]) end
  return { cursor, '0' }
end
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
local answer = { cursor, redis.call('HGET', KEYS[5], 'attempts') or '0' }
for i, entry in ipairs(found) do
  local fields = entry[2]
  local waits = redis.call('HEXISTS', KEYS[4], fields[2])
  answer[i + 2] = { string.match(entry[1], '^%d+'), fields[2], fields[6], tostring(waits) }
end
return answer
