-- What has somebody else written over? Python puts it behind lane.lua and dead.lua.
--
-- Redis undoes nothing of a script that fails halfway. Half of what takes a job in, ends it or replays it would lose it:
-- there what others may have written over our keys has to show before the first write, as an error reply.
local function wrong_key(kind, keys)
  for _, key in ipairs(keys) do
    local found = redis.call('TYPE', key).ok
    if found ~= kind and found ~= 'none' then
      return redis.error_reply('WRONGTYPE ' .. key .. ' is a ' .. found ..
        ' that this service has not written: delete it, then restart the workers')
    end
  end
end

local looked_at = {}

local function wrong_key_of_lane(account, row)
  local name = account .. '/' .. row
  if looked_at[name] then return nil end -- for another job of this call
  looked_at[name] = true
  return wrong_key('hash', {lane_key(account), lane_key('*'), bodies_key(account)})
    or wrong_key('zset', {waiting_key(account, row), K .. ':lanes', K .. ':ends'})
    or wrong_key('set', {rows_key(account), K .. ':accounts'})
    or wrong_key('list', {K .. ':wake'})
end

local function wrong_key_of_dead()
  return wrong_key('zset', {K .. ':dead'}) or wrong_key('set', {K .. ':dead:groups'})
end
