-- Write down what the configuration says of one lane ("*": of the provider as a whole, "<account>/<operation>": of one
-- operation), and look anew at what it concerns. A limit that an operator set leads.
-- ARGV: account, limits, the limits as text, max_in_flight (0: no cap), weight, adaptive (0/1), the operations that
--       have limits of their own, separated by spaces
local account, lane = ARGV[1], lane_key(ARGV[1])
local limits, cap = redis.call('HGET', lane, 'limits'), redis.call('HGET', lane, 'max_in_flight')
redis.call('HSET', lane, 'configured', ARGV[2], 'configured_text', ARGV[3], 'max_in_flight', ARGV[4], 'weight', ARGV[5],
  'adaptive', ARGV[6])
if redis.call('HEXISTS', lane, 'ordered_by') == 0 then redis.call('HSET', lane, 'limits', ARGV[2], 'limits_text', ARGV[3]) end
for operation in string.gmatch(redis.call('HGET', lane, 'operations') or '', '%S+') do
  if not string.find(' ' .. ARGV[7] .. ' ', ' ' .. operation .. ' ', 1, true) then
    redis.call('DEL', lane_key(account .. '/' .. operation)) -- no longer configured, nor ordered
  end
end
redis.call('HSET', lane, 'operations', ARGV[7])
if limits ~= redis.call('HGET', lane, 'limits') or cap ~= ARGV[4] then
  if redis.call('SISMEMBER', K .. ':accounts', account) == 1 then look_at_lane(account, now) else look_at_all() end
end
