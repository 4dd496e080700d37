-- Whether a job may be put into a queue: not while the message that was sent for it last still lies there, taken by nobody.
-- KEYS: the queue (ids of messages), job -> id of its last message. ARGV: job, id of the message that is to be sent.
local last = redis.call('HGET', KEYS[2], ARGV[1])
if last and redis.call('LPOS', KEYS[1], last) then
  return 0
end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
return 1
