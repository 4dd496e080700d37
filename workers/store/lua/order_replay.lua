-- Orders a replay of one partition to one sink: of what lies behind the sink's cursor, the rest comes live anyway.
-- KEYS: replay, report, cursor, counts, events   ARGV: id, sink, conditions, "1" to overtake else "0", time in ms
-- Returns the number of events to look through (0: the log has none, nothing is ordered), or -1 while another replay is under way.
if redis.call('HGET', KEYS[1], 'state') == 'running' then return -1 end
local last = tonumber(redis.call('GET', KEYS[3]) or '0')
local oldest = redis.call('XRANGE', KEYS[5], '-', '+', 'COUNT', 1)[1]
local first = oldest and tonumber(string.match(oldest[1], '^%d+')) or last + 1
if first > last then return 0 end
redis.call('DEL', KEYS[1], KEYS[2])
redis.call('HSET', KEYS[1], 'id', ARGV[1], 'state', 'running', 'ordered', ARGV[5], 'conditions', ARGV[3], 'force', ARGV[4],
  'first', first, 'next', first, 'last', last, 'start', redis.call('HGET', KEYS[4], 'start:' .. ARGV[2]) or '0',
  'turn', 0, 'due', 0, 'by', '', 'ahead', '', 'tries', '{}', 'away', 0, 'reason', '')
return last - first + 1
