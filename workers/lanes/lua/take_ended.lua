-- Lease the waiting jobs whose time is over, so that they can be answered.
-- ARGV: how many at most, lease_us, runner. Returns a list of job records
local taken = {}
for _, member in ipairs(redis.call('ZRANGEBYSCORE', K .. ':ends', '-inf', now, 'LIMIT', 0, ARGV[1])) do
  local account, id = split(member)
  local job = job_key(account, id)
  redis.call('ZREM', K .. ':ends', member) -- put_in_lane enters it again where the job goes on
  if redis.call('HGET', job, 'state') == 'waiting' then
    take_from_lane(account, id)
    give_lease(account, id, 'running', number(ARGV[2]), ARGV[3])
    taken[#taken + 1] = record(account, id)
  end
end
return taken
