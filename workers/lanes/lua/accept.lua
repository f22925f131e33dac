-- Store jobs in their lanes, in their order, unless they are known.
-- ARGV, nine for each job: account, id, operation, digest, body, priority, not_before, expires_at (times in us, 0: none),
--       max_age_us
-- Returns for each: new, duplicate, repeated (its final event goes out again), conflict.

local function known_as(job, digest)
  local known = redis.call('HMGET', job, 'digest', 'event', 'routing_key')
  if not known[1] then return nil end
  -- Several digests, a space between them: an edited job is known as what was sent and as what it was edited to.
  if not string.find(' ' .. known[1] .. ' ', ' ' .. digest .. ' ', 1, true) then return 'conflict' end
  if not known[2] then return 'duplicate' end
  put_in_outbox(known[2], known[3])
  return 'repeated'
end

-- A dead letter outlives the idempotency record: the new job must not take over its event id.
local function free_run(account, id)
  local run = 1
  while redis.call('EXISTS', dead_key(account .. '/' .. id .. '/' .. run)) == 1 do run = run + 1 end
  return run
end

-- A record without its place in the lane would be known for ever, and never run: all is written, or nothing.
local function accept(account, id, operation, digest, body, priority, not_before, expires_at, max_age_us)
  local job = job_key(account, id)
  local known = known_as(job, digest)
  if known then return known end
  local wrong = wrong_key_of_lane(account, priority .. '/' .. operation)
  if wrong then return wrong end

  local due = math.max(now, number(not_before))
  local ends_at = due + number(max_age_us)
  if number(expires_at) > 0 then ends_at = math.min(number(expires_at), ends_at) end
  redis.call('HSET', job, 'operation', operation, 'digest', digest, 'priority', priority, 'run', free_run(account, id),
    'sequence', redis.call('INCR', K .. ':sequence'), 'accepted_at', now, 'ends_at', ends_at)
  if number(expires_at) > 0 then redis.call('HSET', job, 'expires_at', number(expires_at)) end
  redis.call('HSET', bodies_key(account), id, body)
  put_in_lane(account, id, due)
  return 'new'
end

local answers = {}
for first = 1, #ARGV, 9 do
  local answer = accept(unpack(ARGV, first, first + 8))
  if type(answer) == 'table' then return answer end -- what Redis shall raise
  answers[#answers + 1] = answer
end
return answers
