-- Answer a message that is not a valid job: its event into the outbox, its bytes into one counted dead letter.
-- ARGV: dead letter id, event, routing key, retention_ms, then field and value pairs of the dead letter
local dead = dead_key(ARGV[1])
unlist_dead(ARGV[1]) -- of an earlier time, and perhaps for another reason
put_in_outbox(ARGV[2], ARGV[3])
redis.call('HSET', dead, 'event', ARGV[2], 'routing_key', ARGV[3], 'died_at', now, unpack(ARGV, 5))
redis.call('HINCRBY', dead, 'count', 1)
redis.call('PEXPIRE', dead, ARGV[4])
list_dead(ARGV[1], now)
