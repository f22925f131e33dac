-- Lease a waiting job, to end it. Returns the job's record, or its state where it does not wait, or nothing.
-- ARGV: account, id, lease_us, runner, who, audit detail (JSON)
local account, id = ARGV[1], ARGV[2]
local state = redis.call('HGET', job_key(account, id), 'state')
if state ~= 'waiting' then return state end
redis.call('ZREM', K .. ':ends', account .. '/' .. id)
take_from_lane(account, id)
give_lease(account, id, 'running', number(ARGV[3]), ARGV[4])
audit(ARGV[5], 'cancel', account .. '/' .. id, ARGV[6])
return record(account, id)
