-- Stores a value, if the server is still in the life that it had when the caller began, and the lease is still the caller's.
-- KEYS: key, lease (may be left out)
-- ARGV: run id ('': any), value, lease token
-- Returns 1, 0: it was restarted or replaced, or -1: somebody else has, or had, the lease. Then nothing was stored.
if ARGV[1] ~= '' then
  local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)') or ''
  if run ~= ARGV[1] then return 0 end
end
if KEYS[2] and redis.call('GET', KEYS[2]) ~= ARGV[3] then return -1 end
redis.call('SET', KEYS[1], ARGV[2])
return 1
