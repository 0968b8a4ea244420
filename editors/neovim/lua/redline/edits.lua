-- Takes the server's edits into the buffer, so that what belongs to one rewrite is one step for `u`, and what
-- the user types between them is a step of its own. How that is put in order in the end is in `undo`.

local server = require('redline.server')

local M = {}

---The newest undo step of ours in a buffer.
---@class redline.Block
---@field rewrites table<integer, true> whose edits it holds
---@field last integer the undo state that our last edit left

---@type table<integer, redline.Block>
local blocks = {}

---What comes next is an undo step of its own, also in insert mode.
function M.break_undo()
  vim.cmd('let &g:undolevels = &g:undolevels')
end

---@param buffer integer
---@return integer
local function undo_state(buffer)
  return vim.fn.undotree(buffer).seq_cur
end

---@param label string such as `redline:3,4`
---@return integer[]
local function names(label)
  local ids = {}
  for id in label:gmatch('%d+') do
    ids[#ids + 1] = tonumber(id)
  end
  return ids
end

---Whether an edit of these rewrites goes on with the newest step: nothing came between, and some rewrite in it
---has not ended its stream.
---@param buffer integer
---@return boolean
local function continues(buffer)
  local block = blocks[buffer]
  if not block or block.last ~= undo_state(buffer) then
    return false
  end
  local rewrites = require('redline.rewrites')
  return vim.iter(vim.tbl_keys(block.rewrites)):any(function(id)
    local rewrite = rewrites.get(id)
    return rewrite ~= nil and rewrites.is_running(rewrite)
  end)
end

---Answers `workspace/applyEdit`. An edit made for another version than the buffer's is refused: the server makes
---it anew from what has changed since.
---@param refusal? lsp.ResponseError
---@param params lsp.ApplyWorkspaceEditParams
---@param context lsp.HandlerContext
function M.on_apply(refusal, params, context)
  local label = params.label or ''
  local edit = vim.tbl_get(params, 'edit', 'documentChanges', 1)
  if not vim.startswith(label, 'redline:') or not edit then
    return vim.lsp.handlers['workspace/applyEdit'](refusal, params, context)
  end
  local buffer = vim.uri_to_bufnr(edit.textDocument.uri)
  if server.version(buffer) ~= edit.textDocument.version then
    return { applied = false, failureReason = 'the buffer has changed' }
  end
  local client = assert(vim.lsp.get_client_by_id(context.client_id))
  local rewrites = require('redline.rewrites')
  local ids = names(label)
  local applied, problem
  vim.api.nvim_buf_call(buffer, function()
    M.break_undo()
    local before = undo_state(buffer)
    local block = blocks[buffer]
    local joins = block and continues(buffer) and pcall(vim.cmd --[[@as function]], 'undojoin')
    applied, problem = pcall(vim.lsp.util.apply_text_edits, edit.edits, buffer, client.offset_encoding)
    if not joins then
      block = { rewrites = {}, last = before }
      blocks[buffer] = block
    end
    for _, id in ipairs(ids) do
      block.rewrites[id] = true
    end
    block.last = undo_state(buffer)
    rewrites.on_edit(ids, before, block.last)
    M.break_undo()
  end)
  return { applied = applied, failureReason = not applied and tostring(problem) or nil }
end

---@param buffer integer
function M.forget(buffer)
  blocks[buffer] = nil
end

return M
