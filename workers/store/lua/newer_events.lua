-- The newest events of one resource that a sink's cursor has passed, those parked at it left out.
-- KEYS: events, state, parked   ARGV: resource, number above which to look, cursor, most steps
-- Returns { 1 if the look came to its end else 0, number, event, … }, newest first.
local above, cursor, steps = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local waiting = {}
for number in string.gmatch(string.match(redis.call('HGET', KEYS[3], ARGV[1]) or '', '^%d+ %d+ (.+)$') or '', '%d+') do
  waiting[tonumber(number)] = true
end
local number = tonumber(string.match(redis.call('HGET', KEYS[2], ARGV[1]) or '', '^%S+ %d (%d+)') or '0')
local answer = { 1 }
while number > above do
  if steps == 0 then
    answer[1] = 0
    break
  end
  steps = steps - 1
  local entry = redis.call('XRANGE', KEYS[1], number .. '-0', number .. '-0')[1]
  if not entry then break end
  if number <= cursor and not waiting[number] then
    answer[#answer + 1] = tostring(number)
    answer[#answer + 1] = entry[2][6]
  end
  number = tonumber(entry[2][4])
end
return answer
