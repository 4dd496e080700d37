-- The sink took something: its breaker is closed and the failures are forgotten.
-- KEYS: breaker     Returns since when it was open (ms), "0" if it was not: only one worker hears that it closed it.
local since = redis.call('HGET', KEYS[1], 'since')
redis.call('DEL', KEYS[1])
return since or '0'
