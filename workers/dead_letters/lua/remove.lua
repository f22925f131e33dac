-- Remove a dead letter, unless the same message has died again meanwhile. 1: removed; 0: not.
-- KEYS: the index P:dead. ARGV: name, the died_at that was seen
local dead = KEYS[1] .. ':' .. ARGV[1]
if redis.call('HGET', dead, 'died_at') ~= ARGV[2] then return 0 end
redis.call('DEL', dead)
redis.call('ZREM', KEYS[1], ARGV[1])
return 1
