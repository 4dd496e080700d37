-- Nobody sends before a time: Protime asked for it. A pause never ends earlier than one that was asked for before.
-- KEYS: the time (ms) at which the next request is due; when that was noted (ms), as in pace.lua
-- ARGV: for how long (ms), by the store's clock
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local due, noted = unpack(redis.call('MGET', KEYS[1], KEYS[2]))
if tonumber(noted or '0') > now then due = nil end
local wanted = math.max(tonumber(due or '0'), now + tonumber(ARGV[1]))
local life = math.ceil(wanted - now) + 120000
redis.call('SET', KEYS[1], string.format('%.3f', wanted), 'PX', life)
redis.call('SET', KEYS[2], string.format('%.3f', now), 'PX', life)
return 0
