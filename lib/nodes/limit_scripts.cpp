#include "nodes/limit_scripts.hpp"

namespace sluice::nodes {

namespace {
std::string now(ScriptTime time) {
  if (time == ScriptTime::given) return "local now = tonumber(ARGV[#ARGV])\n";
  return "local t = redis.call('TIME')\nlocal now = t[1] * 1000000 + t[2]\n";
}

constexpr const char* windows = R"lua(
local function text(number) return string.format('%.0f', number) end
-- How many places of the window are taken.
local function taken(key, span)
  local newest = redis.call('LINDEX', key, -1)
  if newest and tonumber(newest) > now then redis.call('DEL', key) end
  while true do
    local oldest = redis.call('LINDEX', key, 0)
    if not oldest or tonumber(oldest) + span > now then break end
    redis.call('LPOP', key)
  end
  return redis.call('LLEN', key)
end
-- In how long there is a place; nothing where there is one.
local function full(key, places, span)
  if taken(key, span) >= places then return redis.call('LINDEX', key, -places) + span - now end
end
-- Takes a place; or nothing, and in how long there is one.
local function take(key, places, span)
  local wait = full(key, places, span)
  if wait then return wait end
  redis.call('RPUSH', key, text(now))
  redis.call('PEXPIRE', key, math.ceil(span / 1000))
end
)lua";

constexpr const char* send = R"lua(
local window, cooling, sent, claim, unique = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local places, span, cooldown, slow = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[5])
local says, again = ARGV[6], tonumber(ARGV[7])
local mine = 'w ' .. ARGV[8] .. ' '

if ARGV[10] == '1' then
  local known = redis.call('GET', claim)
  -- What this node has taken, and was not told in time that it has, it knows better.
  if known and string.sub(known, 1, #mine) ~= mine then return {'key', known} end
end

local last_at, last_says
local last = redis.call('LINDEX', sent, -1)
if last then
  last_at, last_says = string.match(last, '^(%d+) (%S+)')
  last_at = math.min(tonumber(last_at), now)
end
if cooldown > 0 then
  local at = tonumber(redis.call('GET', cooling) or '')
  if at and math.min(at, now) + cooldown > now then
    return {'limited', text(math.min(at, now) + cooldown - now), text(math.max(0, places - taken(window, span)))}
  end
end
local wait = full(window, places, span)
if wait then return {'limited', text(wait), '0'} end
if slow > 0 and last and last_at + slow > now then return {'slow', text(last_at + slow - now)} end
take(window, places, span)
if tonumber(ARGV[4]) > 0 then redis.call('SET', cooling, text(now), 'PX', math.ceil(ARGV[4] / 1000)) end

if again > 0 and last and last_says == says and last_at + again > now then
  return {'repeated', text(last_at + again - now)}
end
if ARGV[11] == '1' and not redis.call('SET', unique, mine .. ARGV[9], 'NX', 'EX', 10) then return {'unique'} end

local entry = text(now) .. ' ' .. says .. ' ' .. ARGV[9]
redis.call('RPUSH', sent, entry)
redis.call('LTRIM', sent, -8, -1)
redis.call('PEXPIRE', sent, math.max(120000, math.ceil(again / 1000)))
if ARGV[10] == '1' then redis.call('SET', claim, mine .. ARGV[9], 'EX', 15) end
return {'passed', entry}
)lua";

constexpr const char* take_back = R"lua(
redis.call('LREM', KEYS[1], -1, ARGV[1])
for i = 2, #KEYS do
  if redis.call('GET', KEYS[i]) == ARGV[2] then redis.call('DEL', KEYS[i]) end
end
return {'done'}
)lua";

constexpr const char* whisper = R"lua(
for i = 1, #KEYS do
  if take(KEYS[i], tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])) then return {'no', text(i)} end
end
return {'good'}
)lua";

constexpr const char* tell = R"lua(
local elsewhere = redis.call('PUBSUB', 'NUMSUB', ARGV[4])[2]
if elsewhere == 0 and ARGV[6] ~= '1' then return {'nobody'} end
if redis.call('SISMEMBER', KEYS[1], ARGV[1]) == 0 then
  local people = redis.call('SCARD', KEYS[1])
  if people >= tonumber(ARGV[2]) then return {'people'} end
  redis.call('SADD', KEYS[1], ARGV[1])
  if people == 0 then redis.call('EXPIRE', KEYS[1], ARGV[3]) end
end
if elsewhere > 0 then redis.call('PUBLISH', ARGV[4], ARGV[5]) end
return {'told'}
)lua";
}  // namespace

std::string send_script(ScriptTime time) {
  return now(time) + windows + send;
}

std::string take_back_script() {
  return take_back;
}

std::string whisper_script(ScriptTime time) {
  return now(time) + windows + whisper;
}

std::string tell_script() {
  return tell;
}

}  // namespace sluice::nodes
