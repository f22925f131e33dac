-- Keep what a replay is to send in place of the original, unless the dead letter has changed meanwhile.
-- The original bytes stay. 1: edited; 0: it has died again, was edited by somebody else, or is gone.
-- ARGV: name, the died_at that was seen, the edits that were seen, all edits from now on, the bytes to send,
--       a further digest ('': none), whether it can be replayed now (0/1), who ('': no line in the audit),
--       audit detail (JSON)
local name, dead = ARGV[1], dead_key(ARGV[1])
local held = redis.call('HMGET', dead, 'died_at', 'edits', 'digest')
if held[1] ~= ARGV[2] or (held[2] or '') ~= ARGV[3] then return 0 end
redis.call('HSET', dead, 'edits', ARGV[4], 'edited', ARGV[5])
if ARGV[6] ~= '' and not string.find(held[3] or '', ARGV[6], 1, true) then
  redis.call('HSET', dead, 'digest', (held[3] or '') .. ' ' .. ARGV[6]) -- accept.lua knows the job under each of them
end
if ARGV[7] == '1' then redis.call('HSET', dead, 'replayable', 1) end
if ARGV[8] ~= '' then audit(ARGV[8], 'edit', name, ARGV[9]) end
return 1
