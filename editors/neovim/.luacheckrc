-- luacheck's view of Neovim: one global, whose fields are set now and then.
std = 'luajit'
globals = { 'vim' }
max_line_length = 115
