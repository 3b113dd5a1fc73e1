-- ARGV: now, rates. Returns "counted" and what is owed, or "rate_limited", which rate, µs to wait.

local owed, refusal = countRates(ARGV[2])
return refusal or { "counted", owed }
