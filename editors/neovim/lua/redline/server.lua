-- The way to the server: which client it is, commands to it, and places in its encoding.
-- What is asked, and what comes of it, is the business of the other modules.

local M = {}

---The client of a buffer, if Redline is attached to it.
---@param buffer? integer
---@return vim.lsp.Client?
function M.client(buffer)
  return vim.lsp.get_clients({ name = 'redline', bufnr = buffer or 0 })[1]
end

---The version of a buffer that the server was told last.
---@param buffer integer
---@return integer
function M.version(buffer)
  return require('vim.lsp.util').buf_versions[buffer]
end

---@param message string
---@param level? integer
function M.say(message, level)
  vim.notify('Redline: ' .. message, level or vim.log.levels.INFO)
end

---Sends a command; what the server refuses is shown with its reason.
---@param buffer integer
---@param command string
---@param argument? table
---@param on_answer? fun(result: any)
function M.execute(buffer, command, argument, on_answer)
  local client = M.client(buffer)
  if not client then
    M.say('no server for this buffer, see :checkhealth redline', vim.log.levels.WARN)
    return
  end
  local params = { command = command, arguments = { argument } }
  client:request('workspace/executeCommand', params, function(refusal, result)
    if refusal then
      M.say(refusal.message, vim.log.levels.WARN)
    elseif on_answer then
      on_answer(result)
    end
  end, buffer)
end

---The column in bytes of a position; past the line's end is its end.
---@param buffer integer
---@param place lsp.Position
---@param encoding string
---@return integer
function M.column(buffer, place, encoding)
  if place.character == 0 then
    return 0
  end
  local line = vim.api.nvim_buf_get_lines(buffer, place.line, place.line + 1, false)[1] or ''
  return vim.str_byteindex(line, encoding, place.character, false)
end

---@param buffer integer
---@param range lsp.Range
---@param encoding string
---@return string text lines joined by line feeds
function M.text(buffer, range, encoding)
  local first, last = range.start, range['end']
  local from, to = M.column(buffer, first, encoding), M.column(buffer, last, encoding)
  if last.line < vim.api.nvim_buf_line_count(buffer) then
    local lines = vim.api.nvim_buf_get_text(buffer, first.line, from, last.line, to, {})
    return table.concat(lines, '\n')
  end
  -- The place behind the last line break.
  local lines = vim.api.nvim_buf_get_lines(buffer, first.line, -1, false)
  return (table.concat(lines, '\n') .. '\n'):sub(from + 1)
end

---A place of the buffer as the server counts it.
---@param buffer integer
---@param row integer from 0
---@param column integer in bytes
---@param encoding string
---@return lsp.Position
function M.position(buffer, row, column, encoding)
  local line = vim.api.nvim_buf_get_lines(buffer, row, row + 1, false)[1] or ''
  local character = vim.str_utfindex(line, encoding, math.min(column, #line), false)
  return { line = row, character = character }
end

---The rows that a range of whole lines or of parts of them touches: from 0, end exclusive, perhaps none.
---@param range lsp.Range
---@return integer first
---@return integer last
function M.rows(range)
  local first, last = range.start.line, range['end'].line
  if range['end'].character > 0 then
    last = last + 1
  end
  return first, math.max(first, last)
end

return M
