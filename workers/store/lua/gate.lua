-- The gate: one transaction that turns decided inbox entries into state, events, counters and history.
--
-- KEYS: inbox, state, events, counts, journal, dead
-- An inbox entry id is "milliseconds-number" in the inbox, "collection:milliseconds-number" in a collection's waiting
-- inbox, whose key is that of the inbox, a colon and the collection (same hash tag).
-- ARGV: time in ms, then operations, each: kind, resource, inbox entry id, followed by
--   A (apply):      expected event number of the stored state ("0": none, "@": the one applied just before),
--                   version, "1" for a tombstone else "0", body, event
--   S (superseded): version
--   R (rejected):   reason
-- The state of a resource is "version tombstone event-number body". An inbox entry counts once: an entry that is
-- gone was decided by somebody else, and then nothing is counted or changed for it.
-- Returns { events applied, superseded, rejected, resource whose stored state was not the expected one, … }.
local inbox, state, events, counts, journal, dead = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local applied, superseded, rejected = 0, 0, 0
local conflicts, conflicted, just_applied = {}, {}, {}

-- Removes the entry from the inbox and writes it to the journal. Raw data is kept of what came by webhook, but for people
-- (personal data).
local function decide(reference, decision, number)
  local collection, id = string.match(reference, '^(.*):(.*)$')
  local key = collection and inbox .. ':' .. collection or inbox
  id = id or reference
  local entry = redis.call('XRANGE', key, id, id)[1]
  if not entry then return nil end
  redis.call('XDEL', key, id)
  local f = entry[2]
  local data = f[8] == 'webhook' and string.sub(f[2], 1, 7) ~= 'people/' and f[10] or ''
  redis.call('XADD', journal, '*', 'k', f[2], 'v', f[4], 'd', f[6], 'o', f[8], 'b', data, 'i', id, 'x', decision, 'n', number)
  return f
end

local function number_of(value)
  if not value then return '0' end
  return string.match(value, '^%S+ %d (%d+)')
end

-- A delete of what is deleted already changes nothing, but older updates than it must stay out from now on.
local function raise_tombstone(resource, version)
  local value = redis.call('HGET', state, resource)
  local old, rest = string.match(value or '', '^(%S+)( 1 .*)$')
  if old and version ~= '' and version > old then redis.call('HSET', state, resource, version .. rest) end
end

local i = 2
while i <= #ARGV do
  local kind, resource, id = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  if kind == 'A' then
    local expected, version, tombstone, body, event = ARGV[i + 3], ARGV[i + 4], ARGV[i + 5], ARGV[i + 6], ARGV[i + 7]
    local previous = number_of(redis.call('HGET', state, resource))
    local fits = expected == previous or (expected == '@' and just_applied[resource] == previous)
    if conflicted[resource] or not fits then
      if not conflicted[resource] then conflicts[#conflicts + 1] = resource end
      conflicted[resource] = true
    else
      local number = tostring(tonumber(redis.call('HGET', counts, 'applied') or '0') + 1)
      if decide(id, 'applied', number) then
        redis.call('HINCRBY', counts, 'applied', 1)
        redis.call('XADD', events, number .. '-0', 'k', resource, 'p', previous, 'e', event)
        redis.call('HSET', state, resource, version .. ' ' .. tombstone .. ' ' .. number .. ' ' .. body)
        just_applied[resource] = number
        applied = applied + 1
      end
    end
    i = i + 8
  elseif kind == 'S' then
    local f = not conflicted[resource] and decide(id, 'superseded', '')
    if f then
      superseded = superseded + 1
      if f[6] == '1' then raise_tombstone(resource, ARGV[i + 3]) end
    end
    i = i + 4
  else
    local f = decide(id, 'rejected', '')
    if f then
      redis.call('XADD', dead, '*', 's', '', 'n', '', 'k', resource, 'r', ARGV[i + 3], 'a', '1', 'l', '', 't', ARGV[1],
        'e', f[10], 'v', f[4], 'd', f[6], 'o', f[8])
      rejected = rejected + 1
    end
    i = i + 4
  end
end
if superseded > 0 then redis.call('HINCRBY', counts, 'superseded', superseded) end
if rejected > 0 then redis.call('HINCRBY', counts, 'rejected', rejected) end
return { applied, superseded, rejected, unpack(conflicts) }
