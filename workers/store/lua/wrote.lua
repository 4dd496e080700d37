-- Replaces an intent by the record of the write.
-- KEYS: the tenant's intents, the writes of the resource
-- ARGV: intent, id of the write, its content, ms for which it is kept
-- A write is "end-in-ms content" under its id; the version of the event it was recognized in lies under "id:by".
local time = redis.call('TIME')
local now, keep = time[1] * 1000 + math.floor(time[2] / 1000), tonumber(ARGV[4])
for _, field in ipairs(redis.call('HKEYS', KEYS[2])) do
  local ends = tonumber(string.match(redis.call('HGET', KEYS[2], field) or '', '^(%d+) '))
  if ends and ends <= now then redis.call('HDEL', KEYS[2], field, field .. ':by') end
end
redis.call('HSET', KEYS[2], ARGV[2], string.format('%d', now + keep) .. ' ' .. ARGV[3])
redis.call('PEXPIRE', KEYS[2], keep)
redis.call('ZREM', KEYS[1], ARGV[1])
