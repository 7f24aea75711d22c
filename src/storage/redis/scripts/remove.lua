-- Removes a record that still has the expected version.
--
-- Answers 1 if it is gone, 0 if it has another version, or the keys that are missing.

local realm, name, entry, expected = ARGV[1], ARGV[2], ARGV[3], ARGV[4]

local held = read()
if not held.version then
  return 1
end
if held.version ~= expected then
  return 0
end
local listed_by = owners(realm, name, held)
local missing = undeclared(listed_by)
if #missing > 0 then
  return missing
end
take_away(held, listed_by, name, entry)
return 1
