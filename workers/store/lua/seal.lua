-- Notes the last of those waiting events of a resource that are about to be tried as one.
-- KEYS: parked, sealed
-- ARGV: resource, first number, last number, time in ms (their age counts from it, the first time)
-- Returns 1: noted, 0: another event stands first.
local attempts, numbers = string.match(redis.call('HGET', KEYS[1], ARGV[1]) or '', '^(%d+) %d+ (.+)$')
if not numbers or string.match(numbers, '^%d+') ~= ARGV[2] then return 0 end
if redis.call('HGET', KEYS[2], ARGV[1]) ~= ARGV[3] then
  redis.call('HSET', KEYS[2], ARGV[1], ARGV[3])
  redis.call('HSET', KEYS[1], ARGV[1], attempts .. ' ' .. ARGV[4] .. ' ' .. numbers)
end
return 1
