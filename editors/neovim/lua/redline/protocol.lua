-- The shapes of Redline's messages, as docs/lsp-extensions.md tells them. Types only; nothing runs here.

---@alias redline.State 'requested'|'streaming'|'proposed'|'interrupted'|'accepted'|'rejected'|'failed'|'stale'
---@alias redline.HunkState 'pending'|'accepted'|'rejected'|'conflict'

---@class redline.Hunk
---@field index integer
---@field state redline.HunkState
---@field range lsp.Range
---@field oldText string
---@field newText string

---@class redline.Tokens
---@field input integer
---@field cached integer
---@field output integer
---@field estimated? boolean

---@class redline.Timings milliseconds since the request; what has not happened is absent
---@field requested number
---@field sent? number
---@field firstDelta? number
---@field firstEdit? number
---@field lastDelta? number
---@field proposed? number
---@field decided? number

---@class redline.RewriteChanged
---@field rewrite integer
---@field uri string
---@field version integer
---@field state redline.State
---@field region lsp.Range
---@field apply 'live'|'once'|'preview'
---@field instruction string
---@field hunks redline.Hunk[]
---@field guards { guard: string, verdict: string, message: string }[]
---@field tokens redline.Tokens
---@field timings redline.Timings
---@field bytes? { sent: integer, received: integer, saved: integer }
---@field message? string

return {}
