-- Settle a lease with an ending: state, event into the outbox, dead letter if it ended badly. 1: done; 0: lost.
-- ARGV: account, id, fence, state, attempts, requests, event, routing key, keep_ms, history line,
--       dead letter retention_ms (0: no dead letter), health ('good', 'bad', ''), failures to open the breaker, open_us,
--       open_cap_us, then field and value pairs of the dead letter
local account, id, fence = ARGV[1], ARGV[2], ARGV[3]
local job = job_key(account, id)
local held = redis.call('HMGET', job, 'fence', 'state', 'settled', 'run')
if held[3] == fence then return 1 end -- a repeated command
if held[1] ~= fence or not is_leased(held[2]) then return 0 end

note_health(account, ARGV[12], number(ARGV[13]), number(ARGV[14]), number(ARGV[15]))
end_lease(account, id)
redis.call('ZREM', K .. ':ends', account .. '/' .. id)
add_history(job, ARGV[10])
forget_notes(job)
redis.call('HSET', job, 'settled', fence, 'state', ARGV[4], 'attempts', ARGV[5], 'requests', ARGV[6],
  'event', ARGV[7], 'routing_key', ARGV[8], 'finished_at', now)
put_in_outbox(ARGV[7], ARGV[8])

local retention_ms = number(ARGV[11])
if retention_ms > 0 then
  local name = account .. '/' .. id .. '/' .. held[4]
  local dead = dead_key(name)
  redis.call('COPY', job, dead, 'REPLACE')
  redis.call('HSET', dead, 'account', account, 'id', id, 'body', redis.call('HGET', bodies_key(account), id) or '',
    'died_at', now, 'count', 1, unpack(ARGV, 16))
  redis.call('PEXPIRE', dead, retention_ms)
  list_dead(name, now)
end
redis.call('HDEL', bodies_key(account), id) -- what a repeat needs is the digest and the event
redis.call('PEXPIRE', job, ARGV[9])
return 1
