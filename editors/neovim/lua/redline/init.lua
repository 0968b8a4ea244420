-- The functions for your own configuration; `:help redline-lua` tells of them.

local M = {}

---What goes on in the buffer of the window being drawn, for 'statusline': nothing, tokens as they come, or how
---many changes wait.
---@return string
function M.statusline()
  local window = vim.g.statusline_winid or 0
  if not vim.api.nvim_win_is_valid(window) then
    window = 0
  end
  local open = require('redline.rewrites').open(vim.api.nvim_win_get_buf(window))
  local words = vim.tbl_map(require('redline.render').word, open)
  return #words > 0 and 'redline ' .. table.concat(words, ' | ') or ''
end

for _, name in ipairs({
  'rewrite',
  'accept',
  'reject',
  'hunk',
  'line',
  'interrupt',
  'redirect',
  'retry',
  'next',
  'previous',
  'quickfix',
  'status',
  'log',
}) do
  M[name] = function(...)
    return require('redline.actions')[name](...)
  end
end

return M
