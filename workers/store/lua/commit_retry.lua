-- What became of the first waiting events of one parked resource.
-- KEYS: parked, due, counts, dead, deliveries, events, sealed, kept
-- ARGV: sink, resource, number of the first waiting event, settled (how many from the front), attempts so far of the
--       next one, due in ms, record, time in ms, reason ("": none; else what comes after the settled ones is a dead letter), error,
--       how many of the settled ones count as filtered, how many events would be dead letters,
--       since when (ms) those behind a dead letter have waited ("0": since now)
-- Returns 1: done, 0: the resource does not wait any more, or another event stands first: nothing was done.
local parked, due, counts = KEYS[1], KEYS[2], KEYS[3]
local sink, resource, delivered = ARGV[1], ARGV[2], tonumber(ARGV[4])
local filtered, dying = tonumber(ARGV[11]), ARGV[9] ~= '' and tonumber(ARGV[12]) or 0
local waiting = redis.call('HGET', parked, resource)
local since, numbers = string.match(waiting or '', '^%d+ (%d+) (.+)$')
if not numbers or string.match(numbers, '^%d+') ~= ARGV[3] then return 0 end
local left, n, gone = {}, 0, delivered + dying
local keeps = redis.call('EXISTS', KEYS[8]) == 1
for number in string.gmatch(numbers, '%d+') do
  n = n + 1
  if n > delivered and n <= gone then
    local entry = redis.call('XRANGE', KEYS[6], number .. '-0', number .. '-0')[1]
    redis.call('XADD', KEYS[4], '*', 's', sink, 'n', number, 'k', resource, 'r', ARGV[9], 'a', ARGV[5], 'l', ARGV[10],
      't', ARGV[8], 'e', entry and entry[2][6] or redis.call('HGET', KEYS[8], number) or '')
    redis.call('HINCRBY', counts, 'dead:' .. sink, 1)
  elseif n > delivered then
    left[#left + 1] = number
  end
  if keeps and n <= gone then redis.call('HDEL', KEYS[8], number) end
end
if delivered > filtered then redis.call('HINCRBY', counts, 'delivered:' .. sink, delivered - filtered) end
if filtered > 0 then redis.call('HINCRBY', counts, 'filtered:' .. sink, filtered) end
if gone > 0 then
  redis.call('HINCRBY', counts, 'parked:' .. sink, -gone)
  redis.call('HDEL', KEYS[7], resource)
end
if #left == 0 then
  redis.call('HDEL', parked, resource)
  redis.call('ZREM', due, resource)
else
  local attempts = ARGV[9] ~= '' and '0' or ARGV[5]
  if gone > 0 then since = ARGV[13] ~= '0' and ARGV[13] or ARGV[8] end
  redis.call('HSET', parked, resource, attempts .. ' ' .. since .. ' ' .. table.concat(left, ','))
  redis.call('ZADD', due, ARGV[6], resource)
end
if ARGV[7] ~= '' then redis.call('XADD', KEYS[5], '*', 'r', ARGV[7]) end
return 1
