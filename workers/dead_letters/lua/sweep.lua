-- Take names out of the index whose dead letters are gone: their retention has ended.
-- KEYS: the index P:dead. ARGV: names
for _, name in ipairs(ARGV) do
  if redis.call('EXISTS', KEYS[1] .. ':' .. name) == 0 then redis.call('ZREM', KEYS[1], name) end
end
