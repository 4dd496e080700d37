-- Ends a replay that is under way; what it has delivered stays delivered.
-- KEYS: replay   ARGV: id, time in ms   Returns 1, or 0 when it is not under way.
local now = redis.call('HMGET', KEYS[1], 'id', 'state')
if now[1] ~= ARGV[1] or now[2] ~= 'running' then return 0 end
redis.call('HSET', KEYS[1], 'state', 'cancelled', 'ended', ARGV[2])
return 1
