-- Hands a dead letter back: an event to the retries of its sink (in the order of the log), a rejected change to the inbox.
-- What the log does not hold any more is kept until it is delivered.
-- KEYS: dead, counts, parked, due, inbox, woken, events, kept   ARGV: entry id of the dead letter, time in ms
-- Returns 1, or 0 when there is no such letter, or nobody has its event any more.
local entry = redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1])[1]
if not entry then return 0 end
local f = {}
for i = 1, #entry[2], 2 do f[entry[2][i]] = entry[2][i + 1] end
if f.s == '' then
  redis.call('XADD', KEYS[5], '*', 'k', f.k, 'v', f.v, 'd', f.d, 'o', f.o, 'b', f.e)
  redis.call('HINCRBY', KEYS[2], 'rejected', -1)
  redis.call('SET', KEYS[6], '1', 'PX', 1000)
else
  if #redis.call('XRANGE', KEYS[7], f.n .. '-0', f.n .. '-0') == 0 then
    if f.e == '' then return 0 end
    redis.call('HSET', KEYS[8], f.n, f.e)
  end
  local numbers = { tonumber(f.n) }
  local waiting = redis.call('HGET', KEYS[3], f.k)
  for number in string.gmatch(string.match(waiting or '', '^%d+ %d+ (.+)$') or '', '%d+') do
    numbers[#numbers + 1] = tonumber(number)
  end
  table.sort(numbers)
  redis.call('HSET', KEYS[3], f.k, '0 ' .. ARGV[2] .. ' ' .. table.concat(numbers, ','))
  redis.call('ZADD', KEYS[4], ARGV[2], f.k)
  redis.call('HINCRBY', KEYS[2], 'dead:' .. f.s, -1)
  redis.call('HINCRBY', KEYS[2], 'parked:' .. f.s, 1)
end
redis.call('XDEL', KEYS[1], ARGV[1])
return 1
