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
local states, seen = {}, {}
local function look_up(entries)
  for _, entry in ipairs(entries) do
    local resource = entry[2][2]
    if not seen[resource] then
      seen[resource] = true
      states[#states + 1] = resource
      states[#states + 1] = redis.call('HGET', KEYS[4], resource)
    end
  end
  return entries
end
local waiting = {}
if ARGV[3] ~= '-' then
  return { look_up(redis.call('XRANGE', KEYS[1], '(' .. ARGV[3], '+', 'COUNT', ARGV[4])), waiting, states }
end
redis.call('DEL', KEYS[3])
for i = 6, #ARGV, 2 do
  local most = ARGV[i] == '@bulk' and ARGV[5] or ARGV[4]
  local upto = ARGV[i + 1] == '0' and '+' or redis.call('HGET', KEYS[5], ARGV[i])
  local found = upto and redis.call('XRANGE', KEYS[6 + (i - 6) / 2], '-', upto, 'COUNT', most) or {}
  if #found > 0 then
    waiting[#waiting + 1] = ARGV[i]
    waiting[#waiting + 1] = look_up(found)
  end
end
return { look_up(redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', ARGV[4])), waiting, states }
