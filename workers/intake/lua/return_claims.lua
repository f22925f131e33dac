-- Give back what readers hold that have not been heard of for a while, to the end that is read next.
-- KEYS: the register of readers, the source. ARGV: seconds of silence, the prefix of the readers' claims
local clock = redis.call('TIME')
local readers = redis.call('HGETALL', KEYS[1])
local returned = 0
for i = 1, #readers, 2 do
  if tonumber(clock[1]) - tonumber(readers[i + 1]) >= tonumber(ARGV[1]) then
    while redis.call('LMOVE', ARGV[2] .. readers[i], KEYS[2], 'LEFT', 'RIGHT') do returned = returned + 1 end
    redis.call('HDEL', KEYS[1], readers[i])
  end
end
return returned
