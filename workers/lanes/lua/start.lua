-- Confirm a lease: the job is this runner's now. Nothing is returned where the lease has gone to somebody else.
-- ARGV: account, id, fence, runner (unique for each delivery), lease_us
local account, id, fence, runner = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local job = job_key(account, id)
local held = redis.call('HMGET', job, 'fence', 'state', 'runner')
if held[1] ~= fence then return false end
if held[2] == 'handed' then
  redis.call('HSET', job, 'state', 'running', 'runner', runner, 'attempt_at', now)
  redis.call('HSETNX', job, 'started_at', now)
  redis.call('ZREM', K .. ':handed', account .. '/' .. id)
  redis.call('ZADD', K .. ':running', now + number(ARGV[5]), account .. '/' .. id)
  if redis.call('HDEL', lane_key('*'), 'queue_full') == 1 then wake() end
elseif held[2] ~= 'running' or held[3] ~= runner then
  return false
end
return record(account, id)
