-- Hand out the jobs that may run now, one lane after the other, each with a lease.
-- ARGV: how many at most, how many may lie handed out, lease_us, ahead_us (a permit may be this far away)
-- Returns {next look in us from now or -1, rescue is due (0/1), {account, id, operation, run, fence}, …}, or
-- 'unconfigured': no limits stand here (the state was lost), and without them nothing may go
if redis.call('HEXISTS', lane_key('*'), 'limits') == 0 then return 'unconfigured' end
local most, lying, lease_us, ahead_us = number(ARGV[1]), number(ARGV[2]), number(ARGV[3]), number(ARGV[4])
most = math.min(most, lying - redis.call('ZCARD', K .. ':handed'))
if most <= 0 then redis.call('HSET', lane_key('*'), 'queue_full', 1) end -- the next start wakes a dispatcher

-- Ageing: of so many jobs that a lane hands out, one is the longest due of those due for over AGED_US, whatever its
-- priority. So priority 0 moves, and a flood of it takes no more than that share.
local EACH, AGED_US = 10, 60 * 1000000
local NEVER = math.huge

-- The first due job of the highest priority, or nothing; and the time at which another may come before it, if any.
local function head(account, aged)
  local soonest, oldest, oldest_due
  for priority = 9, 0, -1 do
    local first = redis.call('ZRANGE', waiting_key(account, priority), 0, 0, 'WITHSCORES')
    if first[1] then
      local due = number(first[2])
      if due <= now and not aged then return id_of(first[1]), soonest end
      if due <= now and due < (oldest_due or NEVER) and (not oldest or due < now - AGED_US) then
        oldest, oldest_due = id_of(first[1]), due
      end
      if due > now then soonest = math.min(soonest or due, due) end
    end
  end
  return oldest, soonest
end

-- One job of the lane, or when to look at it again; neither: not before something changes.
local function next_of(account)
  local lane = lane_key(account)
  local paused = math.max(paused_until(account), open_until(account))
  if paused > now then return nil, paused end
  local held = redis.call('HMGET', lane, 'max_in_flight', 'in_flight', 'open_until', 'handed_out')
  local cap, in_flight, probe = number(held[1]), number(held[2]), held[3] and true
  if cap > 0 and in_flight >= cap then return nil, nil end
  if probe and in_flight > 0 then return nil, nil end -- one probe at a time
  local id, soonest = head(account, number(held[4]) % EACH == EACH - 1)
  if not id then return nil, soonest end
  -- Handing out is paced by the limits but spends no permit: that happens at the HTTP request. Jobs that have
  -- been handed out and have not asked yet are counted by the pace.
  local job = redis.call('HMGET', job_key(account, id), 'operation', 'run')
  local limits = limited_by(account, job[1])
  local permit_at = earliest(limits, {'permit', 'pace'})
  if permit_at > now + ahead_us then return nil, math.min(permit_at - ahead_us, soonest or NEVER) end
  spend(limits, 'pace', permit_at)
  redis.call('HINCRBY', lane, 'handed_out', 1)
  take_from_lane(account, id)
  return {account, id, job[1], number(job[2]), give_lease(account, id, 'handed', lease_us, '', probe)}
end

-- When the provider as a whole lets one more go. Until then no lane is looked at and none loses its turn.
local function provider_opens()
  local held = redis.call('HMGET', lane_key('*'), 'max_in_flight', 'in_flight')
  if number(held[1]) > 0 and number(held[2]) >= number(held[1]) then return NEVER end
  return math.max(paused_until('*'), earliest({'*'}, {'permit', 'pace'}) - ahead_us)
end

local taken = {}

-- A lane's turn: as many jobs as its weight, one of each where it has none. Returns when to look at it again.
local function turn(account)
  local weight = math.max(1, number(redis.call('HGET', lane_key(account), 'weight')))
  for _ = 1, math.min(weight, most - #taken) do
    local job, again = next_of(account)
    if not job then return again and math.max(again, now + most + 1) end -- not again in this call
    taken[#taken + 1] = job
    if provider_opens() > now then break end
  end
  return now + #taken -- behind every lane that waits for its turn
end

local idle = false
while #taken < most and not idle and provider_opens() <= now do
  local lanes = redis.call('ZRANGEBYSCORE', K .. ':lanes', '-inf', now + most, 'LIMIT', 0, most - #taken)
  idle = #lanes == 0
  for _, account in ipairs(lanes) do
    local again = turn(account)
    if again then
      redis.call('ZADD', K .. ':lanes', again, account)
    else
      redis.call('ZREM', K .. ':lanes', account)
    end
    if #taken >= most or provider_opens() > now then break end
  end
end

local look = -1
local function soon(key, not_before)
  local first = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
  if not first[1] or not_before == NEVER then return end
  local at = math.max(number(first[2]), not_before or 0)
  if look < 0 or at < look then look = at end
end
soon(K .. ':handed'); soon(K .. ':running'); soon(K .. ':ends')
local rescue = (look >= 0 and look <= now) and 1 or 0
if most > 0 then soon(K .. ':lanes', provider_opens()) end
return {look < 0 and -1 or math.max(0, look - now), rescue, unpack(taken)}
