-- KEYS: lease   ARGV: lease token, life in ms     Prolongs a lease if it is still ours. Returns 1 or 0.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
