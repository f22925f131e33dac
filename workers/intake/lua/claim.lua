-- Claim entries of a list for one reader, oldest first; what it holds already comes before anything new.
-- KEYS: the reader's claims, the register of readers, then the sources. ARGV: how many, the reader's name
local clock = redis.call('TIME')
redis.call('HSET', KEYS[2], ARGV[2], clock[1])
local most = tonumber(ARGV[1])
for source = 3, #KEYS do
  while redis.call('LLEN', KEYS[1]) < most do
    if not redis.call('LMOVE', KEYS[source], KEYS[1], 'RIGHT', 'LEFT') then break end
  end
end
return redis.call('LRANGE', KEYS[1], 0, -1)
