-- Writes a secret anew, under another field too, unless somebody has written or removed it meanwhile.
-- KEYS: the hash
-- ARGV: field, value as it was read, new field, new value
-- Returns 1: written, 0: it is not as it was.
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('HSET', KEYS[1], ARGV[3], ARGV[4])
return 1
