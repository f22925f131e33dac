-- Return a job that was handed out and has not begun: it keeps its place, learns nothing and forgets nothing.
-- ARGV: account, id, fence. 1: done; 0: it has begun, or is somebody else's
local account, id = ARGV[1], ARGV[2]
local held = redis.call('HMGET', job_key(account, id), 'fence', 'state')
if held[1] ~= ARGV[3] or held[2] ~= 'handed' then return 0 end
put_unbegun_back(account, id)
return 1
