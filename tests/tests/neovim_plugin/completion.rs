//! Neovim's own inline completion with our suggestions: shown as ghost text, accepted whole.

use e2e::ServerCommand;
use e2e::model_server::ModelServer;
use e2e::neovim::{Neovim, Setup};
use serde_json::{Value, json};

use crate::scene::{check_saved, open};

const TEXT: &str = "def area(width):\n    return width\n\n\n\nprint(area(1))\n";

/// What stands as ghost text, line by line.
fn ghost(neovim: &Neovim) -> Value {
    neovim.lua(
        "local space = vim.api.nvim_get_namespaces()['nvim.lsp.inline_completion']
         local lines = {}
         for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(0, space, 0, -1, { details = true })) do
           lines[#lines + 1] = mark[4].virt_text[1][1]
           for _, line in ipairs(mark[4].virt_lines or {}) do
             lines[#lines + 1] = line[1][1]
           end
         end
         return lines",
        json!([]),
    )
}

#[track_caller]
fn wait_for_ghost(neovim: &Neovim, lines: &[&str]) {
    let expected = json!(lines);
    e2e::wait_until("the suggestion is shown", || {
        let seen = ghost(neovim);
        if seen == expected {
            Ok(())
        } else {
            Err(format!("{seen}\n{}", neovim.messages()))
        }
    });
}

fn start(server: ServerCommand) -> Neovim {
    let mut setup = Setup::with_plugin(server);
    setup.settings = json!({ "redline": { "completion": { "languages": ["python"] } } });
    setup.init_lua = "vim.lsp.inline_completion.enable()".to_owned();
    let neovim = Neovim::start(&setup);
    open(&neovim, "a.py", TEXT);
    // The settings are told after the handshake, and the offer comes after them.
    neovim.wait_until(
        "require('vim.lsp._capability').all.inline_completion.active[vim.api.nvim_get_current_buf()]",
    );
    neovim
}

#[test]
fn a_suggestion_is_shown_and_accepted_whole() {
    let model = ModelServer::streaming("(width):\n    return width / 2");
    let neovim = start(ServerCommand::redline().with_model(&model.url()));
    neovim.input("4Gidef half");
    wait_for_ghost(&neovim, &["(width):", "    return width / 2"]);
    // What is typed on is what it says: it stays, and nobody is asked again.
    neovim.input("(wid");
    wait_for_ghost(&neovim, &["th):", "    return width / 2"]);
    // Neovim puts a suggestion where it stood when it came: for the rest of a name, another comes.
    neovim.wait_until(
        "require('vim.lsp._capability').all.inline_completion.active[vim.api.nvim_get_current_buf()].current.insert_text:sub(1, 4) == 'th):'",
    );
    neovim.wait_until("vim.lsp.inline_completion.get()");
    neovim.wait_until("vim.api.nvim_buf_get_lines(0, 4, 5, false)[1] == '    return width / 2'");
    assert_eq!(ghost(&neovim), json!([]));
    assert_eq!(model.requests().len(), 1);
    neovim.input("<Esc>");
    check_saved(
        &neovim,
        "a.py",
        &TEXT.replacen("\n\n\n", "\n\ndef half(width):\n    return width / 2\n", 1),
    );
}

#[test]
fn the_embedded_engine_suggests_too() {
    let neovim = start(ServerCommand::redline());
    neovim.input("4Gidef ar");
    wait_for_ghost(&neovim, &["ea(width):", "    return width"]);
    neovim.input("<Esc>");
    neovim.wait_until("vim.api.nvim_get_mode().mode == 'n'");
    assert_eq!(ghost(&neovim), json!([]));
}
