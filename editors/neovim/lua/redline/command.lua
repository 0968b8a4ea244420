-- `:Redline`: its subcommands, what they take, and how they are completed.

local M = {}

local verdicts = { 'accept', 'reject' }

---@param verdict string
---@return 'accept'|'reject'?
local function verdict_of(verdict)
  if vim.list_contains(verdicts, verdict) then
    return verdict
  end
  require('redline.server').say('say accept or reject', vim.log.levels.WARN)
end

---@class redline.Subcommand
---@field run fun(rest: string, command: vim.api.keyset.create_user_command.command_args)
---@field complete? fun(): string[]

---@type table<string, redline.Subcommand>
local subcommands = {
  rewrite = {
    run = function(rest, command)
      local actions = require('redline.actions')
      local selection = command.range > 0 and actions.lines(command.line1, command.line2) or nil
      actions.rewrite(rest, selection)
    end,
    complete = function()
      return require('redline.actions').instructions()
    end,
  },
  hunk = {
    run = function(rest)
      local verdict = verdict_of(rest)
      if verdict then
        require('redline.actions').hunk(verdict)
      end
    end,
    complete = function()
      return verdicts
    end,
  },
  line = {
    run = function(rest, command)
      local verdict = verdict_of(rest)
      local is_range = command.range > 0
      if verdict then
        local from, to = is_range and command.line1 or nil, is_range and command.line2 or nil
        require('redline.actions').line(verdict, from, to)
      end
    end,
    complete = function()
      return verdicts
    end,
  },
  redirect = {
    run = function(rest)
      require('redline.actions').redirect(rest)
    end,
    complete = function()
      return require('redline.actions').instructions()
    end,
  },
}

for _, name in ipairs({
  'accept',
  'reject',
  'interrupt',
  'retry',
  'next',
  'previous',
  'quickfix',
  'status',
  'log',
}) do
  subcommands[name] = {
    run = function()
      require('redline.actions')[name]()
    end,
  }
end

---@param command vim.api.keyset.create_user_command.command_args
function M.run(command)
  local name, rest = command.args:match('^(%S+)%s*(.-)%s*$')
  local subcommand = subcommands[name]
  if not subcommand then
    require('redline.server').say('there is no :Redline ' .. name, vim.log.levels.ERROR)
    return
  end
  subcommand.run(rest, command)
end

---@param lead string
---@param line string
---@return string[]
function M.complete(lead, line)
  -- What stands before the command is its range.
  local rest = line:match('Redline!?%s+(.*)$') or ''
  local name, argument = rest:match('^(%S+)%s+(.*)$')
  if not name then
    local names = vim.tbl_keys(subcommands)
    table.sort(names)
    return vim.tbl_filter(function(it)
      return vim.startswith(it, lead)
    end, names)
  end
  local complete = vim.tbl_get(subcommands, name, 'complete')
  local before = argument:sub(1, #argument - #lead)
  local found = {}
  for _, text in ipairs(complete and complete() or {}) do
    if vim.startswith(text, argument) then
      found[#found + 1] = text:sub(#before + 1)
    end
  end
  return found
end

return M
