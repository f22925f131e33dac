-- Write down what a running job knows for its later attempts, and how far it has come; renews its lease.
-- ARGV: account, id, fence, lease_us, progress (a phrase, or nothing), then name and value of what is new
-- Returns 'done', 'lost' (the lease), or 'ended' (the job's time is over)
local account, id = ARGV[1], ARGV[2]
local job = job_key(account, id)
local held = redis.call('HMGET', job, 'fence', 'state', 'ends_at')
if not is_held(account, id, ARGV[3], held[1], held[2]) then return 'lost' end
if number(held[3]) <= now then return 'ended' end
redis.call('HSET', job, 'progress', ARGV[5])
for place = 6, #ARGV, 2 do redis.call('HSET', job, NOTE .. ARGV[place], ARGV[place + 1]) end
renew_lease(account, id, now + number(ARGV[4]))
return 'done'
