-- Stores a value, if the server is still in the life that it had when the caller began.
-- KEYS: key
-- ARGV: run id, value
-- Returns 1, or 0: it was restarted or replaced, and nothing was stored.
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)') or ''
if run ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
return 1
