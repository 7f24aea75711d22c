-- Writes a record if what was expected still holds, and lists it under its owners, in one step.
--
-- KEYS, after the first three: the indexes by owner that are to list the record, then those that must let it go.
-- Answers 1 if it is applied, 0 if not, or the keys that are missing.

local realm, name, entry = ARGV[1], ARGV[2], ARGV[3]
local expected, version, body = ARGV[4], ARGV[5], ARGV[6]
local expires_at, due_at = ARGV[7], ARGV[8]
local native, margin = ARGV[9], ARGV[10]
local next_owners = tonumber(ARGV[11])

local held = read()
if held.version == version then
  return 1
end
if (held.version or '') ~= expected then
  return 0
end
local before = owners(realm, name, held)
local missing = undeclared(before)
if #missing > 0 then
  return missing
end

local now, ends
if native ~= '' then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
  ends = math.max(tonumber(native), now + tonumber(margin))
end

-- Indexes first: whatever stops a script half-way, no record is there that its owner's listing misses.
local stays = {}
for position = 4, 3 + next_owners do
  local key = KEYS[position]
  local left = redis.call('PTTL', key)
  redis.call('ZADD', key, 0, name)
  if not ends then
    redis.call('PERSIST', key)
  elseif left == -2 or (left >= 0 and now + left < ends) then
    redis.call('PEXPIREAT', key, string.format('%.0f', ends))
  end
  stays[key] = true
end
if expires_at ~= '' then
  redis.call('ZADD', KEYS[2], 0, expires_at .. ':' .. entry)
end
if due_at ~= '' then
  redis.call('ZADD', KEYS[3], 0, due_at .. ':' .. entry)
end

redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'version', version, 'body', body, unpack(ARGV, 12))
if ends then
  redis.call('PEXPIREAT', KEYS[1], string.format('%.0f', ends))
end

for _, key in ipairs(before) do
  if not stays[key] then
    redis.call('ZREM', key, name)
  end
end
if held.expires_at and held.expires_at ~= expires_at then
  redis.call('ZREM', KEYS[2], held.expires_at .. ':' .. entry)
end
if held.due_at and held.due_at ~= due_at then
  redis.call('ZREM', KEYS[3], held.due_at .. ':' .. entry)
end
return 1
