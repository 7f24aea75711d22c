-- Takes an entry out of an index if the record does not say that it belongs there.
--
-- KEYS: the record, the index. An expected value of '' means that the record is there at all.

local column, expected, member = ARGV[1], ARGV[2], ARGV[3]

local held = redis.call('HGET', KEYS[1], column)
if held and (expected == '' or held == expected) then
  return 0
end
return redis.call('ZREM', KEYS[2], member)
