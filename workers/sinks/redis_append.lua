-- Appends events to streams, each at most once, in the order given.
--
-- KEYS: for each destination, its stream and the sorted set of the event ids that were appended (by Unix seconds).
-- ARGV: seconds for which an id is remembered, length to trim to ("" = never), then for each event:
--   number of its destination, its resource, then the values of the entry: id, type, source, subject, partition key, event.
-- Returns for each event "" (it is in the stream), "held", or what the append was answered.

local remember, length = tonumber(ARGV[1]), ARGV[2]
local now = tonumber(redis.call('TIME')[1])

-- Who deletes the stream wants its events anew.
local function begin(stream, ids)
  if redis.call('EXISTS', stream) == 0 and redis.call('EXISTS', ids) == 1 then
    redis.call('DEL', ids)
  end
end

-- At the end: a script that has written something is no longer refused by a server that is full. And bounded, for a long
-- silence may leave many.
local function forget(ids)
  local old = redis.call('ZRANGEBYSCORE', ids, '-inf', '(' .. (now - remember), 'LIMIT', 0, 2000)
  if #old > 0 then
    redis.call('ZREM', ids, unpack(old))
  end
end

local function append(stream, ids, first)
  local appended = redis.call('ZSCORE', ids, ARGV[first])
  if appended and tonumber(appended) >= now - remember then
    return ''
  end
  local command = { 'XADD', stream }
  if length ~= '' then
    for _, word in ipairs({ 'MAXLEN', '~', length }) do
      command[#command + 1] = word
    end
  end
  command[#command + 1] = '*'
  for i, name in ipairs({ 'id', 'type', 'source', 'subject', 'partitionkey', 'event' }) do
    command[#command + 1] = name
    command[#command + 1] = ARGV[first + i - 1]
  end
  local answer = redis.pcall(unpack(command))
  if type(answer) == 'table' and answer.err then
    return answer.err
  end
  redis.call('ZADD', ids, now, ARGV[first])
  redis.call('EXPIRE', ids, remember)
  return ''
end

for i = 1, #KEYS, 2 do
  begin(KEYS[i], KEYS[i + 1])
end
local answers, broken = {}, {}
for at = 3, #ARGV, 8 do
  local destination, resource = 2 * tonumber(ARGV[at]) - 1, ARGV[at + 1]
  local answer = broken[resource] and 'held' or append(KEYS[destination], KEYS[destination + 1], at + 2)
  if answer ~= '' then
    broken[resource] = true
  end
  answers[#answers + 1] = answer
end
for i = 2, #KEYS, 2 do
  forget(KEYS[i])
end
return answers
