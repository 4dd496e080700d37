-- Notes that a sink was away. Open: only the one that probes may say so; everybody else's failure is old news.
-- KEYS: breaker
-- ARGV: time in ms, "1" if this was the probe, failures in a row that open it, time of the next try in ms if it is open
--       afterwards, reason, part of the budget that is used (percent, one of the levels to warn at, "0": none)
-- Returns { failures in a row, open since (ms, "0": closed), next try (ms), last try (ms), failed tries, reason, level to warn at ("0": none),
--           "1" if this failure has opened it }.
local breaker, now, reason = KEYS[1], ARGV[1], ARGV[5]
local open = redis.call('HGET', breaker, 'since')
local level, opened = '0', '0'
if not open then
  local failures = redis.call('HINCRBY', breaker, 'failures', 1)
  redis.call('HSETNX', breaker, 'first', now)
  if failures >= tonumber(ARGV[3]) then
    redis.call('HSET', breaker, 'since', redis.call('HGET', breaker, 'first'), 'until', ARGV[4], 'tried', now, 'attempts', 1,
      'reason', reason)
    opened = '1'
  end
elseif ARGV[2] == '1' then
  redis.call('HINCRBY', breaker, 'attempts', 1)
  redis.call('HSET', breaker, 'until', ARGV[4], 'tried', now, 'reason', reason)
  if tonumber(ARGV[6]) > tonumber(redis.call('HGET', breaker, 'warned') or '0') then
    redis.call('HSET', breaker, 'warned', ARGV[6])
    level = ARGV[6]
  end
end
local f = redis.call('HMGET', breaker, 'failures', 'since', 'until', 'tried', 'attempts', 'reason')
return { f[1] or '0', f[2] or '0', f[3] or '0', f[4] or '0', f[5] or '0', f[6] or '', level, opened }
