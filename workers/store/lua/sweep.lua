-- What a partition has to do that nobody is at.
-- KEYS: inbox, lease, woken, counts, through, bulk inbox, then the waiting inbox of each collection,
--       then per sink: cursor, lease, due, retrying, hold, replay
-- ARGV: time in ms, life of the wake-up mark in ms, life of a lease in ms, number of collections,
--       then per collection: its name, "1" if its entries wait for a delta pull else "0" (others of before it was kept
--       without a delta go on at once), then per sink: its name, the longest that anything of it waits in ms
-- What ends later than the longest wait from now was noted before the clock was set back: it ends now, and a lease or mark
-- gets the life it would have been given now, which whoever is alive prolongs.
-- Returns { "ingest", "" if the inbox waits or covered entries do, "delta", collection, … "dispatch", sink, … "retry", sink, … "replay", sink, … }.
local now, answer, collections = tonumber(ARGV[1]), {}, tonumber(ARGV[4])
local function say(what, name)
  answer[#answer + 1] = what
  answer[#answer + 1] = name
end
local function free(key, life)
  local left = redis.call('PTTL', key)
  if left > tonumber(life) then redis.call('PEXPIRE', key, life) end
  return left == -2
end
local ready = redis.call('XLEN', KEYS[1]) > 0 or redis.call('XLEN', KEYS[6]) > 0
for c = 1, collections do
  local name, waits = ARGV[3 + 2 * c], ARGV[4 + 2 * c] == '1'
  local first = redis.call('XRANGE', KEYS[6 + c], '-', '+', 'COUNT', 1)[1]
  if first then
    local upto = redis.call('HGET', KEYS[5], name)
    ready = ready or not waits or (upto and #redis.call('XRANGE', KEYS[6 + c], '-', upto, 'COUNT', 1) > 0)
    if waits then say('delta', name) end
  end
end
if ready and free(KEYS[2], ARGV[3]) and free(KEYS[3], ARGV[2]) then
  redis.call('SET', KEYS[3], '1', 'PX', ARGV[2])
  say('ingest', '')
end
local applied = tonumber(redis.call('HGET', KEYS[4], 'applied') or '0')
local at = 7 + collections
for s = 5 + 2 * collections, #ARGV, 2 do
  local name, latest = ARGV[s], now + tonumber(ARGV[s + 1])
  local cursor, lease, due, retrying, hold, replay = unpack(KEYS, at, at + 5)
  at = at + 6
  local held = tonumber(redis.call('HGET', hold, 'until') or '0')
  if held > latest then redis.call('HSET', hold, 'until', ARGV[1]) held = now end
  if tonumber(redis.call('GET', cursor) or '0') < applied and held <= now and free(lease, ARGV[3]) then
    say('dispatch', name)
  end
  for _, resource in ipairs(redis.call('ZRANGEBYSCORE', due, '(' .. string.format('%d', latest), '+inf', 'LIMIT', 0, 1000)) do
    redis.call('ZADD', due, ARGV[1], resource)
  end
  if redis.call('ZCOUNT', due, '-inf', now) > 0 and free(retrying, ARGV[3]) then say('retry', name) end
  local state, again = unpack(redis.call('HMGET', replay, 'state', 'due'))
  if state == 'running' and tonumber(again) > latest then redis.call('HSET', replay, 'due', ARGV[1]) again = ARGV[1] end
  if state == 'running' and tonumber(again) <= now and held <= now then say('replay', name) end
end
return answer
