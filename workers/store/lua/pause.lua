-- Nobody sends before a time: Protime asked for it. A pause never ends earlier than one that was asked for before.
-- KEYS: the time (ms) at which the next request is due
-- ARGV: for how long (ms), by the store's clock
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local wanted = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now + tonumber(ARGV[1]))
redis.call('SET', KEYS[1], string.format('%.3f', wanted), 'PX', math.ceil(wanted - now) + 120000)
return 0
