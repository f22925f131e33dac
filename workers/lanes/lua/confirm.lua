-- Does a permit that was given ahead still hold, now that its moment comes? A pause may have come in between.
-- ARGV: account, id, fence. Returns {'go' | 'paused' | 'lost', wait_us}
local account, id = ARGV[1], ARGV[2]
local held = redis.call('HMGET', job_key(account, id), 'fence', 'state', 'asked', 'probe')
if not is_held(account, id, ARGV[3], held[1], held[2]) then return {'lost', 0} end
local paused = math.max(paused_until(account), paused_until('*'))
if paused > now then return {'paused', paused - now} end
-- The breaker opened: what has sent nothing yet goes back.
if open_until(account) > 0 and number(held[4]) == 0 and number(held[3]) <= 1 then return {'paused', 0} end
return {'go', 0}
