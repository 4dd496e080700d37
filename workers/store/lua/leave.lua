-- Gives a lease back, unless somebody asked for more work since it was taken.
-- KEYS: lease, woken   ARGV: lease token
-- Returns 1: keep the lease and read from the start again, 0: the lease is given back or was lost.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if redis.call('DEL', KEYS[2]) == 1 then return 1 end
redis.call('DEL', KEYS[1])
return 0
