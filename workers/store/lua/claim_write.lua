-- A write is seen back in one version of its resource, and in no other.
-- KEYS: the writes of the resource
-- ARGV: id of the write, version
-- Returns the version it is seen back in; "" when the write is no longer kept.
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return '' end
redis.call('HSETNX', KEYS[1], ARGV[1] .. ':by', ARGV[2])
return redis.call('HGET', KEYS[1], ARGV[1] .. ':by')
