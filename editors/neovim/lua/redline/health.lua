-- `:checkhealth redline`.

local M = {}

local health = vim.health

local function check_neovim()
  if vim.fn.has('nvim-0.11') == 1 then
    health.ok('Neovim ' .. tostring(vim.version()))
  else
    health.error('Neovim is older than 0.11', { 'Install Neovim 0.11 or later.' })
  end
  if vim.go.undolevels < 0 then
    health.warn("'undolevels' is negative: undo cannot take a rewrite back", { 'Reject takes it back.' })
  end
end

---@return boolean whether the program is there
local function check_program()
  local config = vim.lsp.config.redline
  local command = config and config.cmd
  if type(command) ~= 'table' then
    health.info('the server is started by a function of yours')
    return true
  end
  local program = vim.fn.exepath(command[1])
  if program == '' then
    health.error(('%s is not on the PATH'):format(command[1]), {
      'Install it: cargo install --path crates/redline',
      "Or name it: vim.lsp.config('redline', { cmd = { '/path/to/redline', 'lsp' } })",
    })
    return false
  end
  local answer = vim.system({ program, '--version' }, { text = true }):wait(5000)
  if answer.code ~= 0 then
    health.error(('%s --version fails'):format(program), { vim.trim(answer.stderr or '') })
    return false
  end
  health.ok(('%s at %s'):format(vim.trim(answer.stdout), program))
  return true
end

---@param client vim.lsp.Client
local function check_sharing(client)
  local sharing = {}
  for _, other in ipairs(vim.lsp.get_clients()) do
    if other.name ~= 'redline' and other.offset_encoding == client.offset_encoding then
      sharing[other.name] = true
    end
  end
  local names = table.concat(vim.tbl_keys(sharing), ', ')
  if client.flags.debounce_text_changes ~= 0 then
    health.warn('Neovim holds changes back, so that text streams in larger steps', {
      "Leave flags.debounce_text_changes of vim.lsp.config('redline') at 0.",
    })
  elseif names ~= '' then
    health.info(
      ('%s counts columns in %s as Redline does, and so gets each change at once too'):format(
        names,
        client.offset_encoding
      )
    )
  end
end

---@param client vim.lsp.Client
local function check_server(client)
  local buffer = next(client.attached_buffers)
  local params = { command = 'redline.status', arguments = {} }
  local answer = client:request_sync('workspace/executeCommand', params, 3000, buffer)
  local status = answer and answer.result
  if not status then
    health.error('the server does not answer', { 'See :Redline log' })
    return
  end
  local model = status.model ~= vim.NIL and status.model or 'no model'
  local url = status.url ~= vim.NIL and status.url or 'no address'
  local where = ('%s at %s: %s'):format(model, url, status.connection)
  if status.problem and status.problem ~= vim.NIL then
    health.error(where, { status.problem })
  else
    health.ok(where)
  end
end

function M.check()
  health.start('redline')
  check_neovim()
  local is_there = check_program()
  local clients = vim.lsp.get_clients({ name = 'redline' })
  if #clients > 0 then
    for _, client in ipairs(clients) do
      health.ok(('attached to %d buffer(s)'):format(vim.tbl_count(client.attached_buffers)))
      check_sharing(client)
      check_server(client)
    end
  elseif vim.lsp.is_enabled and not vim.lsp.is_enabled('redline') then
    health.error('not enabled', { "Put into init.lua: vim.lsp.enable('redline')" })
  elseif is_there then
    health.info('enabled; it starts with the first file')
  end
  health.info('log: ' .. require('redline.actions').log_file())
end

return M
