-- Takes records of a first load straight through the gate: those of which the store knows nothing become state and event.
-- KEYS: state, events, counts, journal
-- ARGV: origin, when they came ("milliseconds-0"), then per record: resource (each once), version, "1" for a tombstone else
--       "0", body, event
-- Returns the resources that the store knows, which it leaves as they are. The others count as received and applied.
local state, events, counts, journal = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local origin, came = ARGV[1], ARGV[2]
local names, known, states = {}, {}, {}
for i = 3, #ARGV, 5 do names[#names + 1] = ARGV[i] end
local stored = redis.call('HMGET', state, unpack(names))
local first = tonumber(redis.call('HGET', counts, 'applied') or '0')
local last = first
for n, resource in ipairs(names) do
  if stored[n] then
    known[#known + 1] = resource
  else
    local i = 5 * n - 2
    last = last + 1
    local number = tostring(last)
    redis.call('XADD', events, number .. '-0', 'k', resource, 'p', '0', 'e', ARGV[i + 4])
    redis.call('XADD', journal, '*', 'k', resource, 'v', ARGV[i + 1], 'd', '0', 'o', origin, 'b', '', 'i', came,
      'x', 'applied', 'n', number)
    states[#states + 1] = resource
    states[#states + 1] = ARGV[i + 1] .. ' ' .. ARGV[i + 2] .. ' ' .. number .. ' ' .. ARGV[i + 3]
  end
end
if last > first then
  redis.call('HSET', state, unpack(states))
  redis.call('HINCRBY', counts, 'received:' .. origin, last - first)
  redis.call('HINCRBY', counts, 'applied', last - first)
end
return known
