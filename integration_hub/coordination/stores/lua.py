"""The two scripts that Redis runs, each one round trip.

They are `lib/resilience/circuit.py`, `window.py` and `limiter.py` word by word in
Lua; `tests/coordination/test_lua_is_the_core.py` runs both side by side. One
circuit is one hash: s(tate), w(indow), o(pened at), c(ooldown), g(eneration), k (good),
b(ad) and p:<id> = end for every probe in flight.
"""

_COMMON = """
local MAX_PROBE_SECONDS = 3600
local function text(number) return string.format('%.17g', number) end
local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = tonumber(time[1]) + tonumber(time[2]) / 1000000
end
local function read(key)
  local circuit = {s = 'closed', w = '', o = 0, c = 0, g = 0, k = 0, b = 0, p = {}}
  local flat = redis.call('HGETALL', key)
  for i = 1, #flat, 2 do
    local name, value = flat[i], flat[i + 1]
    if string.sub(name, 1, 2) == 'p:' then
      circuit.p[string.sub(name, 3)] = tonumber(value)
    elseif name == 's' or name == 'w' then
      circuit[name] = value
    else
      circuit[name] = tonumber(value)
    end
  end
  return circuit
end
local function write(key, circuit, ttl)
  redis.call('DEL', key)
  redis.call('HSET', key, 's', circuit.s, 'w', circuit.w, 'o', text(circuit.o),
    'c', text(circuit.c), 'g', text(circuit.g), 'k', circuit.k, 'b', circuit.b)
  for id, ends in pairs(circuit.p) do redis.call('HSET', key, 'p:' .. id, text(ends)) end
  redis.call('EXPIRE', key, ttl)
end
"""

# KEYS: circuit, bucket, slots.
# ARGV: now or '', token, probe seconds, cooldown seconds, probes, seconds a token,
#       seconds of a full bucket, slots, slot seconds, time to live.
# Returns: reason or 'go', retry after, generation, 1 for a probe, now.
ADMIT = (
    _COMMON
    + """
local token, probe_seconds, cooldown = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local permits, interval, full = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local max_slots, slot_seconds, ttl = tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10])
local function refuse(reason, seconds) return {reason, text(seconds), '0', 0, text(now)} end

local head = redis.call('HMGET', KEYS[1], 's', 'g')
local state, generation = head[1] or 'closed', head[2] or '0'
local circuit = nil
if state == 'forced_open' then return refuse('circuit', cooldown) end
if state == 'open' or state == 'half_open' then
  circuit = read(KEYS[1])
  if state == 'open' then
    if now < circuit.o then
      circuit.o = now
      redis.call('HSET', KEYS[1], 'o', text(now))
    end
    local left = circuit.o + cooldown - now
    if left > 0 then return refuse('circuit', left) end
    circuit = {s = 'half_open', w = '', o = 0, c = 0, g = circuit.g + 1, k = 0, b = 0, p = {}}
  end
  local alive, count, first = {}, 0, nil
  for id, ends in pairs(circuit.p) do
    if now < ends and ends <= now + MAX_PROBE_SECONDS then
      alive[id] = ends
      count = count + 1
      if not first or ends < first then first = ends end
    end
  end
  circuit.p = alive
  if count == 0 and circuit.k + circuit.b >= permits then circuit.k, circuit.b = 0, 0 end
  if count + circuit.k + circuit.b >= permits then
    return refuse('circuit', math.min(first - now, 1))
  end
  circuit.p[token] = now + math.min(probe_seconds, MAX_PROBE_SECONDS)
  generation = text(circuit.g)
end

local ahead = nil
if interval > 0 then
  local arrival = tonumber(redis.call('GET', KEYS[2]) or '0')
  ahead = math.min(math.max(arrival, now), now + full) + interval
  if ahead - now > full + 1e-6 then return refuse('rate', ahead - now - full) end
end
if max_slots > 0 then
  redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', text(now))
  if redis.call('ZCARD', KEYS[3]) >= max_slots then
    local first = redis.call('ZRANGE', KEYS[3], 0, 0, 'WITHSCORES')
    return refuse('concurrency', math.min(tonumber(first[2]) - now, 1))
  end
  redis.call('ZADD', KEYS[3], text(now + slot_seconds), token)
  local lives = math.ceil(slot_seconds * 1000) + 1000
  if redis.call('PTTL', KEYS[3]) < lives then redis.call('PEXPIRE', KEYS[3], lives) end
end
if ahead then redis.call('SET', KEYS[2], text(ahead), 'PX', math.ceil(full * 1000) + 1000) end
if circuit then write(KEYS[1], circuit, ttl) end
return {'go', '0', generation, circuit and 1 or 0, text(now)}
"""
)

# KEYS: circuit, slots, index of scopes.
# ARGV: now or '', token, outcome, duration ms, slow ms, generation, probes, failure rate,
#       calls needed, 'count' or 'time', window, scope, time to live, 1 if a slot is held,
#       cooldown seconds.
# Returns: 'opened', 'closed' or ''.
SETTLE = (
    _COMMON
    + """
local token, outcome, duration, slow = ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local generation, permits, rate = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local needed, kind, size = tonumber(ARGV[9]), ARGV[10], tonumber(ARGV[11])
local scope, ttl, cooldown = ARGV[12], tonumber(ARGV[13]), tonumber(ARGV[15])
if ARGV[14] == '1' then redis.call('ZREM', KEYS[2], token) end

local bad = outcome == 'failure' or (outcome == 'success' and slow > 0 and duration > slow)
local circuit = read(KEYS[1])
local function turn(state, opened_at, cools)
  circuit = {s = state, w = '', o = opened_at, c = cools, g = circuit.g + 1, k = 0, b = 0, p = {}}
  write(KEYS[1], circuit, ttl)
end

if circuit.s == 'half_open' then
  if not circuit.p[token] then return '' end
  circuit.p[token] = nil
  if outcome ~= 'ignored' then
    if bad then circuit.b = circuit.b + 1 else circuit.k = circuit.k + 1 end
    if circuit.b > 0 and circuit.b / permits >= rate then
      turn('open', now, cooldown)
      return 'opened'
    end
    if circuit.k + circuit.b >= permits then
      turn('closed', 0, 0)
      return 'closed'
    end
  end
  write(KEYS[1], circuit, ttl)
  return ''
end
if circuit.s ~= 'closed' or circuit.g ~= generation or outcome == 'ignored' then return '' end

local window, calls, failed = nil, 0, 0
if kind == 'count' then
  local digits = string.sub(circuit.w, 1, 1) == 'c' and string.sub(circuit.w, 2) or ''
  digits = string.sub(digits .. (bad and '1' or '0'), -size)
  window = 'c' .. digits
  calls = #digits
  local _, ones = string.gsub(digits, '1', '1')
  failed = ones
else
  local width = math.max(1, size / 60)
  local slot = math.floor(now / width)
  local oldest = slot - math.ceil(size / width)
  local parts, here, here_bad = {}, 0, 0
  if string.sub(circuit.w, 1, 1) == 't' then
    for at, count, wrong in string.gmatch(circuit.w, '(%d+):(%d+):(%d+)') do
      local moment = tonumber(at)
      if moment == slot then
        here, here_bad = tonumber(count), tonumber(wrong)
      elseif moment > oldest and moment < slot then
        parts[#parts + 1] = at .. ':' .. count .. ':' .. wrong
        calls = calls + tonumber(count)
        failed = failed + tonumber(wrong)
      end
    end
  end
  here = here + 1
  if bad then here_bad = here_bad + 1 end
  parts[#parts + 1] = string.format('%d:%d:%d', slot, here, here_bad)
  calls, failed = calls + here, failed + here_bad
  window = 't' .. table.concat(parts, ';')
end
if calls >= needed and failed > 0 and failed / calls >= rate then
  redis.call('ZADD', KEYS[3], 0, scope)
  turn('open', now, cooldown)
  return 'opened'
end
if window ~= circuit.w then
  if circuit.w == '' then
    redis.call('ZADD', KEYS[3], 0, scope)
    redis.call('HSET', KEYS[1], 's', 'closed', 'g', text(circuit.g))
  end
  redis.call('HSET', KEYS[1], 'w', window)
  redis.call('EXPIRE', KEYS[1], ttl)
end
return ''
"""
)
