-- A rate limit for all processes: requests are spread so that no minute has more than its share.
-- The time is that of the store: one process whose clock is ahead would keep all others waiting.
-- KEYS: the time (ms) at which the next request is due; when that was noted (ms). What was noted later than now says
--       nothing: the clock was set back meanwhile.
-- ARGV: ms between two requests, ms that a burst may run ahead, ms that the caller is ready to wait,
--       how many requests want a turn
-- Returns for each how many ms to wait before sending; where that is longer than the caller waits, no turn was taken.
local time, between, most = redis.call('TIME'), tonumber(ARGV[1]), tonumber(ARGV[3])
local now = time[1] * 1000 + time[2] / 1000
local due, noted = unpack(redis.call('MGET', KEYS[1], KEYS[2]))
if tonumber(noted or '0') > now then due = nil end
local at = math.max(tonumber(due or '0'), now - tonumber(ARGV[2]))
local waits, last = {}, nil
for i = 1, tonumber(ARGV[4]) do
  waits[i] = math.max(0, math.ceil(at - now))
  if waits[i] <= most then
    last, at = waits[i], at + between
  end
end
if last then
  redis.call('SET', KEYS[1], string.format('%.3f', at), 'PX', last + 120000)
  redis.call('SET', KEYS[2], string.format('%.3f', now), 'PX', last + 120000)
end
return waits
