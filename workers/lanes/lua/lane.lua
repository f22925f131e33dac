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
local function lane_key(account) return K .. ':lane:' .. account end
local function waiting_key(account, priority) return K .. ':lane:' .. account .. ':waiting:' .. priority end
local function split(member) return string.match(member, '^([^/]*)/(.*)$') end

-- Entries that are due at the same time stand in the order of their acceptance.
local function entry(sequence, id) return string.format('%016.0f:', sequence) .. id end
local function id_of(entry_text) return string.sub(entry_text, 18) end

-- The dispatcher looks at a lane when its time in K:lanes has come. Anything that may let a lane run earlier
-- brings that time forward and wakes one dispatcher.
local function wake()
  if redis.call('LLEN', K .. ':wake') == 0 then redis.call('RPUSH', K .. ':wake', '1') end
end

local function look_at_lane(account, at)
  redis.call('ZADD', K .. ':lanes', 'LT', at, account)
  wake()
end

local function put_in_lane(account, id, due)
  local job = job_key(account, id)
  local fields = redis.call('HMGET', job, 'priority', 'sequence', 'ends_at')
  redis.call('HSET', job, 'state', 'waiting', 'due', due)
  redis.call('ZADD', waiting_key(account, fields[1]), due, entry(number(fields[2]), id))
  if number(fields[3]) > 0 then redis.call('ZADD', K .. ':ends', fields[3], account .. '/' .. id) end
  look_at_lane(account, math.max(due, now))
end

local function take_from_lane(account, id)
  local fields = redis.call('HMGET', job_key(account, id), 'priority', 'sequence')
  redis.call('ZREM', waiting_key(account, fields[1]), entry(number(fields[2]), id))
end

local function give_lease(account, id, state, lease_us, runner)
  local fence = redis.call('INCR', K .. ':fence')
  redis.call('HSET', job_key(account, id), 'state', state, 'fence', fence, 'runner', runner, 'asked', 0, 'changed', 0,
    'paced', state == 'handed' and 1 or 0)
  redis.call('ZADD', K .. ':' .. state, now + lease_us, account .. '/' .. id)
  redis.call('HINCRBY', lane_key(account), 'in_flight', 1)
  return fence
end

local function add_history(job, line)
  if line == '' then return end
  local lines = redis.call('HGET', job, 'history')
  redis.call('HSET', job, 'history', lines and (lines .. '\n' .. line) or line)
end

local function put_in_outbox(event, routing_key)
  redis.call('XADD', K .. ':outbox', '*', 'event', event, 'routing_key', routing_key)
end

-- GCRA. A lane's limits stand in its hash as "<interval>:<burst> …", their theoretical arrival times beside
-- them, under the names "<kind>:<interval>:<burst>"; the provider's own limits are those of the lane "*".
-- earliest() says when one more may go under the limits of these lanes, and spends nothing; spend() writes it down.
local function each_limit(lanes, act)
  for _, account in ipairs(lanes) do
    local lane = lane_key(account)
    for interval, burst in string.gmatch(redis.call('HGET', lane, 'limits') or '', '(%d+):(%d+)') do
      act(lane, interval .. ':' .. burst, number(interval), number(burst))
    end
  end
end

local function earliest(lanes, kinds)
  local at = now
  each_limit(lanes, function(lane, name, interval, burst)
    for _, kind in ipairs(kinds) do
      local arrival = number(redis.call('HGET', lane, kind .. ':' .. name))
      at = math.max(at, arrival - (burst - 1) * interval)
    end
  end)
  return at
end

local function spend(lanes, kind, at)
  each_limit(lanes, function(lane, name, interval)
    local field = kind .. ':' .. name
    redis.call('HSET', lane, field, math.max(number(redis.call('HGET', lane, field)), at) + interval)
  end)
end

local function paused_until(account) return number(redis.call('HGET', lane_key(account), 'paused_until')) end

local function end_lease(account, id)
  redis.call('ZREM', K .. ':handed', account .. '/' .. id)
  redis.call('ZREM', K .. ':running', account .. '/' .. id)
  redis.call('HINCRBY', lane_key(account), 'in_flight', -1)
  local held = redis.call('HMGET', job_key(account, id), 'paced', 'asked')
  if number(held[1]) == 1 and number(held[2]) == 0 then -- it was counted by the pace in vain
    each_limit({account, '*'}, function(lane, name, interval)
      redis.call('HINCRBY', lane, 'pace:' .. name, -interval)
    end)
  end
  look_at_lane(account, now)
end
