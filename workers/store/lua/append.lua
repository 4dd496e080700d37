-- Appends changes to one of a partition's inboxes, counts them as received and says whether a wake-up is due.
-- KEYS: inbox, counts, woken, lease, and for an inbox "inbox:collection" whose entries wait for a pull: through
-- ARGV: most entries the inbox may hold (0: no limit), life of the wake-up mark in ms, origin, then per change:
--       resource, version, "1" for a delete else "0", data
-- Returns 1: wake a worker, 0: one is already called, -1: the inbox is full and nothing was appended.
local most, count = tonumber(ARGV[1]), (#ARGV - 3) / 4
if most > 0 and redis.call('XLEN', KEYS[1]) + count > most then return -1 end
for i = 4, #ARGV, 4 do
  redis.call('XADD', KEYS[1], '*', 'k', ARGV[i], 'v', ARGV[i + 1], 'd', ARGV[i + 2], 'o', ARGV[3], 'b', ARGV[i + 3])
end
-- Whoever does not know the collection any more finds by this field that something waits for it. It lets nothing go.
if KEYS[5] then redis.call('HSETNX', KEYS[5], string.match(KEYS[1], ':inbox:(.*)$'), '0-0') end
redis.call('HINCRBY', KEYS[2], 'received:' .. ARGV[3], count)
-- Whoever holds the lease looks at the mark before leaving; only an idle partition wants a message.
if redis.call('SET', KEYS[3], '1', 'NX', 'PX', ARGV[2]) and redis.call('EXISTS', KEYS[4]) == 0 then return 1 end
return 0
