-- Write down what a running job knows for its later attempts, and how far it has come; renews its lease.
-- ARGV: account, id, fence, runner, lease_us, progress (a phrase, or nothing), then name and value of what is new
-- Returns 'done', 'lost' (the lease), or 'ended' (the job's time is over)
local account, id = ARGV[1], ARGV[2]
local job = job_key(account, id)
local held = redis.call('HMGET', job, 'fence', 'state', 'runner', 'ends_at')
local lease_ends = number(redis.call('ZSCORE', K .. ':running', account .. '/' .. id) or '')
if held[1] ~= ARGV[3] or held[2] ~= 'running' or held[3] ~= ARGV[4] or lease_ends <= now then return 'lost' end
if number(held[4]) <= now then return 'ended' end
redis.call('HSET', job, 'progress', ARGV[6])
for place = 7, #ARGV, 2 do redis.call('HSET', job, NOTE .. ARGV[place], ARGV[place + 1]) end
redis.call('ZADD', K .. ':running', now + number(ARGV[5]), account .. '/' .. id)
return 'done'
