-- Put a dead letter back that was exported, and its job's record, by which the door knows the job again. Nothing that is
-- here is overwritten, and nobody is told.
-- ARGV: name, died_at, how long dead letters and how long records are kept (ms, from the death), its job's account and
--       id ('', '': it is a message), its run (0), then field and value pairs
-- Returns 'restored', 'known' (it is here), 'overtaken' (its job has gone on), 'expired'
local name, account, id, run = ARGV[1], ARGV[5], ARGV[6], number(ARGV[7])
local dead, job = dead_key(name), job_key(account, id)
if redis.call('EXISTS', dead) == 1 then return 'known' end
local current = redis.call('HMGET', job, 'run', 'state', 'imported')
local here, imported = id ~= '' and current[1], current[3]
if here and not imported and (number(current[1]) ~= run or current[2] ~= 'failed') then return 'overtaken' end
local died_at = math.min(number(ARGV[2]), now) -- the clock that it died by may have been ahead
local function left_ms(kept_ms) return math.floor(number(kept_ms) - (now - died_at) / 1000) end
if left_ms(ARGV[3]) <= 0 then return 'expired' end

redis.call('HSET', dead, 'died_at', died_at, unpack(ARGV, 8))
if id ~= '' then redis.call('HSET', dead, 'run', run, 'sequence', redis.call('INCR', K .. ':sequence')) end
redis.call('PEXPIRE', dead, left_ms(ARGV[3]))
list_dead(name, died_at)

-- Of several runs whose dead letters are imported, the last one is the job's, in whichever order they come.
local leads = not here or imported and number(current[1]) < run
if id ~= '' and leads and left_ms(ARGV[4]) > 0 then
  write_record_from_dead(dead, job)
  redis.call('HSET', job, 'finished_at', died_at, 'imported', 1)
  redis.call('PEXPIRE', job, left_ms(ARGV[4]))
end
return 'restored'
