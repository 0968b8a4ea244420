//! What a person sees: decorations while text streams and while it waits, the status line, the health page.

use e2e::ServerCommand;
use e2e::model_server::{Answer, Gate, ModelServer};
use e2e::neovim::{Neovim, Setup};
use serde_json::{Value, json};

use crate::scene::*;

/// What is painted, row by row (from 0): the look of whole lines, `look:text` of parts of lines and of virtual
/// lines, the latter with `^` in front where they stand above the row and `v` below.
#[track_caller]
fn painted(neovim: &Neovim) -> Vec<String> {
    let painted = neovim.lua(
        "local space = vim.api.nvim_get_namespaces()['redline']
         local found = {}
         for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(0, space, 0, -1, { details = true })) do
           local row, column, it = mark[2], mark[3], mark[4]
           if it.hl_eol then
             for at = row, it.end_row - 1 do
               found[#found + 1] = ('%d %s'):format(at, it.hl_group)
             end
           elseif it.virt_lines then
             for _, line in ipairs(it.virt_lines) do
               local text = vim.trim(line[1][1])
               found[#found + 1] = ('%d%s %s:%s'):format(row, it.virt_lines_above and '^' or 'v', line[1][2], text)
             end
           elseif it.hl_group then
             local text = vim.api.nvim_buf_get_text(0, row, column, row, it.end_col, {})[1]
             found[#found + 1] = ('%d %s:%s'):format(row, it.hl_group, text)
           end
         end
         table.sort(found)
         return found",
        json!([]),
    );
    let painted = painted.as_array().cloned().unwrap_or_default();
    painted
        .iter()
        .filter_map(|line| line.as_str().map(str::to_owned))
        .collect()
}

#[track_caller]
fn wait_for_paint(neovim: &Neovim, expected: &[&str]) {
    let mut expected = expected.to_vec();
    expected.sort_unstable();
    e2e::wait_until("it is painted", || {
        let painted = painted(neovim);
        if painted == expected {
            Ok(())
        } else {
            Err(format!("{painted:#?}\n{}", neovim.text()))
        }
    });
}

#[track_caller]
fn word(neovim: &Neovim) -> String {
    let word = neovim.lua("return require('redline').statusline()", json!([]));
    word.as_str().expect("a text").to_owned()
}

const FIRST_CHANGE: [&str; 3] = [
    "1v RedlineRemoved:width = 1",
    "2 RedlineChanged",
    "2 RedlineText:1",
];

const SECOND_CHANGE: [&str; 3] = [
    "7v RedlineRemoved:depth = 3  # 漢字 𝄞",
    "8 RedlineChanged",
    "8 RedlineText:3  # 漢字 𝄞 é",
];

#[test]
fn changes_are_painted_while_they_stream_and_while_they_wait() {
    let (_model, gates, neovim) = streaming("auto");
    gates[..6].iter().for_each(Gate::open);
    wait_for_line(&neovim, "width = 11");
    wait_for_paint(&neovim, &FIRST_CHANGE);
    e2e::wait_until("tokens are counted", || {
        let running = word(&neovim);
        if running.starts_with("redline ") && running.contains(" tokens") {
            Ok(())
        } else {
            Err(running)
        }
    });
    gates.iter().for_each(Gate::open);
    wait_for_state(&neovim, "proposed");
    let third = [
        "14v RedlineRemoved:total = 6",
        "15 RedlineChanged",
        "15 RedlineText:6  # 🦀",
    ];
    let all = [&FIRST_CHANGE[..], &SECOND_CHANGE, &third].concat();
    wait_for_paint(&neovim, &all);
    assert_eq!(word(&neovim), "redline 3 changes");
    // Typing above takes everything along, without news from the server.
    neovim.keys("ggOnew<Esc>");
    let painted = painted(&neovim);
    assert!(
        painted.contains(&"3 RedlineText:1".to_owned()),
        "{painted:#?}"
    );
    go_to(&neovim, 9);
    neovim.ex("Redline hunk reject");
    wait_for_hunks(&neovim, 2);
    neovim.wait_until("require('redline').statusline() == 'redline 2 changes'");
    neovim.ex("Redline accept");
    wait_for_state(&neovim, "accepted");
    wait_for_paint(&neovim, &[]);
    assert_eq!(word(&neovim), "");
}

#[test]
fn lines_added_and_taken_away_are_told_apart() {
    let model = ModelServer::streaming("one\nfirst\nsecond\nthree\nfive\n");
    let neovim = start(&model, "auto");
    open(&neovim, "a.txt", "one\nthree\n\tfour\nfive\n");
    neovim.ex("%Redline rewrite add two, take four away");
    wait_for_state(&neovim, "proposed");
    wait_for_paint(
        &neovim,
        &["1 RedlineAdded", "2 RedlineAdded", "3v RedlineRemoved:four"],
    );
    neovim.ex("Redline reject");
    wait_for_state(&neovim, "rejected");
    wait_for_paint(&neovim, &[]);
}

#[test]
fn lines_behind_the_last_one_of_a_selection_are_told_from_it() {
    let model = ModelServer::start(|request| {
        let adds = request.input_text().contains("add a line");
        let text = if adds { "one\nmine" } else { "two" };
        Answer::to(request).pieces([text]).actions()
    });
    let neovim = start(&model, "auto");
    open(&neovim, "a.txt", "one\ntwo\nthree\nfour");
    // Selected by lines, which ends before the line break of the last one.
    neovim.keys("V:Redline rewrite add a line<CR>");
    wait_for_state(&neovim, "proposed");
    wait_for_paint(&neovim, &["1 RedlineAdded"]);
    neovim.ex("Redline reject");
    wait_for_state(&neovim, "rejected");
    neovim.keys("2GVj:Redline rewrite take a line away<CR>");
    wait_for_state(&neovim, "proposed");
    wait_for_paint(&neovim, &["1v RedlineRemoved:three"]);
}

#[test]
fn preview_shows_the_new_text_without_putting_it_in() {
    let (_model, neovim) = proposed("preview");
    let painted = painted(&neovim);
    for wanted in ["2 RedlineRemoved", "2v RedlineAdded:width = 11"] {
        assert!(painted.contains(&wanted.to_owned()), "{painted:#?}");
    }
    assert_eq!(neovim.text(), text(&OLD));
}

#[test]
fn what_the_user_types_in_a_change_stays() {
    let (_model, neovim) = proposed("auto");
    neovim.keys("3G$imine<Esc>");
    neovim.ex("Redline accept");
    wait_for_state(&neovim, "accepted");
    let mut expected = NEW;
    expected[0] = "width = 1mine1";
    check_saved(&neovim, "a.py", &text(&expected));
}

#[test]
fn news_are_an_autocommand() {
    let (_model, gates, neovim) = streaming("auto");
    neovim.lua(
        "seen = {}
         vim.api.nvim_create_autocmd('User', { pattern = 'RedlineChanged', callback = function(event)
           seen[#seen + 1] = event.data.buffer
         end })",
        json!([]),
    );
    gates.iter().for_each(Gate::open);
    wait_for_state(&neovim, "proposed");
    let seen = neovim.wait_until("seen[1]");
    assert_eq!(
        seen,
        neovim.lua("return vim.api.nvim_get_current_buf()", json!([]))
    );
}

#[test]
fn closing_the_file_forgets_its_rewrites() {
    let (_model, neovim) = proposed("auto");
    neovim.ex("enew!");
    neovim.ex("bwipeout! a.py");
    neovim.wait_until("#require('redline.rewrites').open() == 0");
    let path = neovim.project().folder().join("a.py");
    neovim.open(&path);
    assert_eq!(painted(&neovim), Vec::<String>::new());
    assert_eq!(neovim.lua("return vim.v.errmsg", json!([])), "");
}

fn health(neovim: &Neovim) -> String {
    neovim.ex("checkhealth redline");
    let page = neovim.text();
    neovim.ex("bwipeout!");
    page
}

#[test]
fn health_is_clean_where_all_is_well() {
    let (_model, neovim) = proposed("auto");
    let page = health(&neovim);
    assert!(
        !page.contains("ERROR") && !page.contains("WARNING"),
        "{page}"
    );
    assert!(
        page.contains("attached to 1 buffer") && page.contains("ready"),
        "{page}"
    );
    assert_eq!(
        neovim.lua("return vim.v.errmsg", Value::Array(Vec::new())),
        ""
    );
}

#[test]
fn log_is_where_the_server_says() {
    let (_model, neovim) = proposed("auto");
    neovim.ex("Redline log");
    neovim.wait_until("vim.endswith(vim.fn.expand('%'), 'redline.log')");
    assert!(
        neovim.text().contains("language server"),
        "{}",
        neovim.text()
    );
}

#[test]
fn health_names_the_cure_where_the_program_is_missing() {
    let mut server = ServerCommand::redline();
    server.program = "redline-is-not-here".into();
    let neovim = Neovim::start(&Setup::with_plugin(server));
    let path = neovim.project().write("a.py", "a = 1\n");
    neovim.open(&path);
    let page = health(&neovim);
    assert!(
        page.contains("redline-is-not-here is not on the PATH"),
        "{page}"
    );
    assert!(page.contains("cargo install"), "{page}");
    neovim.ex("Redline rewrite shorter");
    assert!(
        neovim.messages().contains(":checkhealth redline"),
        "{}",
        neovim.messages()
    );
}

#[test]
fn help_is_found_and_names_every_subcommand() {
    let neovim = Neovim::start(&Setup::with_plugin(ServerCommand::redline()));
    // The tags go beside a copy, and not into the source tree.
    let page = include_str!("../../../editors/neovim/doc/redline.txt");
    neovim.project().write("site/doc/redline.txt", page);
    neovim.ex("set runtimepath^=site");
    neovim.ex("helptags site/doc");
    let tags = neovim.lua("return vim.fn.getcompletion('redline', 'help')", json!([]));
    assert!(tags.to_string().contains("redline-commands"), "{tags}");
    for name in neovim
        .lua(
            "return vim.fn.getcompletion('Redline ', 'cmdline')",
            json!([]),
        )
        .as_array()
        .expect("a list")
    {
        let name = name.as_str().expect("a name");
        assert!(page.contains(&format!(":Redline-{name}*")), "{name}");
    }
    let maps = neovim.lua(
        "return vim.tbl_map(function(map) return map.lhs end, vim.tbl_filter(function(map)
           return vim.startswith(map.lhs, '<Plug>(redline-')
         end, vim.api.nvim_get_keymap('n')))",
        json!([]),
    );
    for map in maps.as_array().expect("a list") {
        let map = map.as_str().expect("a map");
        assert!(page.contains(map), "{map}");
    }
}
