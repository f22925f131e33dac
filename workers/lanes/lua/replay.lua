-- Put a dead job back into its lane as its next run, behind every other job, edited if it was. Its history goes on.
-- ARGV: account, id, run, max_age_us, who ('': no line in the audit).
-- Returns 'replayed', 'gone' (no such dead letter), 'overtaken' (a later run exists)
local account, id, run = ARGV[1], ARGV[2], number(ARGV[3])
local name = account .. '/' .. id .. '/' .. ARGV[3]
local dead, job = dead_key(name), job_key(account, id)
if redis.call('EXISTS', dead) == 0 then return 'gone' end
local current = redis.call('HMGET', job, 'run', 'state')
if current[1] and (number(current[1]) ~= run or current[2] ~= 'failed') then return 'overtaken' end
local wrong = wrong_key_of_lane(account, '0/' .. redis.call('HGET', dead, 'operation')) or wrong_key_of_dead()
if wrong then return wrong end -- or the dead letter would be gone, and not in its lane

local unknown = redis.call('HGET', dead, 'category') == 'outcome_unknown'
write_record_from_dead(dead, job)
redis.call('HSET', bodies_key(account), id, redis.call('HGET', dead, 'edited') or redis.call('HGET', dead, 'body'))
redis.call('HDEL', job, 'event', 'routing_key', 'finished_at', 'started_at', 'settled')
local expires_at, ends_at = number(redis.call('HGET', job, 'expires_at')), now + number(ARGV[4])
if expires_at > 0 then ends_at = math.min(expires_at, ends_at) end
local next_run = run + 1
while redis.call('EXISTS', dead_key(account .. '/' .. id .. '/' .. next_run)) == 1 do next_run = next_run + 1 end
redis.call('HSET', job,
  'run', next_run, 'priority', 0, 'attempts', 0, 'requests', 0, 'looks', 0, 'throttles', 0, 'rescues', 0, 'accepted_at', now,
  'look', unknown and 1 or 0, 'ends_at', ends_at)
unlist_dead(name)
redis.call('DEL', dead)
put_in_lane(account, id, now)
if ARGV[5] ~= '' then audit(ARGV[5], 'replay', name, cjson.encode({run = next_run})) end
return 'replayed'
