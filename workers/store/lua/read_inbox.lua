-- Takes (or keeps) the partition's lease and reads undecided entries with the stored state of their resources.
-- KEYS: inbox, lease, woken, state, through, then the waiting inbox of each collection
-- ARGV: lease token, lease life in ms, read after this entry id ("-": a new pass from the start), most entries,
--       most entries of the bulk inbox, then per waiting inbox: collection ("@bulk" for what may wait behind live
--       traffic), "1" if its entries wait for a delta pull else "0"
-- Waiting entries are read on a new pass only, up to the entry that the last delta pull covers.
-- Returns false when another worker holds the lease (it is told that there is more to do);
--         else { { entries of the inbox }, { collection, { entries }, … }, { resource, state or false, … } }.
local holder = redis.call('GET', KEYS[2])
if holder and holder ~= ARGV[1] then
  redis.call('SET', KEYS[3], '1', 'PX', ARGV[2])
  return false
end
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
local resources, seen = {}, {}
local function note(entries)
  for _, entry in ipairs(entries) do
    local resource = entry[2][2]
    if not seen[resource] then
      seen[resource] = true
      resources[#resources + 1] = resource
    end
  end
  return entries
end
-- A few hundred at a time: there is room for so many on Lua's stack.
local function states()
  local found = {}
  for from = 1, #resources, 500 do
    local upto = math.min(from + 499, #resources)
    local values = redis.call('HMGET', KEYS[4], unpack(resources, from, upto))
    for i, value in ipairs(values) do
      found[#found + 1] = resources[from + i - 1]
      found[#found + 1] = value
    end
  end
  return found
end
local waiting = {}
if ARGV[3] ~= '-' then
  local later = note(redis.call('XRANGE', KEYS[1], '(' .. ARGV[3], '+', 'COUNT', ARGV[4]))
  return { later, waiting, states() }
end
redis.call('DEL', KEYS[3])
for i = 6, #ARGV, 2 do
  local most = ARGV[i] == '@bulk' and ARGV[5] or ARGV[4]
  local upto = ARGV[i + 1] == '0' and '+' or redis.call('HGET', KEYS[5], ARGV[i])
  local found = upto and redis.call('XRANGE', KEYS[6 + (i - 6) / 2], '-', upto, 'COUNT', most) or {}
  if #found > 0 then
    waiting[#waiting + 1] = ARGV[i]
    waiting[#waiting + 1] = note(found)
  end
end
local now = note(redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', ARGV[4]))
return { now, waiting, states() }
