-- KEYS: lease   ARGV: lease token, life in ms     Takes or prolongs a lease. Returns 1: ours, 0: held by another.
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then
  -- No lease lives that long: the clock was set back. Its holder prolongs it while it is alive.
  if redis.call('PTTL', KEYS[1]) > tonumber(ARGV[2]) then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
  return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
