-- Prints what a run of wrk found, in one line: requests, seconds, failures, p50 and p99 in milliseconds.
done = function(summary, latency, requests)
  local errors = summary.errors
  local failures = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  print(string.format("FOUND %d %f %d %f %f", summary.requests, summary.duration / 1e6, failures,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
