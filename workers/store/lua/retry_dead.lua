-- Hands a dead letter back: an event to the retries of its sink (in the order of the log), a rejected change to the inbox.
-- What the log does not hold any more is kept until it is delivered.
-- KEYS: dead, counts, parked, due, inbox, woken, events, kept, state, cursor, lease, retrying
-- ARGV: entry id of the dead letter, time in ms, newer events of its resource behind which it may go, "number,number,…,"
--       ("*": behind any), most steps of the look for these, "1" to do it, "0" to say only what would become of it
-- Returns 1, or 0 when there is no such letter, or nobody has its event any more; -1 while an event of its resource may be on
-- its way to the sink at this moment;
-- else { 1 if the look came to its end else 0, number, event ("": the log has lost it), … }, newest first: newer events of
-- its resource that the sink's cursor has passed and that do not wait for a retry.
local entry = redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1])[1]
if not entry then return 0 end
local f = {}
for i = 1, #entry[2], 2 do f[entry[2][i]] = entry[2][i + 1] end
if f.s ~= '' and f.e == '' and #redis.call('XRANGE', KEYS[7], f.n .. '-0', f.n .. '-0') == 0 then return 0 end

local waiting = redis.call('HGET', KEYS[3], f.k)
local numbers, waits = {}, {}
for number in string.gmatch(string.match(waiting or '', '^%d+ %d+ (.+)$') or '', '%d+') do
  numbers[#numbers + 1] = tonumber(number)
  waits[tonumber(number)] = true
end

-- The newer events behind which it would go, and whether it must go behind none of them without being told so.
local function newer()
  local found, refused, on_the_way = { 1 }, false, waiting and redis.call('EXISTS', KEYS[12]) == 1
  local cursor, steps = tonumber(redis.call('GET', KEYS[10]) or '0'), tonumber(ARGV[4])
  local number = tonumber(string.match(redis.call('HGET', KEYS[9], f.k) or '', '^%S+ %d (%d+)') or '0')
  while number > tonumber(f.n) do
    if steps == 0 then
      found[1] = 0
      break
    end
    steps = steps - 1
    local event = redis.call('XRANGE', KEYS[7], number .. '-0', number .. '-0')[1]
    if number > cursor then
      on_the_way = on_the_way or redis.call('EXISTS', KEYS[11]) == 1
    elseif not waits[number] then
      found[#found + 1] = tostring(number)
      found[#found + 1] = event and event[2][6] or ''
      refused = refused or not string.find(',' .. ARGV[3], ',' .. number .. ',', 1, true)
    end
    if not event then break end
    number = tonumber(event[2][4])
  end
  return found, refused or found[1] == 0, on_the_way
end

if f.s ~= '' and ARGV[3] ~= '*' then
  local found, refused, on_the_way = newer()
  if on_the_way then return -1 end
  if refused then return found end
end
if ARGV[5] ~= '1' then return 1 end

if f.s == '' then
  redis.call('XADD', KEYS[5], '*', 'k', f.k, 'v', f.v, 'd', f.d, 'o', f.o, 'b', f.e)
  redis.call('HINCRBY', KEYS[2], 'rejected', -1)
  redis.call('SET', KEYS[6], '1', 'PX', 1000)
else
  if #redis.call('XRANGE', KEYS[7], f.n .. '-0', f.n .. '-0') == 0 then redis.call('HSET', KEYS[8], f.n, f.e) end
  numbers[#numbers + 1] = tonumber(f.n)
  table.sort(numbers)
  redis.call('HSET', KEYS[3], f.k, '0 ' .. ARGV[2] .. ' ' .. table.concat(numbers, ','))
  redis.call('ZADD', KEYS[4], ARGV[2], f.k)
  redis.call('HINCRBY', KEYS[2], 'dead:' .. f.s, -1)
  redis.call('HINCRBY', KEYS[2], 'parked:' .. f.s, 1)
end
redis.call('XDEL', KEYS[1], ARGV[1])
return 1
