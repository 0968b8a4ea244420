-- Where rewrites and their changes stand in a buffer: extmarks, which follow what the user types between two
-- news of the server. Nothing here is seen.

local server = require('redline.server')

local M = {}

---@class redline.Places
---@field region? integer the extmark of the region
---@field hunks { mark: integer, hunk: redline.Hunk }[]

local space = vim.api.nvim_create_namespace('redline.places')

---@return redline.Places
function M.new()
  return { hunks = {} }
end

---@param buffer integer
---@param range lsp.Range
---@param grows boolean whether what is put at its end belongs to it
---@param id? integer
---@return integer
local function mark(buffer, range, grows, id)
  local first, last = server.rows(range)
  local count = vim.api.nvim_buf_line_count(buffer)
  return vim.api.nvim_buf_set_extmark(buffer, space, math.min(first, count), 0, {
    id = id,
    end_row = math.min(last, count),
    end_col = 0,
    right_gravity = false,
    end_right_gravity = grows,
    strict = false,
  })
end

---@param buffer integer
---@param id? integer
---@return integer first row from 0
---@return integer last exclusive
local function rows(buffer, id)
  local found = id and vim.api.nvim_buf_get_extmark_by_id(buffer, space, id, { details = true })
  if not found or not found[1] then
    return 0, 0
  end
  local last = found[3].end_row + (found[3].end_col > 0 and 1 or 0)
  return found[1], math.max(found[1], last)
end

---@param rewrite redline.Rewrite
function M.put_region(rewrite)
  rewrite.places.region = mark(rewrite.buffer, rewrite.view.region, true, rewrite.places.region)
end

---Whether a change begins at the end of a line that stays: lines behind the last one bring the line break before them.
---@param hunk redline.Hunk
---@return boolean
function M.is_behind_line(hunk)
  return hunk.range.start.character > 0 and (hunk.oldText .. hunk.newText):match('^\r?\n') ~= nil
end

---@param hunk redline.Hunk
---@return lsp.Range
local function lines_of(hunk)
  if not M.is_behind_line(hunk) then
    return hunk.range
  end
  local start = { line = hunk.range.start.line + 1, character = 0 }
  local ends = hunk.range['end']
  return { start = start, ['end'] = ends.line < start.line and start or ends }
end

---Puts everything where the newest news says; only for news of the buffer as it is.
---@param rewrite redline.Rewrite
function M.put(rewrite)
  local buffer, known = rewrite.buffer, rewrite.places
  M.put_region(rewrite)
  for _, placed in ipairs(known.hunks) do
    vim.api.nvim_buf_del_extmark(buffer, space, placed.mark)
  end
  known.hunks = vim.tbl_map(function(hunk)
    return { mark = mark(buffer, lines_of(hunk), false), hunk = hunk }
  end, rewrite.view.hunks)
end

---The rows of a rewrite's region: from 0, end exclusive.
---@param rewrite redline.Rewrite
---@return integer first
---@return integer last
function M.region(rewrite)
  return rows(rewrite.buffer, rewrite.places.region)
end

---@class redline.PlacedHunk
---@field rewrite redline.Rewrite
---@field hunk redline.Hunk
---@field first integer row from 0
---@field last integer exclusive; equal to `first` where lines were only taken away

---The changes that wait for a decision, from top to bottom.
---@param rewrite redline.Rewrite
---@return redline.PlacedHunk[]
function M.hunks(rewrite)
  local found = {}
  for _, placed in ipairs(rewrite.places.hunks) do
    local state = placed.hunk.state
    if state == 'pending' or state == 'conflict' then
      local first, last = rows(rewrite.buffer, placed.mark)
      found[#found + 1] = { rewrite = rewrite, hunk = placed.hunk, first = first, last = last }
    end
  end
  return found
end

---@param buffer integer
function M.clear(buffer)
  if vim.api.nvim_buf_is_valid(buffer) then
    vim.api.nvim_buf_clear_namespace(buffer, space, 0, -1)
  end
end

return M
