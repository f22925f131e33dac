-- The right to send one HTTP request, under every limit that applies: all of them or none.
-- ARGV: account, id, fence, runner, which request of this lease (1, 2, …), it changes something (0/1),
--       ahead_us (a permit may lie this far ahead), lease_us
-- Returns {'go' | 'timed' | 'limited' | 'paused' | 'expired' | 'lost', wait_us}; timed: under a limit, so that it
-- holds for its moment only
local account, id = ARGV[1], ARGV[2]
local ahead_us, lease_us = number(ARGV[7]), number(ARGV[8])
local job = job_key(account, id)
local held = redis.call('HMGET', job, 'fence', 'state', 'runner', 'asked', 'permit_at', 'expires_at', 'operation', 'probe')
local lease_ends = number(redis.call('ZSCORE', K .. ':running', account .. '/' .. id) or '')
if held[1] ~= ARGV[3] or held[2] ~= 'running' or held[3] ~= ARGV[4] or lease_ends <= now then return {'lost', 0} end

-- The client repeats a command whose answer it lost: the same permit, not a second one.
if number(held[4]) >= number(ARGV[5]) then return {'timed', math.max(0, number(held[5]) - now)} end

local paused = math.max(paused_until(account), paused_until('*'))
if paused > now then return {'paused', paused - now} end
-- The breaker opened since the job was handed out: what has sent nothing yet goes back.
if open_until(account) > 0 and number(held[8]) == 0 and number(held[4]) == 0 then return {'paused', 0} end
local limits = read_limits(limited_by(account, held[7]), {'permit'})
local at = earliest(limits)
if number(held[6]) > 0 and number(held[6]) <= at then return {'expired', 0} end
if at > now + ahead_us then
  redis.call('ZADD', K .. ':running', now + lease_us, account .. '/' .. id) -- who asks is alive, and may wait
  return {'limited', at - now}
end

spend(limits, 'permit', at)
redis.call('HSET', job, 'asked', ARGV[5], 'permit_at', at)
if ARGV[6] == '1' then redis.call('HSET', job, 'changed', 1, 'changed_at', at) end
redis.call('ZADD', K .. ':running', at + lease_us, account .. '/' .. id)
return {#limits > 0 and 'timed' or 'go', at - now}
