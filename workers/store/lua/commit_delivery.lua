-- Moves a sink's cursor on one partition, with everything that was decided about the events it passes.
-- KEYS: cursor, lease, counts, parked, due, dead, deliveries, hold, events, sealed
-- ARGV: lease token, sink, expected cursor, new cursor, delivered, filtered, record, time in ms,
--       hold until (ms, "0": no hold), hold attempts, hold reason, SHA-1 of the last event that is passed ("": not known),
--       then per event that was not delivered:
--   P (park):        number, resource, attempts, due in ms, error
--   W (put off):     number, resource, due in ms, how long in all (ms), ""
--   D (dead letter): number, resource, attempts, reason, error
-- Returns -1: the cursor is not where it was expected, or the log holds another event where it is to go, nothing was done;
-- else the number of events left behind the cursor (with none left, or held back, the lease is given back).
local cursor, lease, counts, parked, due, dead = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local sink = ARGV[2]
local applied = tonumber(redis.call('HGET', counts, 'applied') or '0')
if (redis.call('GET', cursor) or '0') ~= ARGV[3] then return -1 end
-- A store whose file had lost its end gives numbers a second time: what was read under them before is not what is there now.
local last = ARGV[12] ~= '' and redis.call('XRANGE', KEYS[9], ARGV[4] .. '-0', ARGV[4] .. '-0')[1]
if tonumber(ARGV[4]) > applied or (last and redis.sha1hex(last[2][6]) ~= ARGV[12]) then return -1 end
redis.call('SET', cursor, ARGV[4])
if ARGV[5] ~= '0' then redis.call('HINCRBY', counts, 'delivered:' .. sink, ARGV[5]) end
if ARGV[6] ~= '0' then redis.call('HINCRBY', counts, 'filtered:' .. sink, ARGV[6]) end
for i = 13, #ARGV, 6 do
  local kind, number, resource, attempts, fourth, fifth = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4], ARGV[i + 5]
  if kind == 'P' then
    local waiting = redis.call('HGET', parked, resource)
    if waiting then
      redis.call('HSET', parked, resource, waiting .. ',' .. number)
    else
      redis.call('HSET', parked, resource, attempts .. ' ' .. ARGV[8] .. ' ' .. number)
      redis.call('ZADD', due, fourth, resource)
    end
    redis.call('HINCRBY', counts, 'parked:' .. sink, 1)
  elseif kind == 'W' then
    local waiting = redis.call('HGET', parked, resource)
    local since = string.match(waiting or '', '^%d+ (%d+) ') or ARGV[8]
    redis.call('HSET', parked, resource, waiting and (waiting .. ',' .. number) or ('0 ' .. since .. ' ' .. number))
    -- While earlier ones are being tried, their time is the one that counts.
    if redis.call('HEXISTS', KEYS[10], resource) == 0 then
      redis.call('ZADD', due, string.format('%d', math.min(tonumber(attempts), tonumber(since) + tonumber(fourth))), resource)
    end
    redis.call('HINCRBY', counts, 'parked:' .. sink, 1)
  else
    local entry = redis.call('XRANGE', KEYS[9], number .. '-0', number .. '-0')[1]
    redis.call('XADD', dead, '*', 's', sink, 'n', number, 'k', resource, 'r', fourth, 'a', attempts, 'l', fifth,
      't', ARGV[8], 'e', entry and entry[2][6] or '')
    redis.call('HINCRBY', counts, 'dead:' .. sink, 1)
  end
end
if ARGV[7] ~= '' then redis.call('XADD', KEYS[7], '*', 'r', ARGV[7]) end
if ARGV[9] ~= '0' then
  redis.call('HSET', KEYS[8], 'until', ARGV[9], 'attempts', ARGV[10], 'reason', ARGV[11])
else
  redis.call('DEL', KEYS[8])
end
local left = applied - tonumber(ARGV[4])
if (left == 0 or ARGV[9] ~= '0') and redis.call('GET', lease) == ARGV[1] then redis.call('DEL', lease) end
return left
