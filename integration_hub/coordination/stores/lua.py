"""The two scripts that Redis runs, each one round trip.

They are `lib/resilience/circuit.py`, `window.py`, `limiter.py` and `turns.py` word by
word in Lua; `tests/coordination/test_lua_is_the_core.py` runs both side by side. One
circuit is one hash: s(tate), w(indow), o(pened at), c(ooldown), g(eneration), k (good),
b(ad) and p:<id> = end for every probe in flight. What is the same for every call of a
method comes first in ARGV, so that it is packed once.
"""

_COMMON = """
local MAX_PROBE_SECONDS = 3600
local function text(number) return string.format('%.17g', number) end
local function moment(given)
  if given ~= '' then return tonumber(given) end
  local time = redis.call('TIME')
  return tonumber(time[1]) + tonumber(time[2]) / 1000000
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

# KEYS: circuit, circuit of the host (or the same), bucket, slots, turns of the bucket,
#       turns of the slots.
# ARGV: cooldown seconds, probes, time to live; the same three of the host (0 probes: no host);
#       seconds a token (0: no rate), seconds of a full bucket, of it kept from batch work;
#       slots (0: no limit), of them kept from batch work;
#       now or '', token, probe seconds, slot seconds, lane, patience, seconds a slot is held.
# Returns: generation, 1 for a probe, now, generation and 1 for a probe of the host;
#          or what is in the way, and retry after.
ADMIT = (
    _COMMON
    + """
local interval, full = tonumber(ARGV[7]), tonumber(ARGV[8])
local max_slots = tonumber(ARGV[10])
local now, token, probe_seconds = moment(ARGV[12]), ARGV[13], tonumber(ARGV[14])
local lane, patience = ARGV[16], tonumber(ARGV[17])

local function refuse(reason, seconds) return {reason, text(seconds)} end

-- The seconds to wait if it refuses; else its generation, and what to write for a probe.
local function knock(key, cooldown, permits)
  local head = redis.call('HMGET', key, 's', 'g')
  local state = head[1] or 'closed'
  if state == 'closed' or state == 'disabled' then return nil, head[2] or '0', nil end
  if state == 'forced_open' then return cooldown end
  local circuit = read(key)
  if state == 'open' then
    if now < circuit.o then
      circuit.o = now
      redis.call('HSET', key, 'o', text(now))
    end
    local left = circuit.o + cooldown - now
    if left > 0 then return left end
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
  if count + circuit.k + circuit.b >= permits then return math.min(first - now, 1) end
  circuit.p[token] = now + math.min(probe_seconds, MAX_PROBE_SECONDS)
  return nil, text(circuit.g), circuit
end

-- The wait until the turn of who waits; without the patience for it, what was asked for.
local function turn(key, wait, each)
  local ends = tonumber(redis.call('HGET', key, lane) or '0')
  -- Not by way of a moment: a double has 0.2 us left there.
  local rest = math.max(math.min(ends - now, 86400), wait)
  if rest > patience then return rest end
  redis.call('HSET', key, lane, text(now + rest + each))
  local lives = math.ceil((rest + each) * 1000) + 1000
  if redis.call('PTTL', key) < lives then redis.call('PEXPIRE', key, lives) end
  return rest
end

-- How long who is not waiting now lets those go first who are.
local function before_me(key)
  if lane == 'now' then return 0 end
  return math.max(0, tonumber(redis.call('HGET', key, 'now') or '0') - now)
end

local wait, generation, circuit = knock(KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2]))
if wait then return refuse('circuit', wait) end
local host_generation, host_circuit = '0', nil
if ARGV[5] ~= '0' then
  wait, host_generation, host_circuit = knock(KEYS[2], tonumber(ARGV[4]), tonumber(ARGV[5]))
  if wait then return refuse('host', wait) end
end

local ahead = nil
if interval > 0 then
  local arrival = tonumber(redis.call('GET', KEYS[3]) or '0')
  ahead = math.min(math.max(arrival, now), now + full) + interval
  local mine = lane == 'batch' and full - tonumber(ARGV[9]) or full
  wait = math.max(ahead - now - mine, before_me(KEYS[5]))
  if wait > 1e-6 then return refuse('rate', turn(KEYS[5], wait, interval)) end
end
if max_slots > 0 then
  redis.call('ZREMRANGEBYSCORE', KEYS[4], '-inf', text(now))
  local mine = lane == 'batch' and max_slots - tonumber(ARGV[11]) or max_slots
  if redis.call('ZCARD', KEYS[4]) >= mine then
    local first = redis.call('ZRANGE', KEYS[4], 0, 0, 'WITHSCORES')
    local hold = tonumber(ARGV[18])
    wait = math.min(tonumber(first[2]) - now, hold)
    return refuse('concurrency', turn(KEYS[6], wait, hold / mine))
  end
  local slot_seconds = tonumber(ARGV[15])
  redis.call('ZADD', KEYS[4], text(now + slot_seconds), token)
  local lives = math.ceil(slot_seconds * 1000) + 1000
  if redis.call('PTTL', KEYS[4]) < lives then redis.call('PEXPIRE', KEYS[4], lives) end
end
if ahead then redis.call('SET', KEYS[3], text(ahead), 'PX', math.ceil(full * 1000) + 1000) end
if circuit then write(KEYS[1], circuit, ARGV[3]) end
if host_circuit then write(KEYS[2], host_circuit, ARGV[6]) end
return {generation, circuit and 1 or 0, text(now), host_generation, host_circuit and 1 or 0}
"""
)

# KEYS: circuit, circuit of the host (or the same), slots, index of scopes.
# ARGV: scope, slow ms, probes, failure rate, calls needed, 'count' or 'time', window,
#       cooldown seconds, time to live; scope of the host (or '') and the same eight of it;
#       1 if a slot is held;
#       now or '', token, outcome, duration ms, generation; outcome and generation of the host.
# Returns: 'opened', 'closed' or '' for the circuit and for that of the host, with a space
# between.
SETTLE = (
    _COMMON
    + """
local now, token, duration = moment(ARGV[20]), ARGV[21], tonumber(ARGV[23])

local function record(w, kind, size, bad)
  if kind == 'count' then
    local digits = string.sub(w, 1, 1) == 'c' and string.sub(w, 2) or ''
    digits = string.sub(digits .. (bad and '1' or '0'), -size)
    local _, ones = string.gsub(digits, '1', '1')
    return 'c' .. digits, #digits, ones
  end
  local width = math.max(1, size / 60)
  local slot = math.floor(now / width)
  local oldest = slot - math.ceil(size / width)
  local parts, here, here_bad, calls, failed = {}, 0, 0, 0, 0
  if string.sub(w, 1, 1) == 't' then
    for at, count, wrong in string.gmatch(w, '(%d+):(%d+):(%d+)') do
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
  return 't' .. table.concat(parts, ';'), calls + here, failed + here_bad
end

-- `base` is where the options of this circuit begin in ARGV.
local function count(key, base, outcome, generation)
  local slow, permits = tonumber(ARGV[base + 1]), tonumber(ARGV[base + 2])
  local rate, needed = tonumber(ARGV[base + 3]), tonumber(ARGV[base + 4])
  local kind, size = ARGV[base + 5], tonumber(ARGV[base + 6])
  local cooldown, ttl = tonumber(ARGV[base + 7]), ARGV[base + 8]
  local bad = outcome == 'failure' or (outcome == 'success' and slow > 0 and duration > slow)
  local circuit = read(key)
  local function go(state, opened_at, cools)
    write(key, {s = state, w = '', o = opened_at, c = cools, g = circuit.g + 1, k = 0, b = 0,
      p = {}}, ttl)
  end
  if circuit.s == 'half_open' then
    if not circuit.p[token] then return '' end
    circuit.p[token] = nil
    if outcome ~= 'ignored' then
      if bad then circuit.b = circuit.b + 1 else circuit.k = circuit.k + 1 end
      if circuit.b > 0 and circuit.b / permits >= rate then
        go('open', now, cooldown)
        return 'opened'
      end
      if circuit.k + circuit.b >= permits then
        go('closed', 0, 0)
        return 'closed'
      end
    end
    write(key, circuit, ttl)
    return ''
  end
  if circuit.s ~= 'closed' or circuit.g ~= generation or outcome == 'ignored' then return '' end
  local window, calls, failed = '', 0, 0
  if bad or kind ~= 'count' or rate < 1 or needed < size then
    window, calls, failed = record(circuit.w, kind, size, bad)
  end
  if calls >= needed and failed > 0 and failed / calls >= rate then
    redis.call('ZADD', KEYS[4], 0, ARGV[base])
    go('open', now, cooldown)
    return 'opened'
  end
  if window ~= circuit.w then
    if circuit.w == '' then
      redis.call('ZADD', KEYS[4], 0, ARGV[base])
      redis.call('HSET', key, 's', 'closed', 'g', text(circuit.g))
    end
    redis.call('HSET', key, 'w', window)
    redis.call('EXPIRE', key, ttl)
  end
  return ''
end

if ARGV[19] == '1' then redis.call('ZREM', KEYS[3], token) end
local moved = count(KEYS[1], 1, ARGV[22], tonumber(ARGV[24]))
if ARGV[10] == '' then return moved end
return moved .. ' ' .. count(KEYS[2], 10, ARGV[25], tonumber(ARGV[26]))
"""
)

# KEYS: circuit, index of scopes. ARGV: scope, state.
# The state that an operator sets; it stays until another does. Returns the state before.
FORCE = (
    _COMMON
    + """
local circuit = read(KEYS[1])
write(KEYS[1], {s = ARGV[2], w = '', o = 0, c = 0, g = circuit.g + 1, k = 0, b = 0,
  p = {}}, 60)
redis.call('PERSIST', KEYS[1])
redis.call('ZADD', KEYS[2], 0, ARGV[1])
return circuit.s
"""
)
