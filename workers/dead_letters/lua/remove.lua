-- Remove a dead letter, unless it has died again or was edited meanwhile. 1: removed; 0: not.
-- ARGV: name, the died_at that was seen, how many bytes of edits were seen, who ('': no line in the audit), action,
--       audit detail (JSON)
local name = ARGV[1]
if redis.call('HGET', dead_key(name), 'died_at') ~= ARGV[2] then return 0 end
if redis.call('HSTRLEN', dead_key(name), 'edits') ~= number(ARGV[3]) then return 0 end
unlist_dead(name)
redis.call('DEL', dead_key(name))
if ARGV[4] ~= '' then audit(ARGV[4], ARGV[5], name, ARGV[6]) end
return 1
