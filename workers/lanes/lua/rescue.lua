-- Return leases that ran out. Never started: the job keeps its place and nothing is spent. Started: it may have
-- been sent, so the attempt counts, and a request that changes something must be looked for first.
-- A job that lost its worker so often that it may be the reason is not handed out again, but left to be answered.
-- ARGV: how many at most, what the history says of it, how many lost workers are too many.
-- Returns {never started, started}
local most, too_many = number(ARGV[1]), number(ARGV[3])

local function expired(state)
  return redis.call('ZRANGEBYSCORE', K .. ':' .. state, '-inf', now, 'LIMIT', 0, most)
end

local handed, running = expired('handed'), expired('running')
for _, member in ipairs(handed) do
  local account, id = split(member)
  put_unbegun_back(account, id)
end
for _, member in ipairs(running) do
  local account, id = split(member)
  local job = job_key(account, id)
  local held = redis.call('HMGET', job, 'asked', 'changed', 'changed_at', 'run', 'attempts', 'attempt_at')
  if number(held[1]) > 0 then
    add_history(job, cjson.encode({
      run = number(held[4]), number = number(held[5]) + 1, started_at = number(held[6]) / 1e6,
      outcome = 'Unknown', requests = number(held[1]), message = ARGV[2]}))
    redis.call('HINCRBY', job, 'attempts', 1)
    redis.call('HINCRBY', job, 'requests', held[1])
  end
  if number(held[2]) > 0 then
    redis.call('HSET', job, 'look', 1, 'looks', 0, 'unknown_since', held[3])
  end
  redis.call('HDEL', job, 'progress')
  local poison = redis.call('HINCRBY', job, 'rescues', 1) >= too_many
  end_lease(account, id)
  put_in_lane(account, id, poison and now + 3600 * 1000000 or now)
  if poison then redis.call('ZADD', K .. ':ends', now, member) end
end
return {#handed, #running}
