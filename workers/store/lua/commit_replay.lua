-- Notes what became of a batch of a replay, and gives its leases back.
-- KEYS: replay, report, lease, retrying, cursor, counts, deliveries
-- ARGV: lease token, retry lease token, id, turn, sink, time in ms, next, ahead, tries, away, due in ms ("0": go on), reason,
--       delivered, filtered, skipped, failed, first number delivered ("0": none), record, most lines of the report, then lines
-- The ledger is left alone: every one of these events was counted when it was live.
-- Returns { 1 if it was noted, 0 when the replay was cancelled or somebody else went on with it, events behind the cursor }.
local replay, report, counts, sink = KEYS[1], KEYS[2], KEYS[6], ARGV[5]
for i = 1, 2 do
  if redis.call('GET', KEYS[2 + i]) == ARGV[i] then redis.call('DEL', KEYS[2 + i]) end
end
local left = tonumber(redis.call('HGET', counts, 'applied') or '0') - tonumber(redis.call('GET', KEYS[5]) or '0')
-- What a cancelled replay has delivered is noted still; its counters are in nobody's way.
if ARGV[18] ~= '' then redis.call('XADD', KEYS[7], '*', 'r', ARGV[18]) end
local first, start = tonumber(ARGV[17]), tonumber(redis.call('HGET', counts, 'start:' .. sink) or '0')
if first > 0 and first <= start then redis.call('HSET', counts, 'start:' .. sink, first - 1) end
local now = redis.call('HMGET', replay, 'id', 'turn', 'state', 'last')
if now[1] ~= ARGV[3] or now[2] ~= ARGV[4] then return { 0, left } end
for i, name in ipairs({ 'delivered', 'filtered', 'skipped', 'failed' }) do
  if ARGV[12 + i] ~= '0' then redis.call('HINCRBY', replay, name, ARGV[12 + i]) end
end
for i = 20, #ARGV do
  if redis.call('LLEN', report) < tonumber(ARGV[19]) then redis.call('RPUSH', report, ARGV[i]) end
end
redis.call('HSET', replay, 'turn', now[2] + 1, 'next', ARGV[7], 'ahead', ARGV[8], 'tries', ARGV[9], 'away', ARGV[10],
  'reason', ARGV[12])
if ARGV[11] ~= '0' then redis.call('HSET', replay, 'due', ARGV[11], 'by', '') end
if tonumber(ARGV[7]) > tonumber(now[4]) and now[3] == 'running' then
  redis.call('HSET', replay, 'state', 'done', 'ended', ARGV[6])
end
return { 1, left }
