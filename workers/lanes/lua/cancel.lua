-- Lease a waiting job, to end it. Returns the job's record, or its state where it does not wait, or nothing.
-- ARGV: account, id, lease_us, runner (unique for each order), who, audit detail (JSON)
local account, id = ARGV[1], ARGV[2]
local held = redis.call('HMGET', job_key(account, id), 'state', 'runner')
if held[1] == 'running' and held[2] == ARGV[4] then return record(account, id) end -- a repeated command
if held[1] ~= 'waiting' then return held[1] end
redis.call('ZREM', K .. ':ends', account .. '/' .. id)
take_from_lane(account, id)
give_lease(account, id, 'running', number(ARGV[3]), ARGV[4])
audit(ARGV[5], 'cancel', account .. '/' .. id, ARGV[6])
return record(account, id)
