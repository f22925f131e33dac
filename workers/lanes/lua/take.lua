-- Hand out the jobs that may run now, one lane after the other, each with a lease.
-- ARGV: how many at most (0: what has no room for one looks for leases to rescue), lease_us,
--       ahead_us (a permit may be this far away), woken (1: by a wake-up, which nobody else has heard)
-- Returns {next look in us from now or -1, rescue is due (0/1), job records …}, or
-- 'unconfigured': no limits stand here (the state was lost), and without them nothing may go
if redis.call('HEXISTS', lane_key('*'), 'limits') == 0 then return 'unconfigured' end
local most, lease_us, ahead_us, woken = number(ARGV[1]), number(ARGV[2]), number(ARGV[3]), ARGV[4] == '1'

-- Ageing: of so many jobs that a lane hands out, one is the longest due of those due for over AGED_US, whatever its
-- priority. So priority 0 moves, and a flood of it takes no more than that share.
local EACH, AGED_US = 10, 60 * 1000000

-- The first job of each of a lane's rows. opens: from when on the limits let one of its operation be handed out.
local function heads(account)
  local found, limits, opens = {}, {}, {}
  for _, row in ipairs(redis.call('SMEMBERS', rows_key(account))) do
    local priority, operation = split(row)
    local first = redis.call('ZRANGE', waiting_key(account, row), 0, 0, 'WITHSCORES')
    if not limits[operation] then
      limits[operation] = read_limits(limited_by(account, operation), {'permit', 'pace'})
      opens[operation] = earliest(limits[operation])
    end
    found[#found + 1] = {entry = first[1], due = number(first[2]), priority = number(priority), operation = operation,
      limits = limits[operation], opens = opens[operation]}
  end
  return found
end

local function comes_first(one, other, aged)
  if aged and (one.due < now - AGED_US or other.due < now - AGED_US) and one.due ~= other.due then
    return one.due < other.due
  end
  if one.priority ~= other.priority then return one.priority > other.priority end
  if one.due ~= other.due then return one.due < other.due end
  return one.entry < other.entry
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
  local aged, first, again = number(held[4]) % EACH == EACH - 1, nil, nil
  for _, head in ipairs(heads(account)) do
    local at = math.max(head.due, head.opens - ahead_us)
    if at > now then
      again = math.min(again or at, at)
    elseif not first or comes_first(head, first, aged) then
      first = head
    end
  end
  if not first then return nil, again end
  -- Handing out is paced by the limits but spends no permit: that happens at the HTTP request. Jobs that have
  -- been handed out and have not asked yet are counted by the pace.
  local id = id_of(first.entry)
  spend(first.limits, 'pace', first.opens)
  redis.call('HINCRBY', lane, 'handed_out', 1)
  take_from_lane(account, id)
  give_lease(account, id, 'handed', lease_us, '', probe)
  redis.call('HSET', job_key(account, id), 'attempt_at', now)
  redis.call('HSETNX', job_key(account, id), 'started_at', now)
  return record(account, id)
end

-- When the provider as a whole lets one more go. Until then no lane is looked at and none loses its turn.
local function provider_opens()
  local held = redis.call('HMGET', lane_key('*'), 'max_in_flight', 'in_flight')
  if number(held[1]) > 0 and number(held[2]) >= number(held[1]) then return NEVER end
  return math.max(paused_until('*'), earliest(read_limits({'*'}, {'permit', 'pace'})) - ahead_us)
end

local taken = {}

-- A lane's turn: as many jobs as its weight, one where it has none. What is left of a turn that has to stop, since no
-- more may go now, is kept with the lane's place. Returns when to look at it again.
local function turn(account)
  local lane = lane_key(account)
  local held = redis.call('HMGET', lane, 'weight', 'turn')
  local left = math.max(1, number(held[2] or held[1]))
  repeat
    local job, again = next_of(account)
    if not job then
      redis.call('HDEL', lane, 'turn')
      return again and math.max(again, now + most + 1) -- not again in this call
    end
    taken[#taken + 1] = job
    left = left - 1
  until left == 0 or #taken == most or provider_opens() > now
  if left > 0 then
    redis.call('HSET', lane, 'turn', left)
    return number(redis.call('ZSCORE', K .. ':lanes', account))
  end
  if held[2] then redis.call('HDEL', lane, 'turn') end
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
local opens = provider_opens()
if most > 0 then soon(K .. ':lanes', opens) end
-- What this dispatcher has no room for, another may have: a wake-up that came to this one goes on to it. Without any
-- room, so does one for a job whose time is yet to come: this one does not look again then.
local is_left = opens <= now and redis.call('ZCOUNT', K .. ':lanes', '-inf', now + most) > 0
if most == 0 and woken then is_left = opens < NEVER and redis.call('EXISTS', K .. ':lanes') == 1 end
if is_left then wake() end
return {look < 0 and -1 or math.max(0, look - now), rescue, unpack(taken)}
