-- How rewrites look in the buffer: what was added or changed, what was taken away as virtual lines, and a word
-- on how it goes. Reads what `rewrites` and `places` hold, and writes extmarks only.

local places = require('redline.places')

local M = {}

---The namespace of everything that is seen.
local space = vim.api.nvim_create_namespace('redline')

local spinner = { '⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏' }
local spinner_ms = 80

---Below whatever colours text: these groups have a background only.
local priority = 50

local groups = {
  RedlineAdded = 'DiffAdd',
  RedlineChanged = 'DiffChange',
  RedlineText = 'DiffText',
  RedlineRemoved = 'DiffDelete',
}

---Takes the backgrounds of the colour scheme's diff groups, so that syntax colours stay to be seen.
local function define_groups()
  for name, source in pairs(groups) do
    local look = vim.api.nvim_get_hl(0, { name = source, link = false })
    local own = { bg = look.bg, ctermbg = look.ctermbg, default = true }
    if name == 'RedlineRemoved' then
      own.fg, own.ctermfg = look.fg, look.ctermfg
    end
    -- A scheme without backgrounds says it by other means.
    if not look.bg and not look.ctermbg or look.reverse then
      own = { link = source, default = true }
    end
    vim.api.nvim_set_hl(0, name, own)
  end
  vim.api.nvim_set_hl(0, 'RedlineConflict', { link = 'DiagnosticVirtualTextWarn', default = true })
  vim.api.nvim_set_hl(0, 'RedlineStatus', { link = 'DiagnosticVirtualTextHint', default = true })
end

define_groups()
vim.api.nvim_create_autocmd('ColorScheme', {
  group = vim.api.nvim_create_augroup('redline.colors', {}),
  callback = define_groups,
})

---The spinner's picture of this moment.
---@return string
function M.spinner()
  local frame = math.floor(vim.uv.hrtime() / 1e6 / spinner_ms)
  return spinner[frame % #spinner + 1]
end

---A word on how a rewrite goes, for the end of its first line and for the status line.
---@param rewrite redline.Rewrite
---@return string
function M.word(rewrite)
  local rewrites = require('redline.rewrites')
  if rewrites.is_running(rewrite) then
    local count = rewrite.view.tokens.output
    local pace = rewrites.pace(rewrite)
    local tokens = count > 0 and (' %d tokens'):format(count) or ''
    return M.spinner() .. tokens .. (pace and (', %.0f/s'):format(pace) or '')
  end
  local count = #places.hunks(rewrite)
  return ('%d change%s'):format(count, count == 1 and '' or 's')
end

---@param text string lines, the last one with or without its end
---@return string[]
local function lines_of(text)
  local lines = vim.split(text:gsub('\r\n?', '\n'), '\n', { plain = true })
  if lines[#lines] == '' then
    lines[#lines] = nil
  end
  return lines
end

---Virtual text knows no tabs, and its colour ends with it.
---@param buffer integer
---@param line string
---@return string
local function full_width(buffer, line)
  local tab = vim.bo[buffer].tabstop
  local column = 0
  local flat = line:gsub('([^\t]*)\t', function(head)
    column = column + vim.api.nvim_strwidth(head)
    local blanks = tab - column % tab
    column = column + blanks
    return head .. (' '):rep(blanks)
  end)
  return flat .. (' '):rep(math.max(0, vim.o.columns - vim.api.nvim_strwidth(flat)))
end

---@param rewrite redline.Rewrite
---@param row integer
---@param column integer
---@param options table
local function put(rewrite, row, column, options)
  options.strict = false
  options.priority = options.priority or priority
  local mark = vim.api.nvim_buf_set_extmark(rewrite.buffer, space, row, column, options)
  table.insert(rewrite.paint, mark)
end

---Lines that stand in the buffer no more, or not yet, between the rows before and behind `row`.
---@param rewrite redline.Rewrite
---@param row integer
---@param lines string[]
---@param look string
local function virtual_lines(rewrite, row, lines, look)
  if #lines == 0 then
    return
  end
  local virtual = vim.tbl_map(function(line)
    return { { full_width(rewrite.buffer, line), look } }
  end, lines)
  -- Neovim shows no line above the first one.
  local above = row == 0
  put(rewrite, above and 0 or row - 1, 0, { virt_lines = virtual, virt_lines_above = above })
end

---@param rewrite redline.Rewrite
---@param first integer
---@param last integer
---@param look string
local function whole_lines(rewrite, first, last, look)
  if first < last then
    -- Not `line_hl_group`: that one lies over what is marked within the line.
    put(rewrite, first, 0, { end_row = last, end_col = 0, hl_group = look, hl_eol = true })
  end
end

---Marks what differs within a line.
---@param rewrite redline.Rewrite
---@param row integer
---@param old string
---@param new string
local function changed_text(rewrite, row, old, new)
  local shorter = math.min(#old, #new)
  local head = 0
  while head < shorter and old:byte(head + 1) == new:byte(head + 1) do
    head = head + 1
  end
  local tail = 0
  while tail < shorter - head and old:byte(#old - tail) == new:byte(#new - tail) do
    tail = tail + 1
  end
  -- Whole characters: a byte of the same value may belong to another one.
  local from = head + (head < #new and vim.str_utf_start(new, head + 1) or 0)
  local to = #new - tail
  to = to < #new and to > 0 and to + vim.str_utf_end(new, to) or to
  if from < to and not (from == 0 and to == #new) then
    put(rewrite, row, from, { end_col = to, hl_group = 'RedlineText', priority = priority + 1 })
  end
end

---One change that stands in the buffer: `old` lines have become the rows from `first` to `last`.
---@param rewrite redline.Rewrite
---@param first integer
---@param last integer
---@param old string[]
---@param look? string
local function change(rewrite, first, last, old, look)
  local is_pure = #old == 0
  whole_lines(rewrite, first, last, look or (is_pure and 'RedlineAdded' or 'RedlineChanged'))
  virtual_lines(rewrite, first, old, 'RedlineRemoved')
  if #old == last - first and not look then
    local new = vim.api.nvim_buf_get_lines(rewrite.buffer, first, last, false)
    for at, line in ipairs(new) do
      changed_text(rewrite, first + at - 1, old[at], line)
    end
  end
end

---@param rewrite redline.Rewrite
local function paint_pending(rewrite)
  for _, placed in ipairs(places.hunks(rewrite)) do
    local hunk = placed.hunk
    local skipped = places.is_behind_line(hunk) and '^\r?\n' or '^'
    local old, new = hunk.oldText:gsub(skipped, '', 1), hunk.newText:gsub(skipped, '', 1)
    if rewrite.view.apply == 'preview' then
      whole_lines(rewrite, placed.first, placed.last, 'RedlineRemoved')
      virtual_lines(rewrite, placed.last, lines_of(new), 'RedlineAdded')
    else
      local look = hunk.state == 'conflict' and 'RedlineConflict' or nil
      change(rewrite, placed.first, placed.last, lines_of(old), look)
    end
  end
end

---What the stream has changed so far.
---@param rewrite redline.Rewrite
local function paint_stream(rewrite)
  if not rewrite.base or rewrite.view.apply ~= 'live' then
    return
  end
  local first, last = places.region(rewrite)
  local shown = vim.api.nvim_buf_get_lines(rewrite.buffer, first, last, false)
  local join = function(lines)
    return #lines > 0 and table.concat(lines, '\n') .. '\n' or ''
  end
  local diff = vim.text and vim.text.diff or vim.diff
  local options = { result_type = 'indices', algorithm = 'histogram' }
  for _, hunk in
    ipairs(diff(join(rewrite.base), join(shown), options) --[[@as table]])
  do
    local old, old_count, new, new_count = unpack(hunk)
    -- Where nothing is new, the place is behind the line named.
    local row = first + (new_count == 0 and new or new - 1)
    change(rewrite, row, row + new_count, vim.list_slice(rewrite.base, old, old + old_count - 1))
  end
end

---@type uv.uv_timer_t?
local timer

---Keeps the spinners turning while something runs.
local function turn()
  local rewrites = require('redline.rewrites')
  local any = false
  for _, rewrite in ipairs(rewrites.open()) do
    if rewrites.is_running(rewrite) then
      any = true
      M.paint_word(rewrite)
    end
  end
  if not any and timer then
    timer:stop()
    timer:close()
    timer = nil
  end
end

---@param rewrite redline.Rewrite
function M.paint_word(rewrite)
  local first = places.region(rewrite)
  rewrite.word = vim.api.nvim_buf_set_extmark(rewrite.buffer, space, first, 0, {
    id = rewrite.word,
    virt_text = { { ' ' .. M.word(rewrite) .. ' ', 'RedlineStatus' } },
    virt_text_pos = 'eol',
    strict = false,
  })
end

---Shows a rewrite as it stands now; one that is over is not to be seen.
---@param rewrite redline.Rewrite
function M.paint(rewrite)
  local rewrites = require('redline.rewrites')
  local is_running = rewrites.is_running(rewrite)
  local tick = is_running and vim.api.nvim_buf_get_changedtick(rewrite.buffer) or nil
  -- News of a stream mostly tell of an edit that has been painted already.
  if not tick or tick ~= rewrite.painted then
    for _, mark in ipairs(rewrite.paint) do
      vim.api.nvim_buf_del_extmark(rewrite.buffer, space, mark)
    end
    rewrite.paint = {}
    if is_running then
      paint_stream(rewrite)
    elseif rewrites.is_open(rewrite) then
      paint_pending(rewrite)
    end
  end
  rewrite.painted = tick
  if is_running and not timer then
    timer = assert(vim.uv.new_timer())
    timer:start(spinner_ms, spinner_ms, vim.schedule_wrap(turn))
  end
  if rewrites.is_open(rewrite) then
    M.paint_word(rewrite)
  elseif rewrite.word then
    vim.api.nvim_buf_del_extmark(rewrite.buffer, space, rewrite.word)
    rewrite.word = nil
  end
end

---@param buffer integer
function M.clear(buffer)
  if vim.api.nvim_buf_is_valid(buffer) then
    vim.api.nvim_buf_clear_namespace(buffer, space, 0, -1)
  end
end

return M
