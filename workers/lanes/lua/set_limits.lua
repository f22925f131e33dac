-- An operator's limits for a lane, from now on and through every restart, or back to the configured ones.
-- ARGV: account, limits ('': as configured), the limits as text, who, audit detail (JSON)
local account, lane = ARGV[1], lane_key(ARGV[1])
if ARGV[2] == '' then
  local configured = redis.call('HMGET', lane, 'configured', 'configured_text')
  redis.call('HSET', lane, 'limits', configured[1] or '', 'limits_text', configured[2] or '')
  redis.call('HDEL', lane, 'ordered_by')
else
  redis.call('HSET', lane, 'limits', ARGV[2], 'limits_text', ARGV[3], 'ordered_by', ARGV[4])
end
redis.call('HDEL', lane, 'share', 'share_at')
audit(ARGV[4], 'limit', account, ARGV[5])
look_at_all()
