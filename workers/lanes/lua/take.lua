-- Hand out the jobs that may run now, one lane after the other, each with a lease.
-- ARGV: how many at most, how many may lie handed out, lease_us, ahead_us (a permit may be this far away)
-- Returns {next look in us from now or -1, rescue is due (0/1), {account, id, operation, run, fence}, …}, or
-- 'unconfigured': no limits stand here (the state was lost), and without them nothing may go
if redis.call('HEXISTS', lane_key('*'), 'limits') == 0 then return 'unconfigured' end
local most, lying, lease_us, ahead_us = number(ARGV[1]), number(ARGV[2]), number(ARGV[3]), number(ARGV[4])
most = math.min(most, lying - redis.call('ZCARD', K .. ':handed'))
if most <= 0 then redis.call('HSET', lane_key('*'), 'queue_full', 1) end -- the next start wakes a dispatcher

-- The first due job of the highest priority, or the time at which one will be due, or neither.
local function head(account)
  local soonest
  for priority = 9, 0, -1 do
    local first = redis.call('ZRANGE', waiting_key(account, priority), 0, 0, 'WITHSCORES')
    if first[1] then
      local due = number(first[2])
      if due <= now then return id_of(first[1]) end
      soonest = math.min(soonest or due, due)
    end
  end
  return nil, soonest
end

-- One job of the lane, or when to look at it again; neither: not before something changes.
local function next_of(account)
  local lane = lane_key(account)
  local paused = paused_until(account)
  if paused > now then return nil, paused end
  local cap = number(redis.call('HGET', lane, 'max_in_flight'))
  if cap > 0 and number(redis.call('HGET', lane, 'in_flight')) >= cap then return nil, nil end
  local id, soonest = head(account)
  if not id then return nil, soonest end
  -- Handing out is paced by the limits but spends no permit: that happens at the HTTP request. Jobs that have
  -- been handed out and have not asked yet are counted by the pace.
  local permit_at = earliest({account, '*'}, {'permit', 'pace'})
  if permit_at > now + ahead_us then return nil, permit_at - ahead_us end
  spend({account, '*'}, 'pace', permit_at)
  return id
end

-- When the provider as a whole lets one more go. Until then no lane is looked at and none loses its turn.
local function provider_opens()
  return math.max(paused_until('*'), earliest({'*'}, {'permit', 'pace'}) - ahead_us)
end

local taken = {}
local idle = false
while #taken < most and not idle and provider_opens() <= now do
  local lanes = redis.call('ZRANGEBYSCORE', K .. ':lanes', '-inf', now + most, 'LIMIT', 0, most - #taken)
  idle = #lanes == 0
  for _, account in ipairs(lanes) do
    local id, again = next_of(account)
    if id then
      local job = redis.call('HMGET', job_key(account, id), 'operation', 'run')
      take_from_lane(account, id)
      taken[#taken + 1] = {account, id, job[1], number(job[2]), give_lease(account, id, 'handed', lease_us, '')}
      again = now + #taken -- behind every lane that waits for its turn
    elseif again then
      again = math.max(again, now + most + 1) -- not again in this call
    end
    if again then
      redis.call('ZADD', K .. ':lanes', again, account)
    else
      redis.call('ZREM', K .. ':lanes', account)
    end
    if id and provider_opens() > now then break end
  end
end

local look = -1
local function soon(key, not_before)
  local first = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
  if not first[1] then return end
  local at = math.max(number(first[2]), not_before or 0)
  if look < 0 or at < look then look = at end
end
soon(K .. ':handed'); soon(K .. ':running'); soon(K .. ':ends')
local rescue = (look >= 0 and look <= now) and 1 or 0
if most > 0 then soon(K .. ':lanes', provider_opens()) end
return {look < 0 and -1 or math.max(0, look - now), rescue, unpack(taken)}
