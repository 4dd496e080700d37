-- Gives a sink that is new a cursor at the end of the log: what came before it counts as filtered. `start` remembers where
-- that was: of the events up to it the sink has heard nothing.
-- KEYS: cursor, counts   ARGV: sink     Returns 1 if the sink was new.
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
local applied = redis.call('HGET', KEYS[2], 'applied') or '0'
redis.call('SET', KEYS[1], applied)
if applied ~= '0' then
  redis.call('HINCRBY', KEYS[2], 'filtered:' .. ARGV[1], applied)
  redis.call('HSET', KEYS[2], 'start:' .. ARGV[1], applied)
end
return 1
