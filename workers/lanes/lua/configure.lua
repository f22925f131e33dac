-- Write down what applies to one lane ("*": to the provider as a whole), and look at it anew if jobs wait there.
-- ARGV: account, limits, the limits as text, max_in_flight (0: no cap)
local account = ARGV[1]
redis.call('HSET', lane_key(account), 'limits', ARGV[2], 'limits_text', ARGV[3], 'max_in_flight', ARGV[4])
for priority = 0, 9 do
  if redis.call('EXISTS', waiting_key(account, priority)) == 1 then look_at_lane(account, now) end
end
