-- The gate: one transaction that turns decided inbox entries into state, events, counters and history.
--
-- KEYS: inbox, state, events, counts, journal, dead, rejected (resource → version that was rejected last, time in ms)
-- An inbox entry id is "milliseconds-number" in the inbox, "collection:milliseconds-number" in a collection's waiting
-- inbox, whose key is that of the inbox, a colon and the collection (same hash tag).
-- ARGV: time in ms, then operations, each: kind, resource, inbox entry id, channel, "1" for a delete else "0", version as
--       it came, followed by
--   A (apply):      expected event number of the stored state ("0": none, "@": the one applied just before),
--                   version, "1" for a tombstone else "0", body, event
--   K (known):      expected event number; it tells of the stored state, which gets this version unless it is ''
--   S (superseded): nothing
--   R (rejected):   reason, what may be kept of a person
-- The state of a resource is "version tombstone event-number body". An inbox entry counts once: an entry that is
-- gone was decided by somebody else, and then nothing is counted or changed for it.
-- Returns { events applied, superseded, rejected, resource whose stored state was not the expected one, … }.
local inbox, state, events, counts, journal, dead, refused = unpack(KEYS)
local applied, superseded, rejected = 0, 0, 0
local conflicts, conflicted, just_applied = {}, {}, {}

-- Raw data of people is never kept: it holds what may not be stored.
local function is_person(key)
  return string.sub(key, 1, 7) == 'people/'
end

-- Removes the entry of the operation at `at` from the inbox and writes it to the journal, with the raw data of what came by
-- webhook: only that, and what is rejected, is looked up. Returns nothing when the entry is gone, else its raw data
-- ('' when it was not looked up), "1" for a delete, and its version.
local function decide(at, decision, number)
  local resource, reference, channel, deleted, version = ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4], ARGV[at + 5]
  local collection, id = string.match(reference, '^(.*):(.*)$')
  local key = collection and inbox .. ':' .. collection or inbox
  id = id or reference
  local data = ''
  if channel == 'webhook' or decision == 'rejected' then
    local entry = redis.call('XRANGE', key, id, id)[1]
    if not entry then return nil end
    version, deleted, data = entry[2][4], entry[2][6], entry[2][10]
  end
  if redis.call('XDEL', key, id) == 0 then return nil end
  local kept = channel == 'webhook' and not is_person(resource) and data or ''
  redis.call('XADD', journal, '*', 'k', resource, 'v', version, 'd', deleted, 'o', channel, 'b', kept, 'i', id,
    'x', decision, 'n', number)
  return data, deleted, version
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

-- The event number of the stored state, if an operation was worked out from that state; notes the conflict if it was not.
local function fits(resource, expected)
  local previous = number_of(redis.call('HGET', state, resource))
  if not conflicted[resource] and (expected == previous or (expected == '@' and just_applied[resource] == previous)) then
    return previous
  end
  if not conflicted[resource] then conflicts[#conflicts + 1] = resource end
  conflicted[resource] = true
end

local any_refused = redis.call('EXISTS', refused) == 1
local last = tonumber(redis.call('HGET', counts, 'applied') or '0')
local i = 2
while i <= #ARGV do
  local kind, resource = ARGV[i], ARGV[i + 1]
  if kind == 'A' then
    local expected, version, tombstone, body, event = ARGV[i + 6], ARGV[i + 7], ARGV[i + 8], ARGV[i + 9], ARGV[i + 10]
    local previous = fits(resource, expected)
    if previous then
      local number = tostring(last + 1)
      if decide(i, 'applied', number) then
        last = last + 1
        redis.call('XADD', events, number .. '-0', 'k', resource, 'p', previous, 'e', event)
        if any_refused then redis.call('HDEL', refused, resource) end
        redis.call('HSET', state, resource, version .. ' ' .. tombstone .. ' ' .. number .. ' ' .. body)
        just_applied[resource] = number
        applied = applied + 1
      end
    end
    i = i + 11
  elseif kind == 'K' then
    if fits(resource, ARGV[i + 6]) and decide(i, 'superseded', '') then
      superseded = superseded + 1
      local rest = string.match(redis.call('HGET', state, resource) or '', '^%S+( .*)$')
      if rest and ARGV[i + 5] ~= '' then redis.call('HSET', state, resource, ARGV[i + 5] .. rest) end
    end
    i = i + 7
  elseif kind == 'S' then
    local data, deleted
    if not conflicted[resource] then data, deleted = decide(i, 'superseded', '') end
    if data then
      superseded = superseded + 1
      if deleted == '1' then raise_tombstone(resource, ARGV[i + 5]) end
    end
    i = i + 6
  else
    local data, deleted, version = decide(i, 'rejected', '')
    if data then
      if is_person(resource) then data = ARGV[i + 7] end
      redis.call('XADD', dead, '*', 's', '', 'n', '', 'k', resource, 'r', ARGV[i + 6], 'a', '1', 'l', '', 't', ARGV[1],
        'e', data, 'v', version, 'd', deleted, 'o', ARGV[i + 3])
      if string.sub(resource, -2) ~= '/-' then redis.call('HSET', refused, resource, version .. ' ' .. ARGV[1]) end
      rejected = rejected + 1
    end
    i = i + 8
  end
end
if applied > 0 then redis.call('HINCRBY', counts, 'applied', applied) end
if superseded > 0 then redis.call('HINCRBY', counts, 'superseded', superseded) end
if rejected > 0 then redis.call('HINCRBY', counts, 'rejected', rejected) end
return { applied, superseded, rejected, unpack(conflicts) }
