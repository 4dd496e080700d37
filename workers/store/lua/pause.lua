-- Nobody sends before a time: Protime asked for it. A pause never ends earlier than one that was asked for before.
-- KEYS: the time (ms) at which the next request is due
-- ARGV: time in ms, until when (ms)
local wanted = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), tonumber(ARGV[2]))
redis.call('SET', KEYS[1], string.format('%.3f', wanted), 'PX', math.ceil(wanted - tonumber(ARGV[1])) + 120000)
return 0
