-- End an operator's pause, and let an open breaker probe at once. What the provider asked for still holds.
-- ARGV: account, who, audit detail (JSON)
local account, lane = ARGV[1], lane_key(ARGV[1])
redis.call('HDEL', lane, 'held_until', 'held_reason', 'held_by')
if redis.call('HEXISTS', lane, 'open_until') == 1 then redis.call('HSET', lane, 'open_until', now) end
audit(ARGV[2], 'resume', account, ARGV[3])
look_at_all()
return paused_until(account)
