-- Tells which calls the user may not make, and makes none of them.
-- ARGV the calls, the words of each divided by spaces
-- Returns the positions of those the user may not make, or unknown on a server
--         before Redis 7
if not redis.acl_check_cmd then return 'unknown' end
local denied = {}
for i, call in ipairs(ARGV) do
  local words = {}
  for word in string.gmatch(call, '%S+') do words[#words + 1] = word end
  if not redis.acl_check_cmd(unpack(words)) then denied[#denied + 1] = i end
end
return denied
