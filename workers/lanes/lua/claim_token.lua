-- The right to ask the provider for a log-in's next token: one worker at a time, and not too often.
-- ARGV: log-in, number of the token that is no good (0: none), by whom, which request (unique), hold_us, window_us,
--       at most so many requests in a window
-- Returns {'yours' | 'newer' (another token is there) | 'busy' (somebody else asks) | 'spent' (too many), wait_us}
local token = K .. ':token:' .. ARGV[1]
local requests, window_us = token .. ':requests', number(ARGV[6])
local held = redis.call('HMGET', token, 'number', 'by', 'until')
if number(held[1]) > number(ARGV[2]) then return {'newer', 0} end
if held[2] and held[2] ~= ARGV[3] and number(held[3]) > now then return {'busy', number(held[3]) - now} end

redis.call('ZREMRANGEBYSCORE', requests, '-inf', now - window_us)
if not redis.call('ZSCORE', requests, ARGV[4]) then
  if redis.call('ZCARD', requests) >= number(ARGV[7]) then
    return {'spent', number(redis.call('ZRANGE', requests, 0, 0, 'WITHSCORES')[2]) + window_us - now}
  end
  redis.call('ZADD', requests, now, ARGV[4])
  redis.call('PEXPIRE', requests, math.ceil(window_us / 1000))
end
redis.call('HSET', token, 'by', ARGV[3], 'until', now + number(ARGV[5]))
return {'yours', 0}
