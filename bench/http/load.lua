-- What wrk sends: the requests of a file, each "length, newline, bytes", one after the other. With a pause, each connection
-- waits for a random time of that mean (milliseconds) before each request. Ends with one line of JSON.

function init(args)
  local file = assert(io.open(args[1], "rb"))
  requests, at = {}, 0
  while true do
    local length = file:read("*n")
    if not length then break end
    file:read(1)
    requests[#requests + 1] = file:read(length)
  end
  file:close()
  local mean = tonumber(args[2])
  if mean > 0 then
    delay = function() return math.floor(-mean * math.log(1 - math.random()) + 0.5) end
  end
end

function request()
  at = at % #requests + 1
  return requests[at]
end

function done(summary, latency, _)
  local e = summary.errors
  io.write(string.format(
    '{"requests":%d,"micros":%d,"failed":%d,"p50":%d,"p99":%d}\n',
    summary.requests, summary.duration, e.connect + e.read + e.write + e.status + e.timeout,
    latency:percentile(50), latency:percentile(99)))
end
