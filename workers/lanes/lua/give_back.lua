-- Settle a lease with "again": the job returns to its lane, due after a while. 1: done; 0: the lease was lost.
-- ARGV: account, id, fence, after_us (-1: keeps its place), spent (0/1), requests sent, look (0/1), looks,
--       unknown_since (us, 0: none, -1: the last changing request), throttles in a row, pause_us (0: none),
--       pause reason, history line, adapt (0/1: the rate was too high), health ('good', 'bad', ''), failures to open
--       the breaker, open_us, open_cap_us
local LONGEST_PAUSE_US = 24 * 3600 * 1000000 -- a provider that asks for more is asked again each day
local account, id, fence = ARGV[1], ARGV[2], ARGV[3]
local after_us, unknown_since, pause_us = number(ARGV[4]), number(ARGV[9]), number(ARGV[11])
local job = job_key(account, id)
local held = redis.call('HMGET', job, 'fence', 'state', 'settled', 'due', 'changed_at')
if held[3] == fence then return 1 end -- a repeated command
if held[1] ~= fence or not is_leased(held[2]) then return 0 end

if pause_us > 0 then
  local lane = lane_key(account)
  local pause_end = now + math.min(pause_us, LONGEST_PAUSE_US)
  if ARGV[14] == '1' and redis.call('HGET', lane, 'adaptive') == '1' and paused_until(account) <= now then
    redis.call('HSET', lane, 'share', math.max(share_of(lane) / 2, 1 / 64), 'share_at', now) -- once for each pause
  end
  if pause_end > number(redis.call('HGET', lane, 'paused_until')) then
    redis.call('HSET', lane, 'paused_until', pause_end, 'pause_reason', ARGV[12])
  end
end
redis.call('HSET', job, 'settled', fence)
redis.call('HDEL', job, 'progress')
if unknown_since < 0 then unknown_since = number(held[5]) end
redis.call('HINCRBY', job, 'attempts', ARGV[5])
redis.call('HINCRBY', job, 'requests', ARGV[6])
redis.call('HSET', job, 'look', ARGV[7], 'looks', ARGV[8], 'unknown_since', unknown_since, 'throttles', ARGV[10])
add_history(job, ARGV[13])
note_health(account, ARGV[15], number(ARGV[16]), number(ARGV[17]), number(ARGV[18]))
end_lease(account, id)
put_in_lane(account, id, after_us < 0 and number(held[4]) or now + after_us)
return 1
