-- Gives a sink that is new a cursor at the end of the log: what came before it counts as filtered. `start` remembers where
-- that was: of the events up to it the sink has heard nothing.
-- A sink that comes back after the log has lost events that it never got goes on behind them: they count as filtered too.
-- KEYS: cursor, counts, events   ARGV: sink     Returns how many events a sink that came back will never get.
local applied, cursor = redis.call('HGET', KEYS[2], 'applied') or '0', redis.call('GET', KEYS[1])
if cursor then
  local first = redis.call('XRANGE', KEYS[3], '-', '+', 'COUNT', 1)[1]
  local before = first and tonumber(string.match(first[1], '^%d+')) - 1 or 0
  local gone = before - tonumber(cursor)
  if gone <= 0 then return 0 end
  redis.call('SET', KEYS[1], before)
  redis.call('HINCRBY', KEYS[2], 'filtered:' .. ARGV[1], gone)
  return gone
end
redis.call('SET', KEYS[1], applied)
if applied ~= '0' then
  redis.call('HINCRBY', KEYS[2], 'filtered:' .. ARGV[1], applied)
  redis.call('HSET', KEYS[2], 'start:' .. ARGV[1], applied)
end
return 0
