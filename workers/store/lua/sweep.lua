-- What a partition has to do that nobody is at.
-- KEYS: inbox, lease, woken, counts, through, bulk inbox, then the waiting inbox of each collection,
--       then per sink: cursor, lease, due, retrying, hold, replay
-- ARGV: time in ms, life of the wake-up mark in ms, number of collections, collections, sinks
-- Returns { "ingest", "" if the inbox waits or covered entries do, "delta", collection, … "dispatch", sink, … "retry", sink, … "replay", sink, … }.
local now, answer, collections = tonumber(ARGV[1]), {}, tonumber(ARGV[3])
local function say(what, name)
  answer[#answer + 1] = what
  answer[#answer + 1] = name
end
local ready = redis.call('XLEN', KEYS[1]) > 0 or redis.call('XLEN', KEYS[6]) > 0
for c = 1, collections do
  local name = ARGV[3 + c]
  local first = redis.call('XRANGE', KEYS[6 + c], '-', '+', 'COUNT', 1)[1]
  if first then
    local upto = redis.call('HGET', KEYS[5], name)
    ready = ready or (upto and #redis.call('XRANGE', KEYS[6 + c], '-', upto, 'COUNT', 1) > 0)
    say('delta', name)
  end
end
if ready and redis.call('EXISTS', KEYS[2]) == 0 and redis.call('SET', KEYS[3], '1', 'NX', 'PX', ARGV[2]) then
  say('ingest', '')
end
local applied = tonumber(redis.call('HGET', KEYS[4], 'applied') or '0')
for s = 4 + collections, #ARGV do
  local at = 7 + collections + (s - 4 - collections) * 6
  local held = tonumber(redis.call('HGET', KEYS[at + 4], 'until') or '0')
  if tonumber(redis.call('GET', KEYS[at]) or '0') < applied and held <= now
    and redis.call('EXISTS', KEYS[at + 1]) == 0 then
    say('dispatch', ARGV[s])
  end
  if redis.call('EXISTS', KEYS[at + 3]) == 0 and redis.call('ZCOUNT', KEYS[at + 2], '-inf', now) > 0 then
    say('retry', ARGV[s])
  end
  local replay = redis.call('HMGET', KEYS[at + 5], 'state', 'due')
  if replay[1] == 'running' and tonumber(replay[2]) <= now and held <= now then say('replay', ARGV[s]) end
end
return answer
