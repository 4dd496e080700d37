-- One partition's books at one moment, for one sink. Every figure is read from where it happens, none from the others.
-- KEYS: counts, cursor, parked, events, through (a field for each collection that ever had a waiting inbox), then the
--       inboxes, that of the partition first
-- Returns { counts as a flat list, entries in the inboxes, cursor, events waiting in parked resources,
--           number of the newest event in the log ("": the log is empty) }.
local waiting = 0
for _, value in ipairs(redis.call('HVALS', KEYS[3])) do
  local numbers = string.match(value, '^%d+ %d+ (.+)$')
  for _ in string.gmatch(numbers, '%d+') do waiting = waiting + 1 end
end
local inboxes = 0
local names = { unpack(KEYS, 6) }
for _, collection in ipairs(redis.call('HKEYS', KEYS[5])) do names[#names + 1] = KEYS[6] .. ':' .. collection end
local seen = {}
for _, name in ipairs(names) do
  if not seen[name] then inboxes = inboxes + redis.call('XLEN', name) end
  seen[name] = true
end
local last = redis.call('XREVRANGE', KEYS[4], '+', '-', 'COUNT', 1)[1]
return { redis.call('HGETALL', KEYS[1]), inboxes, redis.call('GET', KEYS[2]) or '0', waiting,
  last and string.match(last[1], '^%d+') or '' }
