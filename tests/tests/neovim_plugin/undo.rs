//! What one `u` takes back.

use e2e::model_server::Gate;
use e2e::neovim::Neovim;
use serde_json::json;

use crate::scene::*;

#[track_caller]
fn check_undo_and_redo(neovim: &Neovim, before: &str, after: &str) {
    assert_eq!(neovim.text(), after);
    neovim.keys("u");
    assert_eq!(neovim.text(), before, "after one undo");
    neovim.keys("<C-r>");
    assert_eq!(neovim.text(), after, "after one redo");
    neovim.keys("u");
    assert_eq!(neovim.text(), before, "after one more undo");
}

#[test]
fn one_undo_takes_an_accepted_rewrite_back() {
    let (_model, neovim) = proposed("auto");
    neovim.ex("Redline accept");
    wait_for_state(&neovim, "accepted");
    check_undo_and_redo(&neovim, &text(&OLD), &text(&NEW));
    neovim.keys("u");
    check_saved(&neovim, "a.py", &text(&OLD));
}

#[test]
fn one_undo_takes_a_proposal_back_and_ends_it() {
    let (_model, neovim) = proposed("auto");
    neovim.keys("u");
    wait_for_state(&neovim, "rejected");
    check_saved(&neovim, "a.py", &text(&OLD));
}

#[test]
fn one_undo_takes_a_reject_back() {
    let (_model, neovim) = proposed("auto");
    neovim.ex("Redline reject");
    wait_for_state(&neovim, "rejected");
    neovim.keys("u");
    assert_eq!(neovim.text(), text(&NEW));
}

#[test]
fn typing_before_and_after_keeps_its_own_steps() {
    let (model, gates) = gated_model();
    gates.iter().for_each(Gate::open);
    let neovim = start(&model, "auto");
    open(&neovim, "a.py", &text(&OLD));
    neovim.keys("ggxx");
    neovim.ex("3,16Redline rewrite change the numbers");
    wait_for_state(&neovim, "proposed");
    neovim.ex("Redline accept");
    wait_for_state(&neovim, "accepted");
    neovim.keys("GoAfter<Esc>");
    let before = text(&OLD)[2..].to_owned();
    let after = text(&NEW)[2..].to_owned();
    assert_eq!(neovim.text(), format!("{after}After\n"));
    neovim.keys("u");
    check_undo_and_redo(&neovim, &before, &after);
    neovim.keys("uu");
    assert_eq!(neovim.text(), text(&OLD));
}

/// Types beside and inside the region between the lines of the stream.
#[track_caller]
fn type_during_the_stream(gates: &[Gate], neovim: &Neovim) {
    gates[..6].iter().for_each(Gate::open);
    wait_for_line(neovim, "width = 11");
    neovim.keys("ggOabove<Esc>");
    gates[6..10].iter().for_each(Gate::open);
    wait_for_line(neovim, "depth = 33");
    let row = row_of(neovim, "for row in");
    go_to(neovim, row);
    neovim.keys("A  # mine<Esc>");
    gates[10..12].iter().for_each(Gate::open);
    neovim.keys("Gobelow<Esc>");
    gates[12..].iter().for_each(Gate::open);
}

fn with_typing(middle: &[&str]) -> String {
    let middle = join(middle).replace(
        "for row in range(height):",
        "for row in range(height):  # mine",
    );
    format!("above\n{}{middle}{}below\n", join(&ABOVE), join(&BELOW))
}

#[test]
fn one_undo_takes_a_rewrite_back_and_leaves_what_was_typed_meanwhile() {
    let (_model, gates, neovim) = streaming("auto");
    type_during_the_stream(&gates, &neovim);
    wait_for_state(&neovim, "proposed");
    assert_eq!(neovim.text(), with_typing(&NEW));
    go_to(&neovim, 5);
    neovim.ex("Redline accept");
    wait_for_state(&neovim, "accepted");
    check_undo_and_redo(&neovim, &with_typing(&OLD), &with_typing(&NEW));
    neovim.keys("u");
    assert_eq!(neovim.text(), text(&OLD), "the typing is the step before");
    neovim.keys("<C-r><C-r>");
    check_saved(&neovim, "a.py", &with_typing(&NEW));
}

#[test]
fn undo_steps_are_put_in_order_when_insert_mode_ends() {
    let (_model, gates, neovim) = streaming("auto");
    gates[..6].iter().for_each(Gate::open);
    wait_for_line(&neovim, "width = 11");
    neovim.input("ggOab");
    wait_for_line(&neovim, "ab\n");
    gates[6..].iter().for_each(Gate::open);
    wait_for_state(&neovim, "proposed");
    neovim.input("ove");
    wait_for_line(&neovim, "above\n");
    neovim.input("<Esc>");
    let new = format!("above\n{}", text(&NEW));
    assert_eq!(neovim.text(), new);
    neovim.wait_until("require('redline.rewrites').newest(1).undo.is_settled");
    neovim.ex("Redline accept");
    wait_for_state(&neovim, "accepted");
    check_undo_and_redo(&neovim, &format!("above\n{}", text(&OLD)), &new);
}

#[test]
fn older_history_stays() {
    let (model, gates) = gated_model();
    let neovim = start(&model, "auto");
    open(&neovim, "a.py", &text(&OLD));
    neovim.keys("ggOone<Esc>");
    neovim.keys("Gotwo<Esc>");
    neovim.ex("4,17Redline rewrite change the numbers");
    type_during_the_stream(&gates, &neovim);
    wait_for_state(&neovim, "proposed");
    neovim.ex("Redline accept");
    wait_for_state(&neovim, "accepted");
    neovim.keys("uu");
    assert_eq!(neovim.text(), format!("one\n{}two\n", text(&OLD)));
    neovim.keys("u");
    assert_eq!(neovim.text(), format!("one\n{}", text(&OLD)));
    neovim.keys("u");
    assert_eq!(neovim.text(), text(&OLD));
    neovim.keys("4<C-r>");
    assert_eq!(
        neovim.text(),
        format!(
            "above\none\n{}two\nbelow\n",
            with_typing(&NEW)[6..].trim_end_matches("below\n")
        )
    );
}

#[test]
fn one_undo_takes_a_redirected_rewrite_back() {
    let (model, neovim) = proposed("auto");
    neovim.ex("Redline redirect otherwise");
    model.wait_for_requests(2);
    wait_for_line(&neovim, "width = 777");
    wait_for_state(&neovim, "proposed");
    neovim.ex("Redline accept");
    wait_for_state(&neovim, "accepted");
    check_undo_and_redo(&neovim, &text(&OLD), &text(&OTHER));
}

#[test]
fn undo_in_the_stream_stops_it() {
    let (_model, gates, neovim) = streaming("auto");
    gates[..12].iter().for_each(Gate::open);
    wait_for_line(&neovim, "depth = 33");
    neovim.keys("u");
    neovim.wait_until("#require('redline.rewrites').open() == 0 or require('redline.rewrites').newest(1).view.state == 'interrupted'");
    gates.iter().for_each(Gate::open);
    assert_eq!(neovim.text(), text(&OLD));
    let left = neovim.lua("return #require('redline.rewrites').open()", json!([]));
    if left == 1 {
        neovim.ex("Redline reject");
        wait_for_state(&neovim, "rejected");
    }
    check_saved(&neovim, "a.py", &text(&OLD));
}
