-- The right to send one HTTP request, under every limit that applies: all of them or none. Asked for many at a time.
-- ARGV: ahead_us (a permit may lie this far ahead), lease_us; then for each: account, id, fence, which request of this
--       lease (1, 2, …), it changes something (0/1)
-- Returns for each {'go' | 'timed' | 'limited' | 'paused' | 'expired' | 'lost', wait_us}; timed: under a limit, so that
-- it holds for its moment only
local ahead_us, lease_us = number(ARGV[1]), number(ARGV[2])

local function permit(account, id, fence, which, changes)
  local job = job_key(account, id)
  local held = redis.call('HMGET', job, 'fence', 'state', 'asked', 'permit_at', 'expires_at', 'operation', 'probe')
  if not is_held(account, id, fence, held[1], held[2]) then return {'lost', 0} end

  -- The client repeats a command whose answer it lost: the same permit, not a second one.
  if number(held[3]) >= number(which) then return {'timed', math.max(0, number(held[4]) - now)} end

  local paused = math.max(paused_until(account), paused_until('*'))
  if paused > now then return {'paused', paused - now} end
  -- The breaker opened since the job was handed out: what has sent nothing yet goes back.
  if open_until(account) > 0 and number(held[7]) == 0 and number(held[3]) == 0 then return {'paused', 0} end
  local limits = read_limits(limited_by(account, held[6]), {'permit'})
  local at = earliest(limits)
  if number(held[5]) > 0 and number(held[5]) <= at then return {'expired', 0} end
  if at > now + ahead_us then
    renew_lease(account, id, now + lease_us) -- who asks is alive, and may wait
    return {'limited', at - now}
  end

  spend(limits, 'permit', at)
  redis.call('HSET', job, 'asked', which, 'permit_at', at)
  if changes == '1' then redis.call('HSET', job, 'changed', 1, 'changed_at', at) end
  renew_lease(account, id, at + lease_us)
  return {#limits > 0 and 'timed' or 'go', at - now}
end

local answers = {}
for first = 3, #ARGV, 5 do answers[#answers + 1] = permit(unpack(ARGV, first, first + 4)) end
return answers
