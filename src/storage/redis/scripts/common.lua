-- What every script begins with.
--
-- KEYS: the record, the index of expiry, the index of what is due, then indexes by owner.
-- All of them are in one slot, and all are declared: a cluster that moves the slot then refuses a script that would
-- find half of them.

-- Where the stored record is listed, as its own fields say.
local function read()
  local found = redis.call('HMGET', KEYS[1], 'version', 'expires_at', 'due_at', 'client', 'subject', 'session')
  return {
    version = found[1],
    expires_at = found[2],
    due_at = found[3],
    client = found[4],
    subject = found[5],
    session = found[6],
  }
end

-- The indexes by owner that list a record.
local function owners(realm, name, held)
  local keys = {}
  for _, column in ipairs({'client', 'subject', 'session'}) do
    if held[column] then
      keys[#keys + 1] = realm .. ':' .. column .. ':' .. held[column]
    end
  end
  if held.version and string.sub(name, 1, 7) == 'client:' then
    keys[#keys + 1] = realm .. ':clients'
  end
  return keys
end

-- Those of the keys that the caller did not declare: it calls again with them.
local function undeclared(keys)
  local declared, missing = {}, {}
  for position = 4, #KEYS do
    declared[KEYS[position]] = true
  end
  for _, key in ipairs(keys) do
    if not declared[key] then
      missing[#missing + 1] = key
    end
  end
  return missing
end

-- Takes the record away, with everything that lists it.
local function take_away(held, listed_by, name, entry)
  redis.call('DEL', KEYS[1])
  for _, key in ipairs(listed_by) do
    redis.call('ZREM', key, name)
  end
  if held.expires_at then
    redis.call('ZREM', KEYS[2], held.expires_at .. ':' .. entry)
  end
  if held.due_at then
    redis.call('ZREM', KEYS[3], held.due_at .. ':' .. entry)
  end
end
