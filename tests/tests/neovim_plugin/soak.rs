//! Many rewrites in one Neovim, with typing all the while: no keystroke is lost, the text is right, one `u` takes
//! a rewrite back, and the cursor stays with what is being typed. `ITERATIONS` says how many, `SEED` which.

use std::env;

use e2e::model_server::{Gate, ModelServer};
use e2e::neovim::Neovim;
use e2e::soak::{Place, REGION, Round, Typed, answer};
use fastrand::Rng;
use serde_json::json;

use crate::scene::*;

/// Rewrites in the ordinary run.
const ITERATIONS: usize = 25;

/// What is typed, key by key.
fn keys(typed: &[Typed]) -> Vec<String> {
    let mut keys = Vec::new();
    for typed in typed {
        keys.push(match &typed.place {
            Place::Above => "<Esc>ggO".to_owned(),
            Place::Below => "<Esc>Go".to_owned(),
            Place::Kept(name) => format!("<Esc>gg/^{name}<CR>A"),
        });
        keys.extend(typed.word.chars().map(String::from));
    }
    keys
}

/// Types while the stream goes on; no key waits for anything.
fn type_along(neovim: &Neovim, keys: &[String], gates: &[Gate]) {
    let every = keys.len().div_ceil(gates.len());
    for (at, key) in keys.iter().enumerate() {
        if at % every == 0 {
            gates[at / every].open();
        }
        neovim.input(key);
    }
    gates.iter().for_each(Gate::open);
}

/// Notes each edit of ours that takes the cursor off the text in which it stood.
const WATCH_THE_CURSOR: &str = "
jumps = {}
local edits = require('redline.edits')
local on_apply = edits.on_apply
edits.on_apply = function(refusal, params, context)
  local line, column = vim.fn.getline('.'), vim.fn.col('.')
  local all = vim.api.nvim_buf_get_lines(0, 0, -1, false)
  local answer = on_apply(refusal, params, context)
  if vim.fn.getline('.') ~= line or vim.fn.col('.') ~= column then
    jumps[#jumps + 1] = { from = line, column = column, to = vim.fn.getline('.'), edit = params.edit, all = all, after = vim.api.nvim_buf_get_lines(0, 0, -1, false) }
  end
  return answer
end";

#[test]
fn rewrites_with_typing_lose_no_keystroke_and_come_back_by_one_undo() {
    let number = |name: &str| {
        env::var(name)
            .ok()
            .and_then(|text| text.parse::<u64>().ok())
    };
    let seed = number("SEED").unwrap_or(20_261_121);
    let iterations = number("ITERATIONS").map_or(ITERATIONS, |count| count as usize);
    let mut rng = Rng::with_seed(seed);
    let rounds: Vec<Round> = (0..iterations)
        .map(|number| Round::new(number, &mut rng))
        .collect();
    let gates: Vec<Vec<Gate>> = rounds
        .iter()
        .map(|_| (0..8).map(|_| Gate::new()).collect())
        .collect();
    let answers: Vec<Vec<String>> = rounds.iter().map(|round| round.new.clone()).collect();
    let held = gates.clone();
    let model = ModelServer::start(move |request| {
        let mut rng = Rng::with_seed(seed ^ request.index as u64);
        answer(
            request,
            &answers[request.index],
            &held[request.index],
            &mut rng,
        )
    });
    let neovim = start(&model, "auto");
    open(&neovim, "a.py", "# nothing yet\n");
    neovim.lua(WATCH_THE_CURSOR, json!([]));
    for (number, (round, gates)) in rounds.iter().zip(&gates).enumerate() {
        let place = format!("round {number} of SEED={seed}");
        let lines: Vec<String> = round.untouched().lines().map(str::to_owned).collect();
        neovim.lua(
            "vim.api.nvim_buf_set_lines(0, 0, -1, false, ...)",
            json!([lines]),
        );
        neovim.ex(&format!("2,{}Redline rewrite round {number}", REGION + 1));
        gates[0].wait_until_reached();
        type_along(&neovim, &keys(&round.typed), gates);
        wait_for_state_of(&neovim, number + 1, "proposed", &place);
        let jumps = neovim.lua("local all = jumps; jumps = {}; return all", json!([]));
        assert_eq!(jumps, json!([]), "{place}: {jumps:#}");
        let last = round.typed.last().expect("something is typed");
        neovim.wait_until(&format!(
            "vim.endswith(vim.fn.getline('.'), '{}')",
            last.word
        ));
        let cursor = neovim.lua(
            "return { vim.fn.mode(), vim.fn.getline('.'), vim.fn.col('.') == vim.fn.col('$') }",
            json!([]),
        );
        assert_eq!(cursor[0], "i", "{place}");
        assert_eq!(
            cursor[2], true,
            "the cursor is where it typed, {place}: {cursor}"
        );
        neovim.input("<Esc>");
        neovim.wait_until("vim.fn.mode() == 'n'");
        let (before, after) = (round.text(&round.old), round.text(&round.new));
        assert_eq!(neovim.text(), after, "{place}\n{}", neovim.messages());
        settled(&neovim, number + 1);
        neovim.ex(&format!("Redline {}", round.verdict));
        wait_for_state_of(&neovim, number + 1, &format!("{}ed", round.verdict), &place);
        if round.verdict == "accept" {
            neovim.keys("u");
            assert_eq!(neovim.text(), before, "one undo, {place}");
            neovim.keys("<C-r>");
            assert_eq!(neovim.text(), after, "one redo, {place}");
        } else {
            assert_eq!(neovim.text(), before, "reject, {place}");
            neovim.keys("u");
            assert_eq!(neovim.text(), after, "undo of the reject, {place}");
        }
    }
    let text = neovim.text();
    check_saved(&neovim, "a.py", &text);
    assert_eq!(neovim.lua("return vim.v.errmsg", json!([])), "");
}

#[track_caller]
fn wait_for_state_of(neovim: &Neovim, id: usize, state: &str, place: &str) {
    e2e::wait_until(&format!("{state} in {place}"), || {
        let view = neovim.lua(
            "local rewrite = require('redline.rewrites').get(...)
             return rewrite and rewrite.is_current and rewrite.view or vim.NIL",
            json!([id]),
        );
        if view["state"] == state {
            Ok(())
        } else {
            Err(format!(
                "{view:#}\n{}\n{}",
                neovim.text(),
                neovim.messages()
            ))
        }
    });
}

/// Waits until the undo steps of a rewrite are in order, where they have to be put in order.
#[track_caller]
fn settled(neovim: &Neovim, id: usize) {
    neovim.wait_until(&format!(
        "(function()
           local span = require('redline.rewrites').get({id}).undo
           return not span or span.is_settled or span.steps == 1
         end)()"
    ));
}
