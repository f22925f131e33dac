-- Store a job in its lane, unless it is known: new, duplicate, repeated (its final event goes out again), conflict.
-- ARGV: account, id, operation, digest, body, priority, not_before, expires_at (times in us, 0: none), max_age_us
local account, id, operation, digest, body = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local not_before, expires_at = number(ARGV[7]), number(ARGV[8])
local job = job_key(account, id)

local known = redis.call('HMGET', job, 'digest', 'event', 'routing_key')
if known[1] then
  -- Several digests, a space between them: an edited job is known as what was sent and as what it was edited to.
  if not string.find(' ' .. known[1] .. ' ', ' ' .. digest .. ' ', 1, true) then return 'conflict' end
  if not known[2] then return 'duplicate' end
  put_in_outbox(known[2], known[3])
  return 'repeated'
end

-- A dead letter outlives the idempotency record: the new job must not take over its event id.
local run = 1
while redis.call('EXISTS', dead_key(account .. '/' .. id .. '/' .. run)) == 1 do run = run + 1 end

local due = math.max(now, not_before)
local dies_at = due + number(ARGV[9])
local ends_at = dies_at
if expires_at > 0 then ends_at = math.min(expires_at, dies_at) end
redis.call('HSET', job, 'operation', operation, 'digest', digest, 'priority', ARGV[6], 'run', run,
  'sequence', redis.call('INCR', K .. ':sequence'), 'accepted_at', now, 'ends_at', ends_at)
if expires_at > 0 then redis.call('HSET', job, 'expires_at', expires_at) end
redis.call('HSET', bodies_key(account), id, body)
put_in_lane(account, id, due)
return 'new'
