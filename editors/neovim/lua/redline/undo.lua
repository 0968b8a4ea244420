-- One `u` for one rewrite, also where the user typed while it streamed. Undo goes back in time, and there the
-- user's steps lie between ours; so once the stream has ended, that stretch is told anew: first what the user
-- typed, then each rewrite. The buffer is not touched. The old steps stay in the undo tree as a branch (`g-`).

local server = require('redline.server')

local M = {}

---Where a rewrite's edits lie in the undo tree.
---@class redline.Span
---@field first integer the state before the first
---@field last integer the state behind the last
---@field steps integer how many steps they take
---@field is_shared boolean whether some step holds edits of another rewrite
---@field is_settled? boolean

---@param span? redline.Span
---@param before integer the undo state before an edit
---@param after integer and behind it
---@param is_shared boolean
---@return redline.Span
function M.grown(span, before, after, is_shared)
  if not span or span.is_settled then
    span = { first = before, last = before, steps = 0, is_shared = false }
  end
  local is_new_step = span.last ~= after or span.steps == 0
  return {
    first = span.first,
    last = after,
    steps = span.steps + (is_new_step and 1 or 0),
    is_shared = span.is_shared or is_shared,
  }
end

---Whether one `u` would take back too little or too much of it.
---@param rewrite redline.Rewrite
---@return boolean
function M.is_scattered(rewrite)
  return rewrite.undo.steps > 1 or rewrite.undo.is_shared
end

---Whether every change reads as the model wrote it. Where the user typed in one, what it would be without the
---model's text is not known here.
---@param rewrite redline.Rewrite
---@return boolean
local function is_untouched(rewrite)
  return vim.iter(rewrite.view.hunks):all(function(hunk)
    local shown = server.text(rewrite.buffer, hunk.range, rewrite.encoding)
    return hunk.state == 'rejected' or shown == hunk.newText:gsub('\r\n?', '\n')
  end)
end

---The lines of a buffer as they would be without these rewrites.
---@param lines string[]
---@param rewrites redline.Rewrite[]
---@return string[]
local function without(lines, rewrites)
  local edits = {}
  for _, rewrite in ipairs(rewrites) do
    for _, hunk in ipairs(rewrite.view.hunks) do
      if hunk.state ~= 'rejected' then
        edits[#edits + 1] = { range = hunk.range, newText = hunk.oldText }
      end
    end
  end
  local scratch = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_lines(scratch, 0, -1, false, lines)
  vim.lsp.util.apply_text_edits(edits, scratch, rewrites[1].encoding)
  local before = vim.api.nvim_buf_get_lines(scratch, 0, -1, false)
  vim.api.nvim_buf_delete(scratch, { force = true })
  return before
end

---Brings the current buffer to `lines` in one undo step that touches only what differs.
---@param lines string[]
local function step(lines)
  local old = vim.api.nvim_buf_get_lines(0, 0, -1, false)
  local diff = vim.text and vim.text.diff or vim.diff
  local join = function(all)
    return table.concat(all, '\n') .. '\n'
  end
  local hunks = diff(join(old), join(lines), { result_type = 'indices' })
  require('redline.edits').break_undo()
  for at = #hunks --[[@as table]], 1, -1 do
    local from, count, new, new_count = unpack(hunks[at])
    -- Where nothing goes, the place is behind the line named.
    local first = count == 0 and from or from - 1
    local put = vim.list_slice(lines, new, new + new_count - 1)
    vim.api.nvim_buf_set_lines(0, first, first + count, false, put)
  end
  require('redline.edits').break_undo()
end

---@param buffer integer
---@param call fun()
local function silently_in(buffer, call)
  local ignored = vim.o.eventignore
  vim.o.eventignore = 'all'
  local done, problem = pcall(vim.api.nvim_buf_call, buffer, call)
  vim.o.eventignore = ignored
  if not done then
    error(problem, 0)
  end
end

---@param command 'wundo'|'rundo'
---@param file string
local function history(command, file)
  vim.cmd({
    cmd = command,
    args = { vim.fn.fnameescape(file) },
    bang = command == 'wundo',
    mods = { silent = true },
  })
end

---Tells the undo history since the first of these rewrites anew, in a scratch buffer, and takes it over.
---@param buffer integer
---@param rewrites redline.Rewrite[] in the order of their first edits
local function retell(buffer, rewrites)
  local now = vim.api.nvim_buf_get_lines(buffer, 0, -1, false)
  local file = vim.fn.tempname()
  local scratch = vim.api.nvim_create_buf(false, true)
  vim.bo[scratch].undolevels = vim.bo[buffer].undolevels
  silently_in(buffer, function()
    history('wundo', file)
  end)
  silently_in(scratch, function()
    vim.api.nvim_buf_set_lines(scratch, 0, -1, false, now)
    history('rundo', file)
    vim.cmd('silent undo ' .. rewrites[1].undo.first)
    for at = 1, #rewrites do
      step(without(now, vim.list_slice(rewrites, at)))
    end
    step(now)
    history('wundo', file)
  end)
  vim.api.nvim_buf_delete(scratch, { force = true })
  -- Neovim takes a history only for the very text that it was written for.
  silently_in(buffer, function()
    history('rundo', file)
  end)
  os.remove(file)
end

---Makes each of these rewrites one step, above what the user typed meanwhile.
---@param buffer integer
---@param rewrites redline.Rewrite[]
function M.settle(buffer, rewrites)
  local last = 0
  for _, rewrite in ipairs(rewrites) do
    if not rewrite.is_current or rewrite.view.version ~= server.version(buffer) then
      return
    end
    last = math.max(last, rewrite.undo.last)
  end
  table.sort(rewrites, function(a, b)
    return a.undo.first < b.undo.first or a.undo.first == b.undo.first and a.id < b.id
  end)
  for _, rewrite in ipairs(rewrites) do
    rewrite.undo.is_settled = true
  end
  if not vim.iter(rewrites):all(is_untouched) then
    return
  end
  local keeps_history = vim.bo[buffer].undolevels ~= -1 and vim.go.undolevels ~= -1
  -- Where the user has gone back already, the history is as it was meant to be.
  if keeps_history and vim.fn.undotree(buffer).seq_cur >= last then
    local done, problem = pcall(retell, buffer, rewrites)
    if not done then
      server.say('the undo steps stay apart: ' .. problem, vim.log.levels.WARN)
    end
  end
end

return M
