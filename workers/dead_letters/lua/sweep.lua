-- Take names out of an index whose dead letters are gone: their retention has ended.
-- ARGV: the group whose index it is ('': the index of all), names
local index = ARGV[1] == '' and K .. ':dead' or group_key(ARGV[1])
for each = 2, #ARGV do
  if redis.call('EXISTS', dead_key(ARGV[each])) == 0 then redis.call('ZREM', index, ARGV[each]) end
end
if ARGV[1] ~= '' then forget_group_if_empty(ARGV[1]) end
