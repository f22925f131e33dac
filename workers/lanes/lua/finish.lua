-- Settle leases with endings: state, event into the outbox, dead letter if it ended badly.
-- ARGV, for each: how many arguments follow; account, id, fence, state, attempts, requests, event, routing key, keep_ms,
--       history line, dead letter retention_ms (0: no dead letter), health ('good', 'bad', ''), failures to open the
--       breaker, open_us, open_cap_us, then field and value pairs of the dead letter
-- Returns for each: 0: the lease was lost, and nothing was changed; 1: done; 2: done, and what was full has room again.

local function bury(account, id, run, retention_ms, ...)
  local name = account .. '/' .. id .. '/' .. run
  local dead = dead_key(name)
  redis.call('COPY', job_key(account, id), dead, 'REPLACE')
  redis.call('HSET', dead, 'account', account, 'id', id, 'body', redis.call('HGET', bodies_key(account), id) or '',
    'died_at', now, 'count', 1, ...)
  redis.call('PEXPIRE', dead, retention_ms)
  list_dead(name, now)
end

local function finish(account, id, fence, state, attempts, requests, event, routing_key, keep_ms, line, retention_ms,
    health, failures_to_open, open_us, open_cap_us, ...)
  local job = job_key(account, id)
  local held = redis.call('HMGET', job, 'fence', 'state', 'settled', 'run')
  if held[3] == fence then return 1 end -- a repeated command
  if held[1] ~= fence or not is_leased(held[2]) then return 0 end

  note_health(account, health, number(failures_to_open), number(open_us), number(open_cap_us))
  local was_full = end_lease(account, id)
  redis.call('ZREM', K .. ':ends', account .. '/' .. id)
  add_history(job, line)
  forget_notes(job)
  redis.call('HSET', job, 'settled', fence, 'state', state, 'attempts', attempts, 'requests', requests,
    'event', event, 'routing_key', routing_key, 'finished_at', now)
  put_in_outbox(event, routing_key)
  if number(retention_ms) > 0 then bury(account, id, held[4], retention_ms, ...) end
  redis.call('HDEL', bodies_key(account), id) -- what a repeat needs is the digest and the event
  redis.call('PEXPIRE', job, keep_ms)
  return was_full and 2 or 1
end

-- What is settled is not settled again: what somebody else has written over has to show before any write.
local wrong = wrong_key('stream', {K .. ':outbox'}) or wrong_key_of_dead()
if wrong then return wrong end

local answers, at = {}, 1
while at <= #ARGV do
  local last = at + number(ARGV[at])
  answers[#answers + 1] = finish(unpack(ARGV, at + 1, last))
  at = last + 1
end
return answers
