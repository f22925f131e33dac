-- Return a job that was handed out and has not started: it keeps its place, learns nothing and forgets nothing.
-- ARGV: account, id, fence. 1: done; 0: it has started, or is somebody else's
local account, id = ARGV[1], ARGV[2]
local held = redis.call('HMGET', job_key(account, id), 'fence', 'state', 'due')
if held[1] ~= ARGV[3] or held[2] ~= 'handed' then return 0 end
end_lease(account, id)
put_in_lane(account, id, number(held[3]))
return 1
