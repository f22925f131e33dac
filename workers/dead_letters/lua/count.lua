-- Count the dead letters of each group. ARGV: oldest, newest death that counts (us).
-- Returns {{group, count, first death, last death}, …} of those groups that have any
local ONCE, TIMES = 10, 1000 -- few are looked at where none has gone; what is more is swept by the next command
local counted = {}
for _, group in ipairs(redis.call('SMEMBERS', K .. ':dead:groups')) do
  local index = group_key(group)
  for _ = 1, TIMES do
    if not sweep_oldest(index, ONCE) then break end
  end
  forget_group_if_empty(group)
  local count = redis.call('ZCOUNT', index, ARGV[1], ARGV[2])
  if count > 0 then
    local first = redis.call('ZRANGEBYSCORE', index, ARGV[1], ARGV[2], 'WITHSCORES', 'LIMIT', 0, 1)
    local last = redis.call('ZREVRANGEBYSCORE', index, ARGV[2], ARGV[1], 'WITHSCORES', 'LIMIT', 0, 1)
    counted[#counted + 1] = {group, count, first[2], last[2]}
  end
end
return counted
