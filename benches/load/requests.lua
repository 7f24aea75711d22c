-- One operation, over and over: each request takes the next credential of a supply.
--
--   wrk … -s requests.lua URL -- PATH AUTHORIZATION BODY SUPPLY KEEP KEPT ENOUGH
--
-- BODY has a %s where the credential goes. SUPPLY is a file of credentials, one a line, taken in turns. KEEP is a pattern;
-- what it finds in an answer goes to the file KEPT until there are ENOUGH, which ends everything, or with KEPT = "feed" back
-- to the supply, from which each is then taken once. A "-" stands for none.

local path, body, keep, kept, enough
local supply, head, tail = {}, 1, 0
local found_so_far = 0

function init(args)
    path, body, keep = args[1], args[3], args[5]
    wrk.method = "POST"
    wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
    if args[2] ~= "-" then wrk.headers["Authorization"] = args[2] end
    if args[4] ~= "-" then
        for line in io.lines(args[4]) do
            tail = tail + 1
            supply[tail] = line
        end
    end
    if keep ~= "-" then
        kept, enough = args[6], tonumber(args[7])
        if kept ~= "feed" then
            kept = io.open(kept, "w")
            kept:setvbuf("no")
        end
        response = keep_from
    end
end

function request()
    if tail == 0 then return wrk.format(nil, path, nil, body) end
    local credential = supply[head]
    if kept == "feed" then
        supply[head] = nil
        head = head + 1
    else
        head = head % tail + 1
    end
    return wrk.format(nil, path, nil, (body:gsub("%%s", credential)))
end

function keep_from(_, _, answer)
    local found = answer:match(keep)
    if not found then return end
    if kept == "feed" then
        tail = tail + 1
        supply[tail] = found
        return
    end
    kept:write(found, "\n")
    found_so_far = found_so_far + 1
    if found_so_far >= enough then os.exit(0) end
end

function done(summary, latency)
    local errors = summary.errors
    local bad = errors.connect + errors.read + errors.write + errors.status + errors.timeout
    print(string.format("measured %d %d %d %d %d", summary.requests, summary.duration, bad,
        latency:percentile(50), latency:percentile(99)))
end
