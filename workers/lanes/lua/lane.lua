-- What every script of this folder shares; Python puts it in front of each.
--
-- KEYS[1] is the partition: audience:{pubmatic}. Every other key begins with it, so that all keys of one script
-- share its hash tag and one slot of a Redis Cluster. workers/lanes/keys.py lists them. Times are microseconds of
-- this server's clock. Numbers are passed to Redis as numbers: it writes them with 17 digits, ".." only with 14.

local K = KEYS[1]
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]

local function number(text) return tonumber(text or '') or 0 end

local function job_key(account, id) return K .. ':job:' .. account .. '/' .. id end
-- A job's body lies apart from its hash, which stays small and so compact: no value of it is longer than 64 bytes.
local function bodies_key(account) return K .. ':bodies:' .. account end
local function record(account, id)
  return {account, id, redis.call('HGET', bodies_key(account), id), redis.call('HGETALL', job_key(account, id))}
end
local function lane_key(account) return K .. ':lane:' .. account end
-- A lane's waiting jobs stand in rows, "<priority>/<operation>", so that an operation at its limit holds up no other.
local function rows_key(account) return K .. ':lane:' .. account .. ':rows' end
local function waiting_key(account, row) return K .. ':lane:' .. account .. ':waiting:' .. row end
local function split(member) return string.match(member, '^([^/]*)/(.*)$') end

-- Entries that are due at the same time stand in the order of their acceptance.
local function entry(sequence, id) return string.format('%012.0f:', sequence) .. id end
local function id_of(entry_text) return string.sub(entry_text, 14) end

-- The dispatcher looks at a lane when its time in K:lanes has come. Anything that may let a lane run earlier
-- brings that time forward and wakes one dispatcher; what is known already wakes nobody.
local function wake()
  if redis.call('LLEN', K .. ':wake') == 0 then redis.call('RPUSH', K .. ':wake', '1') end
end

local function look_at_lane(account, at)
  if redis.call('ZADD', K .. ':lanes', 'LT', 'CH', at, account) == 1 then wake() end
end

local function count(account, field, by)
  redis.call('HINCRBY', lane_key(account), field, by)
  redis.call('HINCRBY', lane_key('*'), field, by)
end

local function put_in_lane(account, id, due)
  local job = job_key(account, id)
  local fields = redis.call('HMGET', job, 'priority', 'sequence', 'ends_at', 'operation')
  local row = fields[1] .. '/' .. fields[4]
  redis.call('HSET', job, 'state', 'waiting', 'due', due)
  redis.call('SADD', rows_key(account), row)
  redis.call('ZADD', waiting_key(account, row), due, entry(number(fields[2]), id))
  redis.call('SADD', K .. ':accounts', account)
  count(account, 'waiting', 1)
  if number(fields[3]) > 0 then redis.call('ZADD', K .. ':ends', fields[3], account .. '/' .. id) end
  look_at_lane(account, math.max(due, now))
end

local function take_from_lane(account, id)
  local fields = redis.call('HMGET', job_key(account, id), 'priority', 'sequence', 'operation')
  local row = fields[1] .. '/' .. fields[3]
  redis.call('ZREM', waiting_key(account, row), entry(number(fields[2]), id))
  if redis.call('EXISTS', waiting_key(account, row)) == 0 then redis.call('SREM', rows_key(account), row) end
  count(account, 'waiting', -1)
end

local function give_lease(account, id, state, lease_us, runner, probe)
  -- Never below the time: a state store that lost its last writes (a failover) gives no number twice.
  local fence = math.max(number(redis.call('GET', K .. ':fence')) + 1, now)
  redis.call('SET', K .. ':fence', fence)
  redis.call('HSET', job_key(account, id), 'state', state, 'fence', fence, 'runner', runner, 'asked', 0, 'changed', 0,
    'paced', state == 'handed' and 1 or 0, 'probe', probe and 1 or 0)
  redis.call('ZADD', K .. ':' .. state, now + lease_us, account .. '/' .. id)
  count(account, 'in_flight', 1)
end

-- A lease is short until its attempt gives a sign of life, its first permit or note, and lasts that of a request then.
local function is_leased(state) return state == 'handed' or state == 'running' end

local function is_held(account, id, fence, held_fence, state)
  if held_fence ~= fence or not is_leased(state) then return false end
  return number(redis.call('ZSCORE', K .. ':' .. state, account .. '/' .. id) or '') > now
end

local function renew_lease(account, id, ends)
  if redis.call('ZREM', K .. ':handed', account .. '/' .. id) == 1 then
    redis.call('HSET', job_key(account, id), 'state', 'running')
  end
  redis.call('ZADD', K .. ':running', ends, account .. '/' .. id)
end

-- Every lane that has jobs, after a change that may concern many of them.
local function look_at_all()
  for _, account in ipairs(redis.call('SMEMBERS', K .. ':accounts')) do look_at_lane(account, now) end
  wake() -- also where every lane's time had come already: the provider as a whole was what held them
end

local FOR_EVER = 253402300799 * 1000000 -- the end of the year 9999

local function audit(who, action, target, detail)
  redis.call('XADD', K .. ':audit', '*', 'who', who, 'action', action, 'target', target, 'detail', detail)
end

-- What attempts wrote down for later ones stands in the job's hash under such names, until the run ends.
local NOTE = 'note:'

local function forget_notes(job)
  redis.call('HDEL', job, 'progress')
  for _, name in ipairs(redis.call('HKEYS', job)) do
    if string.sub(name, 1, #NOTE) == NOTE then redis.call('HDEL', job, name) end
  end
end

local function add_history(job, line)
  if line == '' then return end
  local lines = redis.call('HGET', job, 'history')
  redis.call('HSET', job, 'history', lines and (lines .. '\n' .. line) or line)
end

local function put_in_outbox(event, routing_key)
  redis.call('XADD', K .. ':outbox', '*', 'event', event, 'routing_key', routing_key)
end

-- An adaptive lane that was throttled goes at a share of its rate, which grows back evenly: AIMD.
local GROWS_BACK_US = 600 * 1000000 -- from nothing to the full rate

local function share_of(lane)
  local held = redis.call('HMGET', lane, 'share', 'share_at')
  if not held[1] then return 1 end
  return math.min(1, number(held[1]) + (now - number(held[2])) / GROWS_BACK_US)
end

-- GCRA. A lane's limits stand in its hash as "<interval>:<burst> …", their theoretical arrival times beside them, under
-- the names "<kind>:<interval>:<burst>". The provider's own limits are those of the lane "*", those of an operation
-- stand under "<account>/<operation>" and "*/<operation>". A limit without burst keeps any two an interval apart; where
-- one goes later than this limit asks for, since another of its limits does, the time before it stays free for others:
-- spans "<from>-<to> …" under "free:<kind>:<interval>:<burst>".
local function limited_by(account, operation)
  return {account, '*', account .. '/' .. operation, '*/' .. operation}
end

local function each_limit(lanes, act)
  for _, name in ipairs(lanes) do
    local lane = lane_key(name)
    local limits = redis.call('HGET', lane, 'limits')
    if limits and limits ~= '' then
      local share = share_of(lane)
      for interval, burst in string.gmatch(limits, '(%d+):(%d+)') do
        act(lane, interval .. ':' .. burst, math.floor(number(interval) / share), number(burst))
      end
    end
  end
end

local NEVER = math.huge

-- When one more may go under one limit: spans of time, the last one open.
local function spans_of(lane, kind, name, interval, burst)
  local field = kind .. ':' .. name
  local held = redis.call('HMGET', lane, field, 'free:' .. field, 'last_permit')
  local arrival, spans = number(held[1]), {}
  -- A limit that is new here, or back, begins with the last permit: a change of limits lets nothing bunch up.
  local fresh = kind == 'permit' and number(held[3]) + interval or 0
  if arrival >= fresh then
    for from, to in string.gmatch(held[2] or '', '(%d+)-(%d+)') do spans[#spans + 1] = {number(from), number(to)} end
  end
  arrival = math.max(arrival, fresh)
  spans[#spans + 1] = {arrival - (burst - 1) * interval, NEVER}
  return {lane = lane, kind = kind, field = field, interval = interval, burst = burst, arrival = arrival, spans = spans,
    last = number(held[3])}
end

-- What the limits of these lanes say now of permits, of the pace, or of both.
local function read_limits(lanes, kinds)
  local limits = {}
  each_limit(lanes, function(lane, name, interval, burst)
    for _, kind in ipairs(kinds) do limits[#limits + 1] = spans_of(lane, kind, name, interval, burst) end
  end)
  return limits
end

local function first_within(spans, at)
  for _, span in ipairs(spans) do
    if at <= span[2] then return math.max(at, span[1]) end
  end
end

-- When one more may go under all of these limits.
local function earliest(limits)
  local at, before = now, nil
  repeat
    before = at
    for _, limit in ipairs(limits) do at = first_within(limit.spans, at) end
  until at == before
  return at
end

local function without(spans, at, interval)
  local left = {}
  local function keep(from, to)
    if from <= to and to > now then left[#left + 1] = {from, to} end
  end
  for _, span in ipairs(spans) do
    if span[1] <= at and at <= span[2] then
      keep(span[1], at - interval)
      keep(at + interval, span[2])
    else
      keep(span[1], span[2])
    end
  end
  return left
end

local function write_spans(limit, spans)
  local open, texts = table.remove(spans), {}
  for _, span in ipairs(spans) do texts[#texts + 1] = string.format('%.0f-%.0f', span[1], span[2]) end
  redis.call('HSET', limit.lane, limit.field, open[1])
  if #texts > 0 or #limit.spans > 1 then redis.call('HSET', limit.lane, 'free:' .. limit.field, table.concat(texts, ' ')) end
end

-- Write down that one goes at a time that earliest() gave.
local function spend(limits, kind, at)
  for _, limit in ipairs(limits) do
    if limit.kind == kind and limit.burst == 1 then
      write_spans(limit, without(limit.spans, at, limit.interval))
    elseif limit.kind == kind then
      redis.call('HSET', limit.lane, limit.field, math.max(limit.arrival, at) + limit.interval)
    end
    if kind == 'permit' then
      redis.call('HSET', limit.lane, 'last_permit', math.max(limit.last, at))
    end
  end
end

-- Two pauses: what the provider asked for, and what an operator ordered.
local function paused_until(account)
  local held = redis.call('HMGET', lane_key(account), 'paused_until', 'held_until')
  return math.max(number(held[1]), number(held[2]))
end

-- The breaker of a lane. open_until is missing while it is closed; once that time has come, single probes may go.
local function open_until(account) return number(redis.call('HGET', lane_key(account), 'open_until')) end

local function note_health(account, health, failures_to_open, open_us, open_cap_us)
  local lane = lane_key(account)
  if health == 'good' and redis.call('HDEL', lane, 'failures', 'open_until', 'opens') > 0 then
    look_at_lane(account, now)
  end
  if health ~= 'bad' then return end
  local failures = redis.call('HINCRBY', lane, 'failures', 1)
  if failures < failures_to_open or open_until(account) > now then return end
  local opens = redis.call('HINCRBY', lane, 'opens', 1)
  redis.call('HSET', lane, 'open_until', now + math.min(open_cap_us, open_us * 2 ^ math.min(opens - 1, 30)))
end

-- Whether nothing but the end of a lease lets one more go.
local function is_full(lane)
  local held = redis.call('HMGET', lane, 'max_in_flight', 'in_flight', 'open_until')
  return number(held[1]) > 0 and number(held[2]) >= number(held[1]) or held[3] and true
end

-- Returns whether others may have waited for nothing but this.
local function end_lease(account, id)
  redis.call('ZREM', K .. ':handed', account .. '/' .. id)
  redis.call('ZREM', K .. ':running', account .. '/' .. id)
  local lane_is_full, provider_is_full = is_full(lane_key(account)), is_full(lane_key('*'))
  if lane_is_full then look_at_lane(account, now) end
  if provider_is_full then wake() end
  count(account, 'in_flight', -1)
  local held = redis.call('HMGET', job_key(account, id), 'paced', 'asked', 'operation')
  if number(held[1]) == 1 and number(held[2]) == 0 then -- it was counted by the pace in vain
    each_limit(limited_by(account, held[3]), function(lane, name, interval)
      redis.call('HINCRBY', lane, 'pace:' .. name, -interval)
    end)
    look_at_lane(account, now)
  end
  return lane_is_full or provider_is_full
end

-- A job that was handed out and has given no sign of life keeps its place.
local function put_unbegun_back(account, id)
  local job = job_key(account, id)
  local held = redis.call('HMGET', job, 'due', 'started_at', 'attempt_at')
  if held[2] == held[3] then redis.call('HDEL', job, 'started_at') end
  end_lease(account, id)
  put_in_lane(account, id, number(held[1]))
end
