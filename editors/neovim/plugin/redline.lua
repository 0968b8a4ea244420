-- `:Redline` and the `<Plug>` maps. Nothing is loaded before it is used, and no key is taken.

if vim.g.loaded_redline then
  return
end
vim.g.loaded_redline = true

vim.api.nvim_create_user_command('Redline', function(command)
  require('redline.command').run(command)
end, {
  nargs = '+',
  range = true,
  desc = 'Rewrite with AI, and decide what stays',
  complete = function(lead, line)
    return require('redline.command').complete(lead, line)
  end,
})

local function map(modes, name, call)
  vim.keymap.set(modes, ('<Plug>(redline-%s)'):format(name), function()
    call(require('redline.actions'))
  end, { desc = 'Redline: ' .. name:gsub('-', ' ') })
end

map('n', 'rewrite', function(actions)
  actions.rewrite()
end)
map('x', 'rewrite', function(actions)
  actions.rewrite(nil, actions.visual())
end)
for _, name in ipairs({
  'accept',
  'reject',
  'interrupt',
  'redirect',
  'retry',
  'next',
  'previous',
  'quickfix',
  'status',
}) do
  map('n', name, function(actions)
    actions[name]()
  end)
end
for _, verdict in ipairs({ 'accept', 'reject' }) do
  map('n', 'hunk-' .. verdict, function(actions)
    actions.hunk(verdict)
  end)
  map('n', 'line-' .. verdict, function(actions)
    actions.line(verdict)
  end)
  map('x', 'line-' .. verdict, function(actions)
    local selection = actions.visual()
    actions.line(verdict, selection.first[1] + 1, selection.last[1] + 1)
  end)
end

vim.api.nvim_create_autocmd('LspAttach', {
  group = vim.api.nvim_create_augroup('redline.attach', {}),
  callback = function(event)
    local client = vim.lsp.get_client_by_id(event.data.client_id)
    if client and client.name == 'redline' then
      require('redline.rewrites').on_attach(client, event.buf)
    end
  end,
})
