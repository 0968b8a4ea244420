-- What a person can do: each function asks the server for one thing, at the cursor unless told otherwise.
-- `:Redline` and the `<Plug>` maps lead here.

local places = require('redline.places')
local rewrites = require('redline.rewrites')
local server = require('redline.server')

local M = {}

local warn = vim.log.levels.WARN

---What is to be rewritten: rows from 0, columns in bytes, the end exclusive.
---@class redline.Selection
---@field first [integer, integer]
---@field last [integer, integer]

---@return integer buffer
---@return integer row from 0
local function here()
  return vim.api.nvim_get_current_buf(), vim.api.nvim_win_get_cursor(0)[1] - 1
end

---Whole lines, counted from 1 and both inclusive, as commands have them.
---@param from integer
---@param to integer
---@return redline.Selection
function M.lines(from, to)
  local last = vim.api.nvim_buf_get_lines(0, to - 1, to, false)[1] or ''
  return { first = { from - 1, 0 }, last = { to - 1, #last } }
end

---The visual selection, which ends with it; lines and blocks count as whole lines.
---@return redline.Selection
function M.visual()
  local mode = vim.fn.mode()
  local anchor, cursor = vim.fn.getpos('v'), vim.fn.getpos('.')
  vim.api.nvim_feedkeys(vim.keycode('<Esc>'), 'nx', false)
  if anchor[2] > cursor[2] or anchor[2] == cursor[2] and anchor[3] > cursor[3] then
    anchor, cursor = cursor, anchor
  end
  if mode ~= 'v' then
    return M.lines(anchor[2], cursor[2])
  end
  local line = vim.api.nvim_buf_get_lines(0, cursor[2] - 1, cursor[2], false)[1] or ''
  local column = math.min(cursor[3], #line)
  local last = column > 0 and column + vim.str_utf_end(line, column) or 0
  return { first = { anchor[2] - 1, anchor[3] - 1 }, last = { cursor[2] - 1, last } }
end

---Nothing selected: the server takes what the cursor stands in.
---@return redline.Selection
function M.cursor()
  local _, row = here()
  local column = vim.api.nvim_win_get_cursor(0)[2]
  return { first = { row, column }, last = { row, column } }
end

---Instructions given in this session, newest first.
---@type string[]
M.history = {}

---What may be asked: the instructions of this session, newest first, and each preset that fits as `/name`.
---@return string[]
function M.instructions()
  local found = vim.list_extend({}, M.history)
  local client = server.client()
  local argument = { uri = vim.uri_from_bufnr(0) }
  local params = { command = 'redline.presets', arguments = { argument } }
  local answer = client and client:request_sync('workspace/executeCommand', params, 500)
  for _, preset in ipairs(answer and answer.result or {}) do
    found[#found + 1] = '/' .. preset.name
  end
  return found
end

---Completes what `vim.ui.input` asks for.
---@param lead string
---@return string[]
function M.complete(lead)
  return vim.tbl_filter(function(it)
    return vim.startswith(it, lead)
  end, M.instructions())
end

---@param instruction? string
---@param prompt string
---@param go fun(instruction: string)
local function with_instruction(instruction, prompt, go)
  local function take(text)
    if not text or vim.trim(text) == '' then
      return
    end
    M.history = vim.tbl_filter(function(old)
      return old ~= text
    end, M.history)
    table.insert(M.history, 1, text)
    go(text)
  end
  if instruction and instruction ~= '' then
    take(instruction)
  else
    local complete = "customlist,v:lua.require'redline.actions'.complete"
    vim.ui.input({ prompt = prompt, completion = complete }, take)
  end
end

local kept = vim.api.nvim_create_namespace('redline.kept')

---Rewrites a selection; without an instruction it is asked for.
---@param instruction? string
---@param selection? redline.Selection
---@param options? { preset?: string, apply?: 'auto'|'live'|'once'|'preview' }
function M.rewrite(instruction, selection, options)
  local buffer = vim.api.nvim_get_current_buf()
  local client = server.client(buffer)
  if not client then
    return server.say('no server for this buffer, see :checkhealth redline', warn)
  end
  selection = selection or M.cursor()
  options = options or {}
  -- While the instruction is typed, text above may still stream.
  local first, last = selection.first, selection.last
  local mark = vim.api.nvim_buf_set_extmark(buffer, kept, first[1], first[2], {
    end_row = last[1],
    end_col = last[2],
    strict = false,
  })
  local function send(text)
    local found = vim.api.nvim_buf_get_extmark_by_id(buffer, kept, mark, { details = true })
    vim.api.nvim_buf_del_extmark(buffer, kept, mark)
    local encoding = client.offset_encoding
    server.execute(buffer, 'redline.rewrite', {
      uri = vim.uri_from_bufnr(buffer),
      range = {
        start = server.position(buffer, found[1], found[2], encoding),
        ['end'] = server.position(buffer, found[3].end_row, found[3].end_col, encoding),
      },
      instruction = text,
      preset = options.preset,
      apply = options.apply,
      version = server.version(buffer),
    })
  end
  if options.preset then
    send(nil)
  else
    with_instruction(instruction, 'Redline: ', send)
  end
end

---The open rewrite that is meant: at the cursor, else the only one.
---@return redline.Rewrite?
local function meant()
  local buffer, row = here()
  local rewrite = rewrites.at(buffer, row)
  if not rewrite then
    local several = #rewrites.open(buffer) > 1
    local why = several and 'put the cursor into one of the rewrites' or 'no rewrite is open here'
    server.say(why, warn)
  end
  return rewrite
end

---The change that is meant: at the cursor, else the only one.
---@return redline.PlacedHunk?
local function meant_hunk()
  local buffer, row = here()
  local all = M.hunks(buffer)
  for _, placed in ipairs(all) do
    if placed.first <= row and row < math.max(placed.last, placed.first + 1) then
      return placed
    end
  end
  if #all == 1 then
    return all[1]
  end
  server.say(#all > 1 and 'put the cursor on one of the changes' or 'no change waits here', warn)
end

---The changes of a buffer that wait for a decision, from top to bottom.
---@param buffer? integer
---@return redline.PlacedHunk[]
function M.hunks(buffer)
  local all = {}
  for _, rewrite in ipairs(rewrites.open(buffer)) do
    vim.list_extend(all, places.hunks(rewrite))
  end
  return all
end

---@param command string
---@param more? table
local function on_meant(command, more)
  local rewrite = meant()
  if rewrite then
    local argument = vim.tbl_extend('force', { rewrite = rewrite.id }, more or {})
    server.execute(rewrite.buffer, command, argument)
  end
end

function M.accept()
  on_meant('redline.accept')
end

function M.reject()
  on_meant('redline.reject')
end

---@param verdict 'accept'|'reject'
function M.hunk(verdict)
  local placed = meant_hunk()
  if placed then
    local argument = { rewrite = placed.rewrite.id, hunk = placed.hunk.index }
    server.execute(placed.rewrite.buffer, 'redline.' .. verdict, argument)
  end
end

---Decides single lines of the change at the cursor; from 1, both inclusive.
---@param verdict 'accept'|'reject'
---@param from? integer
---@param to? integer
function M.line(verdict, from, to)
  local placed = meant_hunk()
  if not placed then
    return
  end
  local _, row = here()
  local first = math.max((from or row + 1) - 1, placed.first)
  local last = math.min(to or row + 1, placed.last)
  if first >= last then
    return server.say('these lines are not part of the change', warn)
  end
  server.execute(placed.rewrite.buffer, 'redline.' .. verdict, {
    rewrite = placed.rewrite.id,
    hunk = placed.hunk.index,
    lines = { first - placed.first, last - placed.first },
  })
end

---Stops the stream; what has come in complete lines is proposed.
function M.interrupt()
  on_meant('redline.interrupt')
end

---Stops, takes the text back and starts anew with another instruction.
---@param instruction? string
function M.redirect(instruction)
  local rewrite = meant()
  if rewrite then
    with_instruction(instruction, 'Redline, instead: ', function(text)
      local argument = { rewrite = rewrite.id, instruction = text }
      server.execute(rewrite.buffer, 'redline.redirect', argument)
    end)
  end
end

---The same instruction again, also where the newest rewrite is over.
function M.retry()
  local buffer, row = here()
  local rewrite = rewrites.at(buffer, row) or rewrites.newest(buffer)
  if not rewrite then
    return server.say('there is nothing to try again', warn)
  end
  server.execute(buffer, 'redline.retry', { rewrite = rewrite.id })
end

---Moves to another change, round the end of the buffer if need be.
---@param step 1|-1
local function jump(step)
  local buffer, row = here()
  local all = M.hunks(buffer)
  if #all == 0 then
    return server.say('no change waits here', warn)
  end
  local target
  for at = step == 1 and 1 or #all, step == 1 and #all or 1, step do
    local first = all[at].first
    if not target and (step == 1 and first > row or step == -1 and first < row) then
      target = first
    end
  end
  target = target or all[step == 1 and 1 or #all].first
  target = math.min(target, vim.api.nvim_buf_line_count(buffer) - 1)
  vim.cmd("normal! m'")
  vim.api.nvim_win_set_cursor(0, { target + 1, 0 })
  vim.cmd('normal! ^')
end

function M.next()
  jump(1)
end

function M.previous()
  jump(-1)
end

---Fills the quickfix list with all changes that wait, and opens it.
function M.quickfix()
  local items = {}
  for _, placed in ipairs(M.hunks()) do
    local hunk = placed.hunk
    local _, added = hunk.newText:gsub('[^\n]+\n?', '')
    local _, removed = hunk.oldText:gsub('[^\n]+\n?', '')
    local sample = vim.trim(hunk.newText):match('^[^\n]*')
    items[#items + 1] = {
      bufnr = placed.rewrite.buffer,
      lnum = placed.first + 1,
      end_lnum = math.max(placed.last, placed.first + 1),
      col = 1,
      text = ('+%d -%d  %s'):format(added, removed, sample),
      type = hunk.state == 'conflict' and 'W' or 'I',
    }
  end
  if #items == 0 then
    return server.say('no change waits', warn)
  end
  vim.fn.setqflist({}, ' ', { title = 'Redline', items = items })
  vim.cmd('botright copen')
end

---Shows the connection, the model and the last times.
function M.status()
  server.execute(vim.api.nvim_get_current_buf(), 'redline.status', nil, function(status)
    local function known(value)
      return value ~= nil and value ~= vim.NIL
    end
    local words = { status.connection }
    if known(status.model) then
      words[#words + 1] = status.model
    end
    if known(status.url) then
      words[#words + 1] = status.url
    end
    if status.queue > 0 then
      words[#words + 1] = ('%d running'):format(status.queue)
    end
    local first = vim.tbl_get(status, 'timings', 'firstDelta')
    if first then
      words[#words + 1] = ('last first text after %.0f ms'):format(first)
    end
    server.say(table.concat(words, ', '))
    if known(status.problem) then
      server.say(status.problem, warn)
    end
  end)
end

---Where the server's log is by default, for when there is no server to ask.
---@return string
function M.log_file()
  local home = vim.env.XDG_STATE_HOME or vim.fs.joinpath(vim.env.HOME or vim.uv.os_homedir(), '.local/state')
  if vim.fn.has('win32') == 1 then
    home = vim.env.APPDATA or home
  end
  return vim.fs.joinpath(home, 'redline', 'redline.log')
end

---@param file string
local function open_log(file)
  if vim.fn.filereadable(file) == 0 then
    return server.say('there is no log at ' .. file, warn)
  end
  vim.cmd.split({ args = { vim.fn.fnameescape(file) } })
  vim.cmd('setlocal autoread nomodifiable | normal! G')
end

function M.log()
  local buffer = vim.api.nvim_get_current_buf()
  if not server.client(buffer) then
    return open_log(M.log_file())
  end
  server.execute(buffer, 'redline.status', nil, function(status)
    open_log(status.log ~= vim.NIL and status.log or M.log_file())
  end)
end

return M
