-- An operator's pause of a lane ("*": of the provider as a whole), for a time or until it is resumed.
-- ARGV: account, pause_us (0: until it is resumed), reason, who, audit detail (JSON)
local account = ARGV[1]
local held_until = number(ARGV[2]) > 0 and now + number(ARGV[2]) or FOR_EVER
redis.call('HSET', lane_key(account), 'held_until', held_until, 'held_reason', ARGV[3], 'held_by', ARGV[4])
audit(ARGV[4], 'pause', account, ARGV[5])
look_at_all() -- it may be shorter than the one before
return held_until
