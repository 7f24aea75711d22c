-- Removes a record that still expires when the index of expiry says.
--
-- Answers 1 if this call took it away, or what was left of it after Redis had expired it, 0 if it was renewed or is
-- gone already, or the keys that are missing.

local realm, name, entry, expires_at = ARGV[1], ARGV[2], ARGV[3], ARGV[4]

local held = read()
if held.expires_at ~= expires_at then
  -- Of several purges, the one that takes the entry counts it.
  local taken = redis.call('ZREM', KEYS[2], expires_at .. ':' .. entry)
  return held.version and 0 or taken
end
local listed_by = owners(realm, name, held)
local missing = undeclared(listed_by)
if #missing > 0 then
  return missing
end
take_away(held, listed_by, name, entry)
return 1
