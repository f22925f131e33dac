-- The next dead letters of an index, newest first: their names, or what a text is looked for in.
-- ARGV: the group whose index it is ('': the index of all), newest and oldest death (us), how many at most, how many
--       bytes are enough, with their texts (0/1), then the names that were read of the newest death already
-- Returns {the oldest death of these, those of them that died then, names}; with texts, each name is a text's first line
local newest, most, enough = ARGV[2], number(ARGV[4]), number(ARGV[5])
local index = ARGV[1] == '' and K .. ':dead' or group_key(ARGV[1])
local known, many_known = {}, #ARGV - 6
for each = 7, #ARGV do known[ARGV[each]] = true end -- of one microsecond several may have died, on both sides of a page's edge
local oldest, of_oldest, found, bytes = newest, {}, {}, 0
local page = redis.call('ZREVRANGEBYSCORE', index, newest, ARGV[3], 'WITHSCORES', 'LIMIT', 0, most + many_known)
for each = 1, #page, 2 do
  local name, died_at = page[each], page[each + 1]
  if not known[name] then
    if died_at ~= oldest then oldest, of_oldest = died_at, {} end
    of_oldest[#of_oldest + 1] = name
    local text = name
    if ARGV[6] == '1' then
      local about = redis.call('HMGET', dead_key(name), 'message', 'provider_code', 'body', 'edited')
      text = table.concat({name, about[1] or '', about[2] or '', about[3] or '', about[4] or ''}, '\n')
    end
    found[#found + 1] = text
    bytes = bytes + #text
    if bytes >= enough then break end
  end
end
return {oldest, of_oldest, found}
