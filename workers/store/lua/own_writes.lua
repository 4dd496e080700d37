-- What is known of our own writes, all at one moment.
-- KEYS: the tenant's intents, the writes of each resource in question
-- Returns { { open intent, … }, { id, content, version it was recognized in or "", … } in the order they were written, … }.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local answer = { redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. string.format('%d', now), '+inf') }
for k = 2, #KEYS do
  local all, writes = redis.call('HGETALL', KEYS[k]), {}
  local by = {}
  for i = 1, #all, 2 do
    local ends, content = string.match(all[i + 1], '^(%d+) (.*)$')
    if ends and tonumber(ends) > now then
      writes[#writes + 1] = { tonumber(ends), all[i], content }
    else
      by[all[i]] = all[i + 1]
    end
  end
  table.sort(writes, function(a, b) return a[1] < b[1] end)
  local row = {}
  for _, write in ipairs(writes) do
    row[#row + 1] = write[2]
    row[#row + 1] = write[3]
    row[#row + 1] = by[write[2] .. ':by'] or ''
  end
  answer[k] = row
end
return answer
