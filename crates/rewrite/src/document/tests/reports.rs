//! What a report of the editor says of whose a change was, and where it was made: events in, regions and edits out. What
//! its undo does is in `undo`; random interleavings are next door.

use super::desk::*;
use super::*;

#[test]
fn whole_lines_told_of_as_a_new_line_break_and_themselves_stand_behind_it() {
    let mut desk = Desk::new(NUMBERS, Profile::default());
    desk.start(1, 0..8);
    desk.reports(&[(7..8, "\nmine\n")]);
    assert_eq!(desk.region(1), "one = 1\n");
    desk.reports(&[(7..8, "\n\n")]);
    assert_eq!(desk.region(1), "one = 1\n");
}

#[test]
fn a_report_of_several_changes_beside_an_edit_that_is_lost_is_taken_change_by_change() {
    let profile = Profile {
        checks_versions: true,
        ..Profile::default()
    };
    let mut desk = Desk::new(" \nend\n", profile);
    desk.start(1, 0..2);
    desk.says(1, "new\n");
    assert_eq!(desk.asked().len(), 1);
    // Typed at the start; then the blank inside is deleted. As one it would be a replacement inside.
    desk.reports(&[(0..0, "mine"), (4..5, "")]);
    assert_eq!(desk.region(1), "\n");
}

#[test]
fn what_was_typed_and_deleted_before_it_was_reported_does_not_make_two_changes_one() {
    let mut desk = Desk::new(" \nab\n", Profile::default());
    desk.start(1, 0..2);
    desk.reports(&[(3..3, "x"), (2..5, ""), (0..1, "y"), (0..0, "z")]);
    assert_eq!(desk.region(1), "y\n");
}

#[test]
fn two_rewrites_that_touch_change_the_text_one_after_the_other() {
    let desk = two_that_touch();
    assert_eq!(desk.region(1), "one\nnew\n");
    assert_eq!(desk.region(2), "TWO\n");
}

/// An edit of ours is asked for, and something else is reported. Expects what stands in the region as the user's.
#[track_caller]
fn check_put(base: &str, answer: &str, reported: (Range<usize>, &str), rejected: &str) {
    let mut desk = Desk::answered(base, 0..base.len(), answer);
    assert_ne!(desk.asked(), [], "an edit under way");
    desk.reports(&[reported]);
    let rewrite = &desk.engine.rewrites[0];
    assert_eq!(rewrite.tracked.base_with_theirs(), rejected);
    assert!(
        desk.engine.flight.is_some(),
        "the edit may still be reported"
    );
}

#[test]
fn nobody_takes_away_all_that_has_just_come_but_its_blanks() {
    check_put("old words there\n", " x\n", (0..15, " "), " \n");
}

#[test]
fn both_explanations_are_weighed_by_the_same_measure() {
    // Taken for a word that was changed whole, the typing would seem larger than a retyping of what our edit takes.
    check_put(
        "  k \n  abc\n  m\n",
        " k\n",
        (0..15, "  k \n  abxyzc\n  m\n"),
        "  k \n  abxyzc\n  m\n",
    );
}

#[test]
fn nobody_puts_back_what_has_just_gone() {
    let words_deleted = (2..20, " = \"\";\n");
    let base = "x\nfirst = \"second\";\n\n";
    check_put(base, "x\n\n", words_deleted, "x\n = \"\";\n\n");
}

#[test]
fn an_edit_that_the_editor_claims_is_known_by_what_the_user_has_left_of_it() {
    let mut desk = Desk::answered("(, fotem", 0..8, "\nKIWIP = \"BETEZ\";");
    assert_ne!(desk.asked(), [], "an edit under way");
    desk.engine.answered(desk.engine.last_edit(), true);
    desk.reports(&[(0..8, "\n = \"\";")]);
    let rewrite = &desk.engine.rewrites[0];
    assert_eq!(rewrite.tracked.base_with_theirs(), "(, fotem");
    assert!(desk.engine.flight.is_none(), "it has arrived");
}

/// The user types a line that begins a region's first edit, and more behind it; then the editor refuses the edit. Expects
/// the region: all of the typing was at its start.
#[test]
fn typing_beside_what_seemed_to_have_arrived_stands_outside_when_it_has_not() {
    let mut desk = Desk::answered("top\n\tone\n", 4..9, "\n\tone\n");
    assert_eq!(desk.asked(), [(4..4, "\n".to_owned())]);
    desk.reports(&[(4..4, "x\n")]);
    desk.reports(&[(6..6, "y")]);
    desk.engine.answered(desk.engine.last_edit(), false);
    assert_eq!(desk.region(1), "\tone\n");
}

/// What an edit under way replaces is changed, and changed back by a report of all its line; then the edit is reported
/// with typing elsewhere, as a change of the whole text.
#[test]
fn an_edit_is_known_where_what_it_replaces_was_changed_and_changed_back() {
    let mut desk = Desk::answered(
        "one two three\nfour\nfive\n",
        0..19,
        "one NEW three\nfour\n",
    );
    assert_eq!(desk.asked(), [(4..7, "NEW".to_owned())]);
    desk.reports(&[(7..7, "x")]);
    desk.reports(&[(0..15, "one two three\n")]);
    desk.reports(&[(0..24, "one NEW three\nfour\n9 five\n")]);
    let rewrite = &desk.engine.rewrites[0];
    assert_eq!(rewrite.tracked.base_with_theirs(), "one two three\nfour\n");
}

#[test]
fn an_edit_is_known_where_what_it_replaces_was_deleted_and_put_back() {
    let mut desk = Desk::answered("x old words\ny\n", 0..14, "x NEW\ny\n");
    assert_eq!(desk.asked(), [(2..11, "NEW".to_owned())]);
    desk.reports(&[(2..5, "")]);
    desk.reports(&[(2..2, "old")]);
    desk.reports(&[(2..11, "NEW")]);
    assert_eq!(desk.region(1), "x NEW\ny\n");
    let rewrite = &desk.engine.rewrites[0];
    assert_eq!(rewrite.tracked.base_with_theirs(), "x old words\ny\n");
}

/// A word deleted before a blank comes back told as standing behind the blank before it.
#[test]
fn an_edit_is_known_where_what_it_replaces_comes_back_told_beside_its_place() {
    let mut desk = Desk::answered_in("x old words\ny\n", compares(), 0..14, "x NEW\ny\n");
    assert_eq!(desk.asked(), [(2..11, "NEW".to_owned())]);
    desk.reports(&[(2..6, "")]);
    desk.reports(&[(0..10, "x old words\ny\n")]);
    desk.reports(&[(2..11, "NEW")]);
    let rewrite = &desk.engine.rewrites[0];
    assert_eq!(rewrite.tracked.base_with_theirs(), "x old words\ny\n");
    assert_eq!(desk.asked(), []);
}

#[test]
fn an_edit_is_known_where_what_stands_behind_it_comes_back_told_before_it() {
    let mut desk = Desk::new("a = b;\nc d\n", compares());
    desk.start(1, 0..11);
    desk.reports(&[(4..7, "")]);
    desk.says(1, "a = b;\nNEW\nc d\n");
    desk.ends(1);
    assert_eq!(desk.asked(), [(4..4, "NEW\n".to_owned())]);
    desk.reports(&[(4..6, "")]);
    desk.reports(&[(0..6, "a = c d\n")]);
    desk.reports(&[(0..8, "a = NEW\nc d\n")]);
    let rewrite = &desk.engine.rewrites[0];
    assert_eq!(rewrite.tracked.base_with_theirs(), "a = c d\n");
    assert_eq!(desk.asked(), []);
}

#[test]
fn what_the_user_did_in_any_case_says_nothing_of_an_edit() {
    let mut desk = Desk::new(
        "one\ntwo and very much of other text, and more\nend\n",
        Profile::default(),
    );
    desk.start(1, 0..4);
    desk.says(1, "NEW (GONE, HERE) = words\none\n");
    desk.ends(1);
    assert_eq!(
        desk.asked(),
        [(0..0, "NEW (GONE, HERE) = words\n".to_owned())]
    );
    desk.reports(&[(0..46, "NEW (, HERE) = words\none\nmore\n")]);
    assert_eq!(
        desk.text.to_string(),
        "NEW (, HERE) = words\none\nmore\nend\n"
    );
    let rewrite = &desk.engine.rewrites[0];
    assert_eq!(rewrite.tracked.base_with_theirs(), "one\n");
}

#[test]
fn lines_deleted_beside_an_edit_are_told_of_as_whole_ones() {
    let mut desk = Desk::answered("a {\n\n\tb\nc\n", 5..8, "\tb\n\tNEW\n");
    assert_eq!(desk.asked(), [(8..8, "\tNEW\n".to_owned())]);
    desk.reports(&[(0..10, "a {\n\tNEW\nc\n")]);
    let region = desk.engine.region(RewriteId(1));
    assert_eq!(region, Some(4..9));
}

#[test]
fn what_was_typed_at_the_start_is_inside_where_the_editor_puts_ours_before_it() {
    let mut text = Text::from("top\none\n");
    let mut engine = answered_whole(&text, Profile::default(), 4..8, "new\none\n");
    engine.settle(50_000, &mut Vec::new());
    for (version, put) in [(2, "me "), (3, "new\n")] {
        let change = ChangeSet::replace(text.len(), 4..4, put);
        change.apply(&mut text);
        engine.changed(&[change], &text, version, 60_000, &mut Vec::new());
    }
    engine.answered(EditId(1), true);
    assert_eq!(engine.check(), Ok(()));
    engine.settle(9_000_000, &mut Vec::new());
    assert_eq!(engine.state(ID), Some(State::Proposed));
    let region = engine.region(ID).expect("it waits");
    assert_eq!(text.slice(region), "new\nme one\n");
}

#[test]
fn an_edit_is_known_where_text_was_typed_at_the_end_of_what_it_replaces() {
    let mut desk = Desk::answered("x\ny old\n", 2..8, "y NEW\n");
    assert_eq!(desk.asked(), [(4..7, "NEW".to_owned())]);
    desk.reports(&[(0..8, "x\ny old\nz\n")]);
    desk.reports(&[(4..7, "NEW")]);
    let rewrite = &desk.engine.rewrites[0];
    assert_eq!(rewrite.tracked.base_with_theirs(), "y old\nz\n");
}

#[test]
fn what_a_refused_edit_would_have_deleted_is_what_it_was_when_it_comes_back() {
    for refused_first in [false, true] {
        let mut desk = Desk::answered("a(old);\nb;\nc(old);\n", 0..19, "a();\nb;\nc(new);\n");
        assert_eq!(
            desk.asked(),
            [(2..5, String::new()), (13..16, "new".to_owned())]
        );
        let edit = desk.engine.last_edit();
        // The user deletes just what a part of the edit would, and puts it back.
        desk.reports(&[(2..5, "")]);
        if refused_first {
            desk.engine.answered(edit, false);
        }
        desk.reports(&[(2..2, "old")]);
        if !refused_first {
            desk.engine.answered(edit, false);
        }
        assert_eq!(
            desk.asked(),
            [(2..5, String::new()), (13..16, "new".to_owned())]
        );
    }
}

#[test]
fn a_blank_line_that_goes_with_what_is_before_it_is_the_first_of_its_region() {
    let mut desk = Desk::new("b1\n\n\nend\n", Profile::default());
    desk.start(1, 3..5);
    desk.reports(&[(1..4, "\n")]);
    assert_eq!(desk.engine.region(RewriteId(1)), Some(2..3));
}

#[test]
fn a_line_behind_one_that_ends_alike_is_known_where_it_is_told_as_put_before_that_end() {
    let text = "do x;\nlast(size);\nread(file, end);\nend\n";
    let mut desk = Desk::new(text, compares());
    desk.start(1, 18..35);
    desk.says(1, "LOAD(file, LIMIT);\n");
    assert_eq!(desk.asked(), [(18..18, "LOAD(file, LIMIT);\n".to_owned())]);
    // Typing far above, told as one change with our line.
    desk.reports(&[(4..16, "<1>;\nlast(size);\nLOAD(file, LIMIT)")]);
    assert_eq!(
        desk.text.to_string(),
        "do x<1>;\nlast(size);\nLOAD(file, LIMIT);\nread(file, end);\nend\n"
    );
    assert_eq!(desk.region(1), "LOAD(file, LIMIT);\nread(file, end);\n");
}

#[test]
fn a_deletion_over_an_edge_leaves_what_was_typed_behind_it_in_one_piece() {
    let mut desk = Desk::new("one<1>\ntwo end\n", compares());
    desk.start(1, 7..15);
    desk.reports(&[(10..10, "<2>")]);
    // From behind `<1>` to behind `<2>`, told of as from within the one to within the other.
    desk.reports(&[(0..17, "one<1> end")]);
    assert_eq!(desk.text.to_string(), "one<1> end\n");
    assert_eq!(desk.region(1), " end\n");
}

#[test]
fn what_the_model_has_put_in_a_line_stays_when_the_rest_of_the_line_is_deleted() {
    for settled in [true, false] {
        let mut desk = Desk::answered("let a = one\nend\n", 0..12, "var x = one\n");
        assert_eq!(desk.asked(), [(0..5, "var x".to_owned())]);
        desk.reports(&[(0..5, "var x")]);
        if settled {
            assert_eq!(desk.asked(), []);
        }
        desk.reports(&[(6..11, "")]);
        assert_eq!(desk.asked(), [], "settled: {settled}");
        assert_eq!(desk.region(1), "var x \n");
    }
}

#[test]
fn a_report_beside_an_edit_that_is_not_in_it_is_taken_as_the_smallest_change_it_can_be() {
    let text = "}\r\ndo x<1>\r\n\r\n        (one)\r\n        kuj<2>\r\nend\r\n";
    let at = text.find("\r\n        (one)").expect("it is there");
    let to = text.find("end").expect("it is there");
    let answer = "    new = line\r\n\r\n        TWO(one)\r\n";
    let mut desk = Desk::answered(text, at..to, answer);
    assert_ne!(desk.asked(), [], "an edit under way");
    let from = text.find("do x").expect("it is there");
    let end = text.find("        kuj").expect("it is there");
    desk.reports(&[(from..end, "do x\r\n\r\n     <3>   (one)\r\n")]);
    let left = "\r\n     <3>   (one)\r\n        kuj<2>\r\n";
    assert_eq!(desk.region(1), left);
}

#[test]
fn a_deletion_that_may_as_well_be_the_users_is_waited_for_until_the_editor_answers() {
    let mut desk = Desk::answered("one two\nend\n", 0..8, "two\n");
    assert_eq!(desk.asked(), [(0..4, String::new())]);
    let edit = desk.engine.last_edit();
    desk.reports(&[(0..4, "")]);
    desk.start(2, 4..8);
    desk.says(2, "END\n");
    desk.ends(2);
    assert_eq!(desk.asked(), [], "an edit is yet to be answered");
    desk.engine.answered(edit, false);
    assert_eq!(desk.asked(), [(4..7, "END".to_owned())]);
    desk.reports(&[(4..7, "END")]);
    desk.asked();
    desk.engine
        .decide(RewriteId(1), false, None, &mut desk.out)
        .expect("it is proposed");
    assert_eq!(desk.asked(), [], "what the user deleted stays deleted");
    assert_eq!(desk.region(1), "two\n");
}

#[test]
fn what_was_typed_in_one_of_several_lines_that_the_model_changes_stays_in_its_line() {
    let mut desk = Desk::new("lidak(cebus, suwid)\nkoten(birax)\n", Profile::default());
    desk.start(1, 0..33);
    desk.says(1, "lidak(HEPAL, suw");
    assert_ne!(desk.asked(), [], "an edit that is refused");
    desk.reports(&[(14..14, "<me>")]);
    desk.says(1, "id)\n# XULUT\n");
    desk.ends(1);
    desk.engine.answered(desk.engine.last_edit(), false);
    desk.applies();
    assert_eq!(desk.region(1), "lidak(HEPAL, s<me>uwid)\n# XULUT\n");
}

#[test]
fn a_line_that_the_model_keeps_keeps_what_the_user_deleted_in_it_beside_lines_typed_in() {
    let text = "one = a\n  two = b\n   three four\n    keep = gone\n  five\n";
    let mut desk = Desk::answered(
        text,
        0..text.len(),
        "\n  two = B\n    keep = gone\n  FIVE\nSIX\n",
    );
    assert_ne!(desk.asked(), [], "an edit that is refused");
    let gone = text.find("gone").expect("it is there");
    desk.reports(&[(gone..gone + 4, "")]);
    let typed = text.find("ee four").expect("it is there");
    desk.reports(&[(typed..typed, "<me>")]);
    desk.engine.answered(desk.engine.last_edit(), false);
    desk.applies();
    let region = desk.region(1);
    assert_eq!(region, "\n  two = B<me>\n    keep = \n  FIVE\nSIX\n");
}

#[test]
fn a_line_typed_beside_an_edit_of_a_blank_one_is_not_that_edit_in_any_editor() {
    let mut desk = Desk::answered("one\ntwo\n", 0..8, "one\n\ntwo\n");
    assert_eq!(desk.asked(), [(4..4, "\n".to_owned())]);
    desk.reports(&[(3..3, "<me>\n")]);
    let flight = desk.engine.flight.as_ref().expect("it is under way");
    assert!(!flight.parts.is_empty(), "it has not arrived");
}

#[test]
fn lines_that_an_edit_takes_away_are_told_from_typing_that_comes_with_them_in_any_editor() {
    let mut desk = Desk::answered("keep it\ngo away\nend\n", 0..16, "keep it\n");
    assert_eq!(desk.asked(), [(8..16, String::new())]);
    desk.reports(&[(0..16, "keep <me>it\n")]);
    desk.engine.answered(desk.engine.last_edit(), true);
    desk.asked();
    let decided = desk.engine.decide(ID, false, None, &mut Vec::new());
    decided.expect("something to decide");
    desk.applies();
    assert_eq!(desk.region(1), "keep <me>it\ngo away\n");
}

#[test]
fn what_was_deleted_of_a_line_does_not_come_back_where_the_model_moves_it() {
    for apply in [Apply::Live, Apply::Once] {
        let profile = Profile {
            checks_versions: true,
            ..Profile::default()
        };
        let mut desk = Desk::new("one two\nA\nB\nend\n", profile);
        let start = start_of(ID, &desk.text, 0..12, apply);
        let started = desk.engine.start(start, desk.now, &mut desk.out);
        started.expect("a free region");
        desk.says(1, "A\nB\none two\n");
        desk.ends(1);
        assert!(!desk.asked().is_empty(), "{apply:?}");
        desk.reports(&[(3..7, "")]);
        desk.engine.answered(desk.engine.last_edit(), false);
        desk.applies();
        assert_eq!(desk.region(1), "A\nB\none\n", "{apply:?}");
        desk.asked();
        let rejected = desk.engine.decide(ID, false, None, &mut Vec::new());
        rejected.expect("something to decide");
        desk.applies();
        assert_eq!(desk.region(1), "one\nA\nB\n", "{apply:?}");
    }
}

#[test]
fn who_deletes_the_text_of_a_rejected_rewrite_before_it_is_back_is_told_why_it_ended() {
    let mut desk = Desk::answered("one\ntwo\n", 0..4, "ONE\n");
    desk.applies();
    desk.asked();
    let rejected = desk.engine.decide(ID, false, None, &mut Vec::new());
    rejected.expect("something to decide");
    assert_eq!(desk.asked().len(), 1);
    desk.reports(&[(0..8, "")]);
    let view = desk.engine.view(ID).expect("it is remembered");
    assert_eq!(view.state, State::Stale);
    let why = view.message.unwrap_or_default();
    assert!(why.contains("deleted"), "{why}");
}
