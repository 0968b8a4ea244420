//! What a person does with `:Redline` and the `<Plug>` maps: ask, watch, type, decide, stop, ask otherwise.

use std::time::Duration;

use e2e::ServerCommand;
use e2e::model_server::{Answer, Gate, ModelServer};
use e2e::neovim::{Neovim, Setup};
use serde_json::json;

use crate::scene::*;

/// Lets the stream go on and sees each change arrive before the next is sent. A changed line is shown once some
/// lines behind it tell which one it is.
#[track_caller]
fn watch_it_grow(gates: &[Gate], neovim: &e2e::neovim::Neovim) {
    for (gates, sign) in [(&gates[..6], "width = 11"), (&gates[6..12], "depth = 33")] {
        gates.iter().for_each(Gate::open);
        wait_for_line(neovim, sign);
        wait_for_state(neovim, "streaming");
    }
    gates[12..].iter().for_each(Gate::open);
    wait_for_state(neovim, "proposed");
}

#[test]
fn text_streams_in_live_and_is_accepted() {
    let (_model, gates, neovim) = streaming("auto");
    watch_it_grow(&gates, &neovim);
    neovim.ex("3Redline accept");
    wait_for_state(&neovim, "accepted");
    check_saved(&neovim, "a.py", &text(&NEW));
}

#[test]
fn text_streams_in_live_and_is_rejected() {
    let (_model, gates, neovim) = streaming("auto");
    watch_it_grow(&gates, &neovim);
    neovim.ex("Redline reject");
    wait_for_state(&neovim, "rejected");
    check_saved(&neovim, "a.py", &text(&OLD));
}

#[test]
fn once_puts_all_text_in_at_the_end() {
    let (_model, gates, neovim) = streaming("once");
    gates[..13].iter().for_each(Gate::open);
    gates[13].wait_until_reached();
    wait_for_state(&neovim, "streaming");
    assert_eq!(neovim.text(), text(&OLD));
    gates[13].open();
    wait_for_state(&neovim, "proposed");
    assert_eq!(neovim.text(), text(&NEW));
    neovim.ex("Redline accept");
    wait_for_state(&neovim, "accepted");
    check_saved(&neovim, "a.py", &text(&NEW));
}

#[test]
fn preview_leaves_the_buffer_until_it_is_accepted() {
    let (_model, neovim) = proposed("preview");
    assert_eq!(neovim.text(), text(&OLD));
    neovim.ex("Redline accept");
    wait_for_state(&neovim, "accepted");
    check_saved(&neovim, "a.py", &text(&NEW));
}

#[test]
fn changes_are_decided_one_by_one() {
    let (_model, neovim) = proposed("auto");
    wait_for_hunks(&neovim, 3);
    neovim.keys("gg");
    neovim.ex("Redline next");
    assert_eq!(neovim.lua("return vim.fn.line('.')", json!([])), 3);
    neovim.ex("Redline next");
    assert_eq!(neovim.lua("return vim.fn.line('.')", json!([])), 9);
    neovim.ex("Redline hunk reject");
    wait_for_hunks(&neovim, 2);
    neovim.ex("Redline previous");
    assert_eq!(neovim.lua("return vim.fn.line('.')", json!([])), 3);
    neovim.keys("<Plug>(redline-hunk-accept)");
    wait_for_hunks(&neovim, 1);
    neovim.keys("<Plug>(redline-next)<Plug>(redline-hunk-accept)");
    wait_for_state(&neovim, "accepted");
    let mut expected = NEW;
    expected[6] = OLD[6];
    check_saved(&neovim, "a.py", &text(&expected));
}

#[test]
fn quickfix_lists_the_changes_that_wait() {
    let (_model, neovim) = proposed("auto");
    neovim.ex("Redline quickfix");
    let list = neovim.lua(
        "local lines = {}
         for _, item in ipairs(vim.fn.getqflist()) do
           lines[#lines + 1] = ('%d %s'):format(item.lnum, item.text)
         end
         return lines",
        json!([]),
    );
    let expected = [
        "3 +1 -1  width = 11",
        "9 +1 -1  depth = 33  # 漢字 𝄞 é",
        "16 +1 -1  total = 66  # 🦀",
    ];
    assert_eq!(list, json!(expected));
}

#[test]
fn interrupt_keeps_the_complete_lines() {
    let (_model, gates, neovim) = streaming("auto");
    gates[..12].iter().for_each(Gate::open);
    gates[12].wait_until_reached();
    wait_for_line(&neovim, "depth = 33  # 漢字 𝄞 é");
    neovim.ex("Redline interrupt");
    wait_for_state(&neovim, "interrupted");
    neovim.ex("Redline accept");
    wait_for_state(&neovim, "accepted");
    let mut expected = NEW;
    expected[12..].copy_from_slice(&OLD[12..]);
    check_saved(&neovim, "a.py", &text(&expected));
}

#[test]
fn redirect_in_the_stream_starts_anew() {
    let (model, gates, neovim) = streaming("auto");
    gates[..8].iter().for_each(Gate::open);
    wait_for_line(&neovim, "width = 11");
    neovim.ex("4Redline redirect otherwise");
    model.wait_for_requests(2);
    wait_for_state(&neovim, "proposed");
    neovim.ex("Redline accept");
    wait_for_state(&neovim, "accepted");
    check_saved(&neovim, "a.py", &text(&OTHER));
}

#[test]
fn redirect_of_a_proposal_starts_anew() {
    let (model, neovim) = proposed("auto");
    neovim.ex("4Redline redirect otherwise");
    model.wait_for_requests(2);
    wait_for_line(&neovim, "width = 777");
    wait_for_state(&neovim, "proposed");
    neovim.ex("Redline reject");
    wait_for_state(&neovim, "rejected");
    check_saved(&neovim, "a.py", &text(&OLD));
}

#[test]
fn retry_asks_the_same_again() {
    let (model, neovim) = proposed("auto");
    neovim.ex("Redline reject");
    wait_for_state(&neovim, "rejected");
    neovim.ex("Redline retry");
    model.wait_for_requests(2);
    wait_for_state(&neovim, "proposed");
    assert_eq!(neovim.text(), text(&NEW));
}

#[test]
fn visual_map_asks_for_the_instruction() {
    let (model, gates) = gated_model();
    gates.iter().for_each(Gate::open);
    let neovim = start(&model, "auto");
    open(&neovim, "a.py", &text(&OLD));
    neovim.lua(
        "vim.keymap.set({ 'n', 'x' }, 'gR', '<Plug>(redline-rewrite)')
         vim.ui.input = function(options, take) asked = options.prompt; take('change the numbers') end",
        json!([]),
    );
    neovim.keys("3GV16GgR");
    let request = model.wait_for_requests(1);
    assert!(
        request.input_text().contains("change the numbers"),
        "{request:?}"
    );
    assert_eq!(neovim.lua("return asked", json!([])), "Redline: ");
    wait_for_state(&neovim, "proposed");
    assert_eq!(neovim.text(), text(&NEW));
}

#[test]
fn selection_follows_text_that_moves_while_the_instruction_is_typed() {
    let (model, gates) = gated_model();
    gates.iter().for_each(Gate::open);
    let neovim = start(&model, "auto");
    open(&neovim, "a.py", &text(&OLD));
    neovim.lua(
        "vim.ui.input = function(_, take) answer = take end",
        json!([]),
    );
    neovim.ex("3,16Redline rewrite");
    neovim.lua(
        "vim.api.nvim_buf_set_lines(0, 0, 0, false, { '# new', '# newer' })
         answer('change the numbers')",
        json!([]),
    );
    wait_for_state(&neovim, "proposed");
    assert_eq!(neovim.text(), format!("# new\n# newer\n{}", text(&NEW)));
}

#[test]
fn refusals_are_shown_with_their_reason() {
    let (_model, neovim) = proposed("auto");
    neovim.ex("4,5Redline rewrite something else");
    e2e::wait_until("the refusal is shown", || {
        let messages = neovim.messages();
        if messages.contains("Redline: ") {
            Ok(())
        } else {
            Err(messages)
        }
    });
    let neovim = start(&ModelServer::streaming("x\n"), "auto");
    open(&neovim, "b.py", &text(&OLD));
    neovim.ex("Redline accept");
    assert!(
        neovim.messages().contains("no rewrite is open here"),
        "{}",
        neovim.messages()
    );
}

#[test]
fn subcommands_are_completed() {
    let model = ModelServer::streaming("x\n");
    let neovim = start(&model, "auto");
    open(&neovim, "a.py", &text(&OLD));
    let complete =
        |line: &str| neovim.lua("return vim.fn.getcompletion(..., 'cmdline')", json!([line]));
    assert_eq!(
        complete("Redline re"),
        json!(["redirect", "reject", "retry", "rewrite"])
    );
    assert_eq!(complete("3,4Redline hunk "), json!(["accept", "reject"]));
    assert_eq!(complete("'<,'>Redline line r"), json!(["reject"]));
    neovim.ex("3Redline rewrite make it short");
    assert_eq!(complete("Redline rewrite make it"), json!(["it short"]));
}

#[test]
fn presets_are_completed_and_followed() {
    let model = ModelServer::streaming("x\n");
    let mut setup = Setup::with_plugin(ServerCommand::redline().with_model(&model.url()));
    setup.settings = json!({ "redline": { "presets": [
        { "name": "terse", "instruction": "Use fewer words.", "languages": ["python"] },
        { "name": "typed", "instruction": "Add all types.", "languages": ["rust"] },
    ] } });
    let neovim = Neovim::start(&setup);
    open(&neovim, "a.py", &text(&OLD));
    let complete = "vim.fn.getcompletion('Redline rewrite /t', 'cmdline')[1] == '/terse'";
    neovim.wait_until(complete);
    neovim.lua(
        "vim.ui.input = function(options, take)
           local list = options.completion:match('^customlist,(.*)$')
           take(vim.api.nvim_eval(list .. \"('/te', '', 0)\")[1])
         end",
        json!([]),
    );
    neovim.ex("3Redline rewrite");
    wait_for_state(&neovim, "proposed");
    let requests = model.requests();
    let input = requests.last().expect("a request").input_text();
    assert!(input.contains("Use fewer words."), "{input}");
}

#[test]
fn two_rewrites_in_one_file() {
    let model = ModelServer::start(|request| {
        let is_upper = request.input_text().contains("<instruction>\nupper");
        let word = if is_upper { "upper" } else { "lower" };
        let pieces = (0..12).map(|n| format!("{word}_{n} = {n}\n"));
        Answer::to(request)
            .paced(Duration::from_millis(8), pieces)
            .actions()
    });
    let neovim = start(&model, "auto");
    let lines = |word: &str| -> String { (0..10).map(|n| format!("{word}{n} = 0\n")).collect() };
    let (a, b, c) = (lines("a"), lines("b"), lines("c"));
    open(&neovim, "a.py", &[a.as_str(), &b, &c].concat());
    neovim.ex("1,10Redline rewrite upper");
    neovim.ex("21,30Redline rewrite lower");
    neovim.wait_until("#require('redline.rewrites').open() == 2 and vim.iter(require('redline.rewrites').open()):all(function(it) return it.view.state == 'proposed' end)");
    let expected =
        |word: &str| -> String { (0..12).map(|n| format!("{word}_{n} = {n}\n")).collect() };
    assert_eq!(
        neovim.text(),
        [expected("upper"), b.clone(), expected("lower")].concat()
    );
    // Each is one step of its own, though they streamed at the same time.
    neovim.keys("gg");
    neovim.ex("Redline accept");
    neovim.keys("G");
    neovim.ex("Redline accept");
    neovim.wait_until("#require('redline.rewrites').open() == 0");
    neovim.keys("u");
    let one_back = neovim.text();
    let either = [
        [a.clone(), b.clone(), expected("lower")].concat(),
        [expected("upper"), b.clone(), c.clone()].concat(),
    ];
    assert!(either.contains(&one_back), "{one_back}");
    neovim.keys("u");
    check_saved(&neovim, "a.py", &[a, b, c].concat());
}
