-- What scripts share that touch dead letters; Python puts it behind lane.lua.
--
-- All dead letters of a partition stand by time in K:dead, and those that are alike once more in K:dead:in:<group>:
-- whoever counts or lists some of them looks at no others.
local function dead_key(name) return K .. ':dead:' .. name end
local function group_key(group) return K .. ':dead:in:' .. group end

local function group_of(name)
  local about = redis.call('HMGET', dead_key(name), 'provider', 'account', 'operation', 'category', 'provider_code')
  for field = 1, 5 do about[field] = about[field] or '' end
  return table.concat(about, '/')
end

local function forget_group_if_empty(group)
  if redis.call('EXISTS', group_key(group)) == 0 then redis.call('SREM', K .. ':dead:groups', group) end
end

-- A dead letter whose retention has ended is gone by itself, its name is not: take such names out at the old end of
-- an index, where they gather. Says whether there may be more.
local function sweep_oldest(index, most)
  local gone = {}
  for _, name in ipairs(redis.call('ZRANGE', index, 0, most - 1)) do
    if redis.call('EXISTS', dead_key(name)) == 0 then gone[#gone + 1] = name end
  end
  if #gone > 0 then redis.call('ZREM', index, unpack(gone)) end
  return #gone == most
end

-- The dead letter's hash must stand already. Each new one sweeps two old ones away, so that no sweep is ever long.
local function list_dead(name, died_at)
  local group = group_of(name)
  for _, index in ipairs({K .. ':dead', group_key(group)}) do
    sweep_oldest(index, 2)
    redis.call('ZADD', index, died_at, name)
  end
  redis.call('SADD', K .. ':dead:groups', group)
end

-- Its hash must still stand.
local function unlist_dead(name)
  local group = group_of(name)
  redis.call('ZREM', K .. ':dead', name)
  redis.call('ZREM', group_key(group), name)
  forget_group_if_empty(group)
end

-- A job's record becomes what its dead letter was copied from; it is kept until it is told otherwise.
local function write_record_from_dead(dead, job)
  redis.call('COPY', dead, job, 'REPLACE')
  redis.call('PERSIST', job)
  redis.call('HDEL', job, 'account', 'id', 'body', 'edited', 'category', 'provider_code', 'message', 'replayable',
    'died_at', 'count')
end
