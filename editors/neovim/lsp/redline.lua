-- What Neovim's client has to know of Redline; `vim.lsp.enable('redline')` reads it.
-- Your own `vim.lsp.config('redline', { … })` goes above all of this.

---@type vim.lsp.Config
return {
  cmd = { 'redline', 'lsp' },
  -- No file types: any text can be rewritten.
  root_markers = { '.redline.toml', '.git' },
  -- Neovim holds changes back for 150 ms, and text that streams would wait for them each time.
  flags = { debounce_text_changes = 0 },
  -- The whole of them: not every Neovim adds its own to what is given here.
  capabilities = vim.tbl_deep_extend('force', vim.lsp.protocol.make_client_capabilities(), {
    -- Servers of one encoding share one delay. Hardly any other server takes this one, so theirs stays as it is.
    general = { positionEncodings = { 'utf-32' } },
    -- Neovim takes it at any time, and does not say so. The settings come after the handshake.
    textDocument = { inlineCompletion = { dynamicRegistration = true } },
    experimental = { redline = { events = true, joinsUndo = true } },
  }),
  handlers = {
    ['workspace/applyEdit'] = function(...)
      return require('redline.edits').on_apply(...)
    end,
    ['redline/rewriteChanged'] = function(...)
      return require('redline.rewrites').on_changed(...)
    end,
  },
}
