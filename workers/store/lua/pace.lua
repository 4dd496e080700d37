-- A rate limit for all processes: requests are spread so that no minute has more than its share.
-- KEYS: the time (ms) at which the next request is due
-- ARGV: time in ms, ms between two requests, ms that a burst may run ahead, ms that the caller is ready to wait
-- Returns how many ms to wait before sending; when that is longer than the caller waits, no turn was taken.
local now = tonumber(ARGV[1])
local at = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now - tonumber(ARGV[3]))
local wait = math.max(0, math.ceil(at - now))
if wait <= tonumber(ARGV[4]) then
  redis.call('SET', KEYS[1], string.format('%.3f', at + tonumber(ARGV[2])), 'PX', wait + 120000)
end
return wait
