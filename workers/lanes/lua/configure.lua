-- Write down what applies to one lane ("*": to the provider as a whole), and look at it anew.
-- ARGV: account, limits, the limits as text, max_in_flight (0: no cap)
redis.call('HSET', lane_key(ARGV[1]), 'limits', ARGV[2], 'limits_text', ARGV[3], 'max_in_flight', ARGV[4])
if ARGV[1] ~= '*' then look_at_lane(ARGV[1], now) end
