-- KEYS: lease   ARGV: lease token, life in ms     Takes or prolongs a lease. Returns 1: ours, 0: held by another.
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
