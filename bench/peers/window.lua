-- window - an exact sliding window: KEYS[1] the operations done, ARGV the window in ms and the limit; 1 when there is a right
-- SPDX-License-Identifier: Apache-2.0
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[1])
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then
	return 0
end
redis.call('ZADD', KEYS[1], now, time[1] .. ':' .. time[2])
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return 1
