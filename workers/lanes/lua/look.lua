-- How does everything of this partition stand, at one moment? Changes nothing.
-- ARGV: accounts; those with work to come are looked at, too.
-- Returns {now, handed, running, dead letters, events in the outbox, when its oldest came in ms or 0, the lane "*",
--          {account, lane, when its first job is due or -1}, …}, lanes as names and values in turn
local function first_due(account)
  local first = -1
  for _, row in ipairs(redis.call('SMEMBERS', rows_key(account))) do
    local due = redis.call('ZRANGE', waiting_key(account, row), 0, 0, 'WITHSCORES')[2]
    if due and (first < 0 or number(due) < first) then first = number(due) end
  end
  return first
end

local oldest = redis.call('XRANGE', K .. ':outbox', '-', '+', 'COUNT', 1)[1]
local answer = {now, redis.call('ZCARD', K .. ':handed'), redis.call('ZCARD', K .. ':running'),
  redis.call('ZCARD', K .. ':dead'), redis.call('XLEN', K .. ':outbox'),
  oldest and number(string.match(oldest[1], '^%d+')) or 0, redis.call('HGETALL', lane_key('*'))}
local seen = {}
local function look_at(accounts)
  for _, account in ipairs(accounts) do
    if not seen[account] then
      answer[#answer + 1] = {account, redis.call('HGETALL', lane_key(account)), first_due(account)}
    end
    seen[account] = true
  end
end
look_at(ARGV)
look_at(redis.call('ZRANGE', K .. ':lanes', 0, -1))
return answer
