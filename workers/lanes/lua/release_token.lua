-- End a claim: with the token it brought, or without. A request that was never sent does not count.
-- ARGV: log-in, by whom, the sealed token (nothing: none came), which request was never sent (nothing: it was)
local token = K .. ':token:' .. ARGV[1]
if redis.call('HGET', token, 'by') ~= ARGV[2] then return 0 end
redis.call('HDEL', token, 'by', 'until')
if ARGV[3] ~= '' then
  redis.call('HSET', token, 'sealed', ARGV[3])
  redis.call('HINCRBY', token, 'number', 1)
end
if ARGV[4] ~= '' then redis.call('ZREM', token .. ':requests', ARGV[4]) end
return 1
