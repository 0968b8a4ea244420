//! The user's undo of what the model put: told of alone, with other changes, or beside its place.

use super::desk::*;
use super::*;

#[test]
fn an_undo_beside_an_edit_under_way_stops_the_stream_and_leaves_nothing_to_reject() {
    let mut desk = Desk::new("a\nb\nend\n", Profile::default());
    desk.start(1, 0..4);
    desk.says(1, "a\nC\n");
    assert_eq!(desk.asked(), [(2..2, "C\n".to_owned())]);
    desk.reports(&[(2..2, "C\n")]);
    desk.says(1, "b\nD\n");
    assert_eq!(desk.asked(), [(6..6, "D\n".to_owned())]);
    desk.reports(&[(2..4, "")]);
    let cancel = |effect: &Effect| matches!(effect, Effect::Cancel { .. });
    assert!(desk.out.iter().any(cancel), "the model is told to stop");
    desk.engine.answered(desk.engine.last_edit(), false);
    let decided = desk.engine.decide(ID, false, None, &mut Vec::new());
    decided.expect("something to decide");
    assert_eq!(desk.asked(), []);
    assert_eq!(desk.text.to_string(), "a\nb\nend\n");
}

/// The model has put a line at an edge of its region that reads as the one beside it; the editor's undo takes it away, and
/// is told of as the other one.
#[track_caller]
fn check_undone_beside_equal_line(
    text: &str,
    region: Range<usize>,
    answer: &str,
    told: Range<usize>,
) {
    let mut desk = Desk::new(text, compares());
    let base = text[region.clone()].to_owned();
    desk.start(1, region);
    desk.says(1, answer);
    desk.ends(1);
    desk.applies();
    assert_eq!(desk.region(1), answer);
    desk.reports(&[(told, "")]);
    assert_eq!(desk.region(1), base);
    let rejected = desk.engine.decide(ID, false, None, &mut Vec::new());
    assert!(rejected.is_err() || desk.asked().is_empty());
    assert_eq!(desk.text.to_string(), text);
}

#[test]
fn an_undo_told_of_as_the_equal_line_beside_the_region_is_one() {
    check_undone_beside_equal_line("a\nb\nx\nend\n", 0..4, "a\nb\nx\n", 6..8);
    check_undone_beside_equal_line("a\nx\nb\nend\n", 4..6, "x\nb\n", 2..4);
}

#[test]
fn an_undo_in_two_rewrites_that_touch_told_of_as_one_change_is_one_in_both() {
    let mut desk = two_that_touch();
    desk.reports(&[(4..11, "two")]);
    let regions = (desk.region(1), desk.region(2));
    assert_eq!(regions, ("one\n".into(), "two\n".into()));
    for id in [1, 2] {
        let decided = desk
            .engine
            .decide(RewriteId(id), false, None, &mut Vec::new());
        assert!(decided.is_err() || desk.asked().is_empty(), "of {id}");
    }
    assert_eq!(desk.text.to_string(), "one\ntwo\nend\n");
}

#[test]
fn an_undo_told_of_together_with_the_edit_before_and_typing_behind_it_is_one() {
    let mut desk = Desk::answered_in("x old\ny\n", compares(), 0..6, "x NEW\n");
    assert_eq!(desk.asked(), [(2..5, "NEW".to_owned())]);
    desk.reports(&[(2..5, "NEW"), (2..5, "old"), (4..4, "9\n")]);
    let rewrite = &desk.engine.rewrites[0];
    assert_eq!(rewrite.tracked.base_with_theirs(), "x ol9\nd\n");
}

#[test]
fn an_undo_takes_typing_before_an_edit_along_where_the_editor_makes_them_one_step() {
    let profile = Profile {
        checks_versions: true,
        reports_apart: true,
        ..Profile::default()
    };
    let mut desk = Desk::new("top\nend\nold = word;\n", profile);
    desk.start(1, 8..20);
    desk.start(2, 0..4);
    desk.reports(&[(13..13, "mine")]);
    desk.says(1, "NEW = WORD;\n");
    desk.ends(1);
    let (new, word) = ((8..13, "NEW = WORD".to_owned()), (17..22, String::new()));
    assert_eq!(desk.asked(), [new, word]);
    desk.reports(&[(17..22, ""), (8..13, "NEW = WORD")]);
    desk.says(2, "top\nmore\n");
    desk.ends(2);
    assert_eq!(desk.asked(), [(4..4, "more\n".to_owned())]);
    let edit = desk.engine.last_edit();
    // Beside an edit that is refused.
    desk.reports(&[(8..18, "old ="), (17..17, " word"), (13..17, "")]);
    assert_eq!(desk.region(1), "old = word;\n");
    desk.engine
        .decide(RewriteId(1), false, None, &mut desk.out)
        .ok();
    desk.engine.answered(edit, false);
    assert_eq!(desk.asked(), [(4..4, "more\n".to_owned())]);
}

#[test]
fn what_is_undone_and_redone_in_several_changes_beside_an_edit_under_way_stands_where_it_stood() {
    let profile = Profile {
        checks_versions: true,
        reports_apart: true,
        ..Profile::default()
    };
    let mut desk = Desk::new("12\n", profile);
    desk.start(1, 0..3);
    desk.says(1, "new\nx");
    assert_eq!(desk.asked(), [(0..0, "new\n".to_owned())]);
    desk.reports(&[(0..1, ""), (0..1, "")]);
    assert_eq!(desk.region(1), "\n");
    desk.reports(&[(0..0, "2"), (0..0, "1")]);
    assert_eq!(desk.region(1), "12\n");
}

#[test]
fn a_formatter_that_strips_what_just_came_at_the_end_of_a_line_undoes_nothing() {
    let mut desk = Desk::new("one\ntwo\n", Profile::default());
    desk.start(1, 0..8);
    desk.says(1, "one  \n");
    assert_eq!(desk.asked(), [(3..3, "  ".to_owned())]);
    desk.reports(&[(3..3, "  ")]);
    desk.engine.answered(desk.engine.last_edit(), true);
    desk.reports(&[(3..5, "")]);
    assert_eq!(desk.engine.state(RewriteId(1)), Some(State::Streaming));
    desk.says(1, "TWO\n");
    desk.ends(1);
    assert_eq!(desk.asked(), [(4..7, "TWO".to_owned())]);
}

#[test]
fn an_undo_after_the_model_has_said_all_stops_what_is_still_to_come_and_says_so() {
    let mut desk = Desk::new("a\nend\n", Profile::default());
    desk.start(1, 0..2);
    desk.says(1, "a\nB(");
    desk.applies();
    desk.says(1, "c)\n");
    desk.ends(1);
    desk.reports(&[(2..4, "")]);
    assert_eq!(desk.asked(), []);
    let view = desk.engine.view(ID).expect("it is remembered");
    assert_eq!(view.state, State::Rejected);
    let why = view.message.unwrap_or_default();
    assert!(why.contains("undo"), "{why}");
    assert_eq!(desk.region(1), "a\n");
}

#[test]
fn an_undo_in_two_regions_told_of_with_the_edit_before_and_typing_right_behind_it_is_one_in_both() {
    let mut desk = Desk::new("one\nkeep\na b\nkeep\nc(d)\n", Profile::default());
    desk.start(1, 0..4);
    desk.start(2, 9..23);
    for (id, answer) in [(1, "new\none\n"), (2, "a B\nkeep\nC(D)\n")] {
        desk.says(id, answer);
        desk.ends(id);
    }
    assert_eq!(desk.asked().len(), 3);
    desk.reports(&[
        (0..21, "new\none\nkeep\na B\nkeep\nC(D"),
        (0..4, ""),
        (11..12, "b"),
        (18..21, "c(d"),
        (21..21, "<me>"),
    ]);
    assert_eq!(desk.region(2), "a b\nkeep\nc(d<me>)\n");
    assert_eq!(desk.asked(), []);
    for id in [1, 2] {
        assert_eq!(desk.engine.state(RewriteId(id)), Some(State::Rejected));
    }
}

#[test]
fn a_reject_that_is_told_in_pieces_is_not_an_undo_of_the_last_edit() {
    let mut desk = Desk::new("one\n    k = v\nkeep\nzz\nend\n", Profile::default());
    desk.start(1, 0..22);
    desk.says(1, "new\none\n");
    desk.applies();
    // Without the first edit the region has never been what it is to be.
    desk.reports(&[(5..5, "<me>")]);
    desk.says(1, "A(B, C)\nkeep\nTHREE\n");
    desk.ends(1);
    desk.applies();
    desk.asked();
    let rejected = desk.engine.decide(ID, false, None, &mut Vec::new());
    rejected.expect("something to decide");
    let asked = desk.asked();
    let parts = [(0..4, ""), (12..19, "    k = v"), (25..30, "zz")];
    assert_eq!(asked, parts.map(|(at, text)| (at, text.to_owned())));
    // The blank that both have stays.
    let told = [
        (25..30, "zz"),
        (17..19, "   k = v"),
        (12..16, ""),
        (0..4, ""),
    ];
    desk.reports(&told);
    assert!(desk.engine.flight.is_none(), "all of it has arrived");
    assert_eq!(desk.asked(), []);
    assert_eq!(desk.region(1), "o<me>ne\n    k = v\nkeep\nzz\n");
    assert_eq!(desk.engine.state(ID), Some(State::Rejected));
}

#[test]
fn to_delete_what_was_typed_before_a_redirect_took_an_edit_back_is_no_undo_of_it() {
    let mut desk = Desk::new("a\nend\n", Profile::default());
    desk.start(1, 0..2);
    desk.says(1, "NEW\na\n");
    desk.applies();
    desk.reports(&[(1..1, "<me>")]);
    let next = |text: &Text, region: Range<usize>, _: &Request, _: &str| {
        start_of(RewriteId(2), text, region, Apply::Live)
    };
    let redirected = desk.engine.redirect(ID, next, desk.now, &mut desk.out);
    redirected.expect("it is there");
    desk.applies();
    assert_eq!(desk.region(2), "<me>a\n");
    desk.reports(&[(0..4, "")]);
    assert_eq!(desk.engine.state(RewriteId(2)), Some(State::Requested));
}

#[test]
fn what_comes_back_over_an_edge_stands_outside_also_where_the_same_was_deleted_inside() {
    let mut desk = Desk::new("w x + y + z\n", Profile::default());
    desk.start(1, 0..7);
    for (range, put) in [(3..6, ""), (3..3, " + "), (2..10, ""), (2..2, "x + y + ")] {
        desk.reports(&[(range, put)]);
    }
    assert_eq!(desk.region(1), "w x + y");
}

/// A word of the model's that the user had deleted comes back by undo in the middle of what a reject is about to take
/// away; then all of it goes, by undo too.
#[test]
fn what_comes_back_within_an_edit_under_way_is_in_its_way() {
    let mut desk = Desk::answered_in("# doraf tepun\nend\n", compares(), 0..14, "# FATET NEWIK\n");
    desk.applies();
    desk.reports(&[(2..7, "")]);
    assert_eq!(desk.asked(), []);
    let rejected = desk.engine.decide(ID, false, None, &mut desk.out);
    rejected.expect("it is proposed");
    assert_eq!(desk.asked(), [(2..8, "doraf tepun".to_owned())]);
    desk.reports(&[(2..2, "FATET")]);
    desk.reports(&[(2..13, "doraf tepun")]);
    assert_eq!(desk.region(1), "# doraf tepun\n");
    desk.engine.answered(desk.engine.last_edit(), false);
    assert_eq!(desk.asked(), []);
    let over = desk.engine.view(ID).expect("it is remembered");
    assert_eq!((over.state, over.message), (State::Rejected, None));
}

#[test]
fn an_undo_told_of_as_whole_lines_is_one_in_a_region_that_ends_within_the_last() {
    let mut desk = Desk::answered_in("one\n    do x\nend\n", compares(), 4..12, "\n    if y {");
    desk.applies();
    assert_eq!(desk.region(1), "\n    if y {");
    desk.reports(&[(4..16, "    do x\n")]);
    assert_eq!(desk.region(1), "    do x");
    let view = desk.engine.view(ID).expect("it is remembered");
    assert_ne!(view.state, State::Stale);
}
