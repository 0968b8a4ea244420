-- What the server has told about the rewrites of each buffer, and what follows from its news.
-- How they look is in `render`, where they stand in `places`, the undo steps in `edits` and `undo`.

local places = require('redline.places')
local render = require('redline.render')
local server = require('redline.server')
local undo = require('redline.undo')

local M = {}

---One rewrite as it is known here.
---@class redline.Rewrite
---@field id integer
---@field buffer integer
---@field encoding string
---@field view redline.RewriteChanged the newest news
---@field is_current boolean whether the places in `view` are those of the buffer as it was then
---@field began number milliseconds of this process' clock
---@field base? string[] the lines of the region before the first edit
---@field places redline.Places
---@field paint integer[] extmarks that show it
---@field word? integer the extmark of the word on how it goes
---@field painted? integer the buffer's changedtick when the stream was painted last
---@field undo? redline.Span

---@type table<integer, redline.Rewrite>
local rewrites = {}

local group = vim.api.nvim_create_augroup('redline', {})
local running = { requested = true, streaming = true }
local waiting = { proposed = true, interrupted = true }

---@return number
local function now()
  return vim.uv.hrtime() / 1e6
end

---@param rewrite redline.Rewrite
---@return boolean
function M.is_running(rewrite)
  return running[rewrite.view.state] or false
end

---Whether it goes on, or waits for a decision.
---@param rewrite redline.Rewrite
---@return boolean
function M.is_open(rewrite)
  return running[rewrite.view.state] or waiting[rewrite.view.state] or false
end

---@param id integer
---@return redline.Rewrite?
function M.get(id)
  return rewrites[id]
end

---The open rewrites of a buffer, or of all, from top to bottom.
---@param buffer? integer
---@return redline.Rewrite[]
function M.open(buffer)
  local found = vim.tbl_filter(function(rewrite)
    return M.is_open(rewrite) and (not buffer or rewrite.buffer == buffer)
  end, vim.tbl_values(rewrites))
  local first = vim.iter(found):fold({}, function(rows, rewrite)
    rows[rewrite.id] = places.region(rewrite)
    return rows
  end)
  table.sort(found, function(a, b)
    if a.buffer ~= b.buffer then
      return a.buffer < b.buffer
    end
    return first[a.id] < first[b.id]
  end)
  return found
end

---The newest rewrite of a buffer, also one that is over.
---@param buffer integer
---@return redline.Rewrite?
function M.newest(buffer)
  local newest
  for id, rewrite in pairs(rewrites) do
    if rewrite.buffer == buffer and (not newest or id > newest.id) then
      newest = rewrite
    end
  end
  return newest
end

---The open rewrite at a row (from 0), else the only one of the buffer.
---@param buffer integer
---@param row integer
---@return redline.Rewrite?
function M.at(buffer, row)
  local open = M.open(buffer)
  for _, rewrite in ipairs(open) do
    local first, last = places.region(rewrite)
    if first <= row and row < math.max(last, first + 1) then
      return rewrite
    end
  end
  return #open == 1 and open[1] or nil
end

---Tokens a second since the first one came; nothing before there is something to count.
---@param rewrite redline.Rewrite
---@return number?
function M.pace(rewrite)
  local first = rewrite.view.timings.firstDelta
  if not first then
    return nil
  end
  local seconds = (now() - rewrite.began - first) / 1000
  return seconds > 0.1 and rewrite.view.tokens.output / seconds or nil
end

---Asks the server how the rewrites of a buffer stand, and takes that over.
---@param buffer integer
local function refresh(buffer)
  local client = vim.api.nvim_buf_is_loaded(buffer) and server.client(buffer)
  if not client then
    return
  end
  server.execute(buffer, 'redline.list', { uri = vim.uri_from_bufnr(buffer) }, function(views)
    for _, view in ipairs(views) do
      local known = rewrites[view.rewrite]
      if known and M.is_open(known) then
        M.on_changed(nil, view, { client_id = client.id, method = 'redline/rewriteChanged' })
      end
    end
  end)
end

---Puts in order what undo takes back, once nothing streams and no keys are pending.
---@param buffer integer
local function settle_undo(buffer)
  local unsettled = {}
  for _, rewrite in pairs(rewrites) do
    if rewrite.buffer == buffer and M.is_running(rewrite) then
      return
    end
    local stands = waiting[rewrite.view.state] or rewrite.view.state == 'accepted'
    if rewrite.buffer == buffer and stands and rewrite.undo and not rewrite.undo.is_settled then
      unsettled[#unsettled + 1] = rewrite
    end
  end
  if not vim.iter(unsettled):any(undo.is_scattered) then
    return
  end
  if vim.api.nvim_get_mode().mode == 'n' then
    undo.settle(buffer, unsettled)
  else
    vim.api.nvim_create_autocmd('ModeChanged', {
      group = group,
      pattern = '*:n',
      once = true,
      callback = vim.schedule_wrap(function()
        refresh(buffer)
      end),
    })
  end
end

---The rewrite that has just given way to a new one on the same region, with its text still in it.
---@param view redline.RewriteChanged
---@param buffer integer
---@return redline.Rewrite?
local function predecessor(view, buffer)
  return vim.iter(vim.tbl_values(rewrites)):find(function(rewrite)
    local before = rewrite.view
    return rewrite.buffer == buffer
      and before.rewrite < view.rewrite
      and before.state == 'rejected'
      and before.version == view.version
      and vim.deep_equal(before.region, view.region)
  end)
end

---@param view redline.RewriteChanged
---@param buffer integer
---@param client vim.lsp.Client
---@param is_current boolean
---@return redline.Rewrite
local function begin(view, buffer, client, is_current)
  ---@type redline.Rewrite
  local rewrite = {
    id = view.rewrite,
    buffer = buffer,
    encoding = client.offset_encoding,
    view = view,
    is_current = is_current,
    began = now(),
    places = places.new(),
    paint = {},
  }
  local before = predecessor(view, buffer)
  if before then
    rewrite.base, rewrite.undo = before.base, before.undo
  elseif is_current and view.state == 'requested' then
    local first, last = server.rows(view.region)
    rewrite.base = vim.api.nvim_buf_get_lines(buffer, first, last, false)
  end
  return rewrite
end

---Forgets what is over, but for the newest: that one can be tried again.
---@param buffer integer
local function forget_old(buffer)
  local newest = M.newest(buffer)
  for id, rewrite in pairs(rewrites) do
    if rewrite.buffer == buffer and rewrite ~= newest and not M.is_open(rewrite) then
      rewrites[id] = nil
    end
  end
end

---@param buffer integer
local function announce(buffer)
  local event = { pattern = 'RedlineChanged', modeline = false, data = { buffer = buffer } }
  vim.api.nvim_exec_autocmds('User', event)
end

---Takes `redline/rewriteChanged`.
---@param _ nil
---@param view redline.RewriteChanged
---@param context lsp.HandlerContext
function M.on_changed(_, view, context)
  local path = vim.uri_to_fname(view.uri)
  local client = vim.lsp.get_client_by_id(context.client_id)
  if not client or vim.fn.bufloaded(path) == 0 then
    rewrites[view.rewrite] = nil
    return
  end
  local buffer = vim.fn.bufadd(path)
  local is_current = server.version(buffer) == view.version
  local rewrite = rewrites[view.rewrite]
  if not rewrite then
    rewrite = begin(view, buffer, client, is_current)
    rewrites[view.rewrite] = rewrite
    places.put_region(rewrite)
  end
  rewrite.view = view
  rewrite.is_current = is_current
  if is_current then
    places.put(rewrite)
  elseif waiting[view.state] then
    refresh(buffer)
  end
  render.paint(rewrite)
  if is_current then
    settle_undo(buffer)
  end
  forget_old(buffer)
  announce(buffer)
end

---An edit of these rewrites has gone into its buffer.
---@param ids integer[]
---@param before integer the undo state before it
---@param after integer and behind it
function M.on_edit(ids, before, after)
  for _, id in ipairs(ids) do
    local rewrite = rewrites[id]
    if rewrite then
      rewrite.undo = undo.grown(rewrite.undo, before, after, #ids > 1)
      if M.is_running(rewrite) then
        render.paint(rewrite)
      end
    end
  end
end

---@param buffer integer
local function forget(buffer)
  for id, rewrite in pairs(rewrites) do
    if rewrite.buffer == buffer then
      rewrites[id] = nil
    end
  end
  render.clear(buffer)
  places.clear(buffer)
  require('redline.edits').forget(buffer)
end

---@param client vim.lsp.Client
---@param buffer integer
function M.on_attach(client, buffer)
  -- The rewrites are painted already; as hints they are for lists and jumps only.
  local hints = { severity = { min = vim.diagnostic.severity.INFO } }
  local shown = { underline = hints, virtual_text = false, signs = hints }
  vim.diagnostic.config(shown, vim.lsp.diagnostic.get_namespace(client.id))
  vim.api.nvim_clear_autocmds({ group = group, buffer = buffer })
  vim.api.nvim_create_autocmd({ 'LspDetach', 'BufUnload' }, {
    group = group,
    buffer = buffer,
    callback = function(event)
      local gone = event.data and event.data.client_id
      if not gone or gone == client.id then
        forget(buffer)
      end
    end,
  })
end

return M
