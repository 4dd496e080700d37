-- Reads the next events of a replay, and takes the lease of the sink's lane for them: what is live and what is replayed
-- never goes out side by side. Where resources are parked, the lease of the retries is taken as well.
-- KEYS: replay, lease, retrying, cursor, counts, hold, parked, events, state
-- ARGV: lease token, retry lease token, life of the leases in ms, worker, most events, time in ms, how long the worker's
--       claim to the replay stands in ms
-- Returns false when there is nothing to do here (it is over, waits for its time, or another worker is at it);
--         1 when live traffic or a retry goes first;
--         else { id, turn, next, last, start, cursor, conditions, force, ahead, tries, away,
--                { number, resource, event, parked numbers of the resource, number of its newest event }, … }.
local f = {}
local flat = redis.call('HGETALL', KEYS[1])
for i = 1, #flat, 2 do f[flat[i]] = flat[i + 1] end
local now = tonumber(ARGV[6])
if f.state ~= 'running' or (tonumber(f.due) > now and f.by ~= ARGV[4]) then return false end
if tonumber(redis.call('HGET', KEYS[6], 'until') or '0') > now then return false end
redis.call('HSET', KEYS[1], 'by', ARGV[4], 'due', now + tonumber(ARGV[7]))
local cursor = redis.call('GET', KEYS[4]) or '0'
if redis.call('EXISTS', KEYS[2]) == 1 then return 1 end
if tonumber(redis.call('HGET', KEYS[5], 'applied') or '0') > tonumber(cursor) then return 1 end
local parked = redis.call('HLEN', KEYS[7]) > 0
if parked and redis.call('EXISTS', KEYS[3]) == 1 then return 1 end
local found = redis.call('XRANGE', KEYS[8], f.next .. '-0', f.last .. '-0', 'COUNT', ARGV[5])
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[3])
if parked then redis.call('SET', KEYS[3], ARGV[2], 'PX', ARGV[3]) end
local answer = { f.id, f.turn, f.next, f.last, f.start, cursor, f.conditions, f.force, f.ahead, f.tries, f.away }
for _, entry in ipairs(found) do
  local resource = entry[2][2]
  local waiting = parked and redis.call('HGET', KEYS[7], resource) or ''
  local state = redis.call('HGET', KEYS[9], resource) or ''
  answer[#answer + 1] = { string.match(entry[1], '^%d+'), resource, entry[2][6],
    string.match(waiting or '', '^%d+ %d+ (.+)$') or '', string.match(state, '^%S+ %d (%d+)') or '0' }
end
return answer
