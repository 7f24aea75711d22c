-- KEYS: one budget. ARGV: the microseconds after which an attempt comes back, how many the budget holds, whether to spend.
-- The budget is the time at which it will be full again. Answers the milliseconds to wait; 0 if something is left.
local each, most, spends = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3] == '1'
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local full_at = math.max(now, tonumber(redis.call('GET', KEYS[1]) or '0')) + each
local wait = full_at - now - each * most
if wait > 0 then
    return math.ceil(wait / 1000)
end
if spends then
    redis.call('SET', KEYS[1], string.format('%.0f', full_at), 'PX', math.ceil((full_at - now) / 1000))
end
return 0
