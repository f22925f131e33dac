-- Put a dead letter back that was exported. Nothing that is here is overwritten, and nobody is told.
-- ARGV: name, died_at, retention_ms, its job's account and id ('', '': it is a message), its run (0), then field and
--       value pairs. Returns 'restored', 'known' (it is here), 'overtaken' (its job has gone on), 'expired'
local name, account, id, run = ARGV[1], ARGV[4], ARGV[5], number(ARGV[6])
if redis.call('EXISTS', dead_key(name)) == 1 then return 'known' end
local current = redis.call('HMGET', job_key(account, id), 'run', 'state')
if id ~= '' and current[1] and (number(current[1]) ~= run or current[2] ~= 'failed') then return 'overtaken' end
local died_at = math.min(number(ARGV[2]), now) -- the clock that it died by may have been ahead
local left_ms = math.floor(number(ARGV[3]) - (now - died_at) / 1000)
if left_ms <= 0 then return 'expired' end
redis.call('HSET', dead_key(name), 'died_at', died_at, unpack(ARGV, 7))
if id ~= '' then redis.call('HSET', dead_key(name), 'run', run, 'sequence', redis.call('INCR', K .. ':sequence')) end
redis.call('PEXPIRE', dead_key(name), left_ms)
list_dead(name, died_at)
return 'restored'
