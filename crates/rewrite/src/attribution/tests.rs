//! Whose change it was, in the ways in which editors report changes.

use super::*;

/// A replacement as an editor or we say it: bytes, text.
type Say = (Range<usize>, &'static str);

/// `sent` is our edit in flight (in bytes of `old`), `reported` are the changes of one notification, each in
/// bytes of the text before it. Expects which of our parts arrived (from 0), and the user's changes, each in
/// the text at its moment, as the text they lead to.
#[track_caller]
fn check(old: &str, sent: &[Say], reported: &[Say], arrived: &[usize], user: &[Say]) {
    let text = Text::from(old);
    let mut new = text.clone();
    let mut changes = Vec::new();
    for (range, put) in reported {
        changes.push(ChangeSet::replace(new.len(), range.clone(), *put));
        new.replace(range.clone(), put);
    }
    let parts: Vec<Part> = (1..)
        .zip(sent)
        .map(|(number, (range, put))| Part {
            spoiled: false,
            belief: Belief::Weighed,
            number,
            range: range.clone(),
            text: (*put).to_owned(),
        })
        .collect();
    let (steps, missing) = attribute(&text, &changes, &new, parts);
    let mut confirmed: Vec<usize> = steps
        .iter()
        .flat_map(|step| step.confirmed.iter().map(|number| *number as usize - 1))
        .collect();
    confirmed.sort_unstable();
    assert_eq!(confirmed, arrived, "arrived");
    assert_eq!(missing.len(), sent.len() - arrived.len(), "missing");
    let theirs: Vec<(Range<usize>, String)> =
        steps.into_iter().flat_map(|step| step.user).collect();
    let expected: Vec<(Range<usize>, String)> = user
        .iter()
        .map(|(range, put)| (range.clone(), (*put).to_owned()))
        .collect();
    assert_eq!(theirs, expected, "the user's");
}

#[test]
fn our_edit_reported_as_sent_is_ours() {
    check("one\ntwo\n", &[(4..7, "2")], &[(4..7, "2")], &[0], &[]);
}

#[test]
fn a_line_inserted_and_reported_as_a_new_tail_of_the_line_before_is_ours() {
    check("ab\ncd\n", &[(3..3, "xy\n")], &[(2..2, "\nxy")], &[0], &[]);
    check(
        "ab\ncd\n",
        &[(3..3, "xy\n")],
        &[(3..6, "xy\ncd\n")],
        &[0],
        &[],
    );
}

#[test]
fn a_new_tail_of_a_line_reported_as_a_line_before_the_next_is_ours() {
    let sent = [(2..2, "\nxy")];
    check("ab\ncd\n", &sent, &[(3..3, "xy\n")], &[0], &[]);
    check(
        "ab\r\ncd\r\n",
        &[(2..2, "\r\nxy")],
        &[(4..4, "xy\r\n")],
        &[0],
        &[],
    );
    check("ab\ncd\n", &sent, &[(3..5, "xy\ncd")], &[0], &[]);
    // Typing beside it, before it is reported and in one report with it.
    check(
        "ab\ncd\n",
        &sent,
        &[(0..0, "q"), (4..4, "xy\n")],
        &[0],
        &[(0..0, "q")],
    );
    check(
        "ab\ncd\n",
        &sent,
        &[(3..3, "xy\n"), (8..8, "q")],
        &[0],
        &[(8..8, "q")],
    );
    // Another line is nobody's but the user's.
    check("ab\ncd\n", &sent, &[(3..3, "zz\n")], &[], &[(3..3, "zz\n")]);
}

#[test]
fn a_line_before_one_that_begins_alike_reported_behind_that_together_with_typing_is_ours() {
    let sent = [(0..0, "}\nnew()\n")];
    check("}\nif x {\n}\n", &sent, &[(2..2, "new()\n}\n")], &[0], &[]);
    let told = [(2..11, "n<me>ew()\n}\nif x {\n}\n")];
    check("}\nif x {\n}\n", &sent, &told, &[0], &[(3..3, "<me>")]);
}

#[test]
fn lines_deleted_before_one_that_begins_alike_told_from_behind_that_on_with_typing_are_ours() {
    let old = "    one(1)\n    two(2)\nthree = 3\n";
    let sent = [(0..11, ""), (22..27, "3")];
    let told = [(4..31, "two(2)\n3 =<me> 3")];
    check(old, &sent, &told, &[0, 1], &[(14..14, "<me>")]);
}

#[test]
fn what_is_left_of_a_line_that_an_edit_would_take_away_was_not_typed_anew() {
    let old = "total = first + other;\nsecond = \"third\"\n";
    let told = [(0..old.len(), "total = t<1>hird\"\n")];
    let user = [(8..34, "t<1>")];
    check(old, &[(0..23, "")], &told, &[], &user);
}

#[test]
fn a_line_put_behind_one_that_ends_as_what_was_typed_behind_it_is_ours() {
    let old = "one = 1\n<1>\nend\n";
    let sent = [(0..7, "first = 1"), (11..11, "\nlast = 2")];
    let told = [(0..10, "first = 1\n<1>\nlast = 2<9")];
    check(old, &sent, &told, &[0, 1], &[(22..22, "<9>")]);
}

#[test]
fn a_line_deleted_below_typing_and_told_with_it_is_that_line() {
    let old = "alpha(1, \"one\")\nbeta(2, \"two\")\ngamma(3, \"three\")\ndelta\n";
    let new = "alpha(1, \"one\")\nbeta(2, \"txxwo\")\ndelta\n";
    let line = old.find("gamma").unwrap();
    let user = [(26..26, "xx"), (line..line + 18, "")];
    check(old, &[], &[(0..old.len(), new)], &[], &user);
}

#[test]
fn letters_that_typing_shares_with_ours_are_not_what_is_left_of_it_however_many_bytes_they_have() {
    for (ours, typed) in [(" <1>\n", "<3>\n"), (" ⟨1⟩\n", "⟨3⟩\n")] {
        check(
            "ab\ncd\n",
            &[(3..3, ours)],
            &[(3..3, typed)],
            &[],
            &[(3..3, typed)],
        );
    }
}

#[test]
fn a_large_replacement_reported_in_small_changes_is_ours() {
    let small = [(6..7, "Z"), (2..3, "Y"), (0..1, "X")];
    check("abcdefgh", &[(0..8, "XbYdefZh")], &small, &[0], &[]);
}

#[test]
fn all_parts_reported_as_one_covering_change_are_ours() {
    check(
        "a b c d",
        &[(0..1, "A"), (6..7, "D")],
        &[(0..7, "A b c D")],
        &[0, 1],
        &[],
    );
}

#[test]
fn typing_while_our_edit_was_dropped_is_the_users_alone() {
    check(
        "one\ntwo\n",
        &[(4..7, "2")],
        &[(0..0, "x")],
        &[],
        &[(0..0, "x")],
    );
    check(
        "one\ntwo\n",
        &[(4..7, "2")],
        &[(5..5, "x")],
        &[],
        &[(5..5, "x")],
    );
}

#[test]
fn typing_reported_together_with_our_edit_is_told_apart() {
    let apart = [(4..7, "second"), (0..0, "x")];
    check(
        "one\ntwo\n",
        &[(4..7, "second")],
        &apart,
        &[0],
        &[(0..0, "x")],
    );
    check(
        "one\ntwo\n",
        &[(4..7, "second")],
        &[(4..7, "secxond")],
        &[0],
        &[(7..7, "x")],
    );
}

#[test]
fn a_part_that_comes_in_a_later_notification_is_still_missing() {
    check(
        "a\nb\nc\n",
        &[(0..1, "A"), (4..5, "C")],
        &[(4..5, "C")],
        &[1],
        &[],
    );
}

#[test]
fn touching_parts_reported_one_by_one_each_arrive() {
    let ours = [(2..4, "XX"), (4..4, "\nZ"), (5..7, "")];
    check("abcd\nef\n", &ours, &[(5..7, "")], &[2], &[]);
    check("abcd\nef\n", &ours, &[(4..4, "\nZ")], &[1], &[]);
    check("abcd\nef\n", &ours, &[(4..7, "\nZ\n")], &[1, 2], &[]);
    check("abcd\nef\n", &ours, &[(2..4, "XX\nZ")], &[0, 1], &[]);
}

#[test]
fn deleting_the_equal_line_above_is_the_users_and_not_our_deletion() {
    check(
        "x\nx\ny\n",
        &[(2..4, "")],
        &[(0..2, "")],
        &[],
        &[(0..2, "")],
    );
}

#[test]
fn deleting_half_of_what_we_delete_is_not_our_deletion() {
    check("aea\nb\n", &[(0..4, "")], &[(0..3, "")], &[], &[(0..3, "")]);
}

#[test]
fn deleting_what_we_replace_is_the_users_where_our_other_parts_left_no_trace() {
    let ours = [(0..2, "d"), (10..12, "q")];
    check("EB\n1234567ZZ\n", &ours, &[(0..2, "")], &[], &[(0..2, "")]);
}

#[test]
fn characters_are_not_cut() {
    check("a🙂b", &[(1..5, "🙃")], &[(1..5, "🙃")], &[0], &[]);
    check("a🙂b", &[(1..5, "🙃")], &[(6..6, "é")], &[], &[(6..6, "é")]);
}

#[test]
fn a_whole_text_reported_anew_gives_the_small_changes_in_it() {
    let old = "fn a() {}\nfn b() {}\nfn c() {}\n";
    let new = "fn a() {}\nfn bx() {}\nfn c() {}\n";
    check(old, &[], &[(0..old.len(), new)], &[], &[(14..14, "x")]);
}

/// The part sent last comes after all these notifications, each of one change, and is ours.
#[track_caller]
fn check_after(old: &str, sent: Say, reported: &[Say], arriving: Say) {
    let mut text = Text::from(old);
    let mut parts = vec![Part {
        spoiled: false,
        belief: Belief::Weighed,
        number: 1,
        range: sent.0,
        text: sent.1.to_owned(),
    }];
    let last = [arriving];
    for (index, (range, put)) in reported.iter().chain(&last).enumerate() {
        let before = text.clone();
        let change = ChangeSet::replace(text.len(), range.clone(), *put);
        change.apply(&mut text);
        let (steps, missing) = attribute(&before, &[change], &text, parts);
        let confirmed = steps.iter().any(|step| !step.confirmed.is_empty());
        assert_eq!(confirmed, index == reported.len(), "{index}: {steps:?}");
        parts = missing;
    }
}

#[test]
fn typing_reported_as_the_whole_line_does_not_hide_the_line_that_comes_before_it() {
    let (old, line) = ("if x {\n  w b\n", "  new\n");
    check_after(old, (7..7, line), &[(7..13, "  w ab\n")], (7..7, line));
    let wide = [(7..13, "  w ab\n"), (7..14, " u w ab\n")];
    check_after(old, (7..7, line), &wide, (7..7, line));
    check_after(old, (7..7, line), &wide, (6..6, "\n  new"));
}

#[test]
fn several_texts_typed_and_reported_as_one_replacement_are_insertions() {
    check(
        "pewer = gatac + woqul",
        &[],
        &[(5..21, "<4> =<3> gatac + woqul<5>")],
        &[],
        &[(5..5, "<4>"), (7..7, "<3>"), (21..21, "<5>")],
    );
}

#[test]
fn typing_in_widened_reports_beside_a_lost_edit_leaves_the_letters_between() {
    let ours = [(2..4, ""), (5..7, "TUBEQ")];
    let typed = [(5..5, "<4>"), (4..8, "<5>\nj<4>")];
    check(
        "# tejov lagig\n",
        &ours,
        &typed,
        &[],
        &[(4..4, "<5>\n"), (5..5, "<4>")],
    );
}

#[test]
fn a_whole_text_without_its_indentation_loses_nothing_but_blanks() {
    check(
        "  aa\n\n  bb\n\n\n  cc\n",
        &[],
        &[(0..18, "aa\n\nbb\n\n\ncc\n")],
        &[],
        &[(0..2, ""), (6..8, ""), (13..15, "")],
    );
}

/// An editor that compares texts tells of the edit by one change, as small as it can be.
#[track_caller]
fn check_compared(old: &'static str, ours: &[Say]) {
    let mut text = Text::from(old);
    let parts = ours.iter().map(|(range, put)| (range.clone(), *put));
    ChangeSet::from_changes(text.len(), parts).apply(&mut text);
    let new: &'static str = text.to_string().leak();
    let head = common_prefix(old, new);
    let tail = common_suffix(&old[head..], &new[head..]);
    let said = (head..old.len() - tail, &new[head..new.len() - tail]);
    let all: Vec<usize> = (0..ours.len()).collect();
    check(old, ours, &[said], &all, &[]);
    // And from the end on.
    let tail = common_suffix(old, new);
    let head = common_prefix(&old[..old.len() - tail], &new[..new.len() - tail]);
    let said = (head..old.len() - tail, &new[head..new.len() - tail]);
    check(old, ours, &[said], &all, &[]);
}

#[test]
fn several_parts_told_as_the_smallest_difference_are_ours() {
    let old = "a1 = f(1)\nb2 = f(2)\nc3 = f(3)\nd4 = f(4)\n";
    check_compared(old, &[(0..10, ""), (20..20, "new = g(9)\n")]);
    check_compared(old, &[(0..0, "n1 = f(2)\n"), (20..20, "n2 = g(9)\n")]);
    check_compared(old, &[(7..8, "12"), (20..20, "n2 = g(9)\n")]);
    check_compared(old, &[(0..10, ""), (20..30, "")]);
}

#[test]
fn a_line_deleted_beside_one_that_ends_or_begins_alike_and_told_as_the_whole_file_is_that_line() {
    let old = "top = f(0)\na1 = f(0)\nb2 = g(3)\nbelow = g(3)\nend\n";
    let without_a1 = "top = f(0)\nb2 = g(3)\nbelow = g(3)\nend\n";
    check(
        old,
        &[],
        &[(0..old.len(), without_a1)],
        &[],
        &[(11..21, "")],
    );
    let without_below = "top = f(0)\na1 = f(0)\nb2 = g(3)\nend\n";
    check(
        old,
        &[],
        &[(0..old.len(), without_below)],
        &[],
        &[(31..44, "")],
    );
}

#[test]
fn a_line_put_behind_one_that_ends_alike_and_told_as_the_whole_file_is_that_line() {
    let old = "a = f(0)\nb\n";
    let with_c = "a = f(0)\nc = f(0)\nb\n";
    let put = [(9..9, "c = f(0)\n")];
    check(old, &[], &[(0..old.len(), with_c)], &[], &put);
}

#[test]
fn deletions_in_two_lines_told_as_one_change_leave_the_line_between_them() {
    let old = "x \nkept line\n\nlast and more\n";
    let told = [(1..17, "\nkept line\n")];
    check(old, &[], &told, &[], &[(1..2, ""), (13..17, "")]);
}

#[test]
fn a_line_of_ours_told_with_typing_from_the_first_letter_that_is_another_is_ours() {
    // Both begin with blanks: the difference begins behind them.
    check(
        "  one = 1\n",
        &[(0..0, "  new = 2\n")],
        &[(2..9, "new = 2\n  one = 1<3>")],
        &[0],
        &[(19..19, "<3>")],
    );
}

#[test]
fn lines_deleted_beside_an_edit_that_is_lost_are_those_also_where_the_whole_text_is_told() {
    let old = "one\n  two\n";
    check(
        old,
        &[(6..6, "x")],
        &[(0..old.len(), "one\n")],
        &[],
        &[(4..10, "")],
    );
}

#[test]
fn beside_a_part_that_the_user_typed_into_the_others_have_not_come_with_a_deletion() {
    let old = Text::from("top\none # me\ntwo\nend\n");
    let part = |number, range, text: &str, spoiled| Part {
        number,
        range,
        text: text.to_owned(),
        spoiled,
        belief: Belief::Weighed,
    };
    let parts = vec![part(1, 4..12, "1", true), part(2, 15..16, "", false)];
    let change = ChangeSet::replace(old.len(), 4..17, "");
    let mut new = old.clone();
    change.apply(&mut new);
    // All of the region is deleted; the line break in front of it, in place of its last one, would do as well.
    let (steps, missing) = attribute(&old, &[change], &new, parts);
    let user = vec![(4..17, String::new())];
    let confirmed = Vec::new();
    assert_eq!(steps, [Attribution { confirmed, user }]);
    assert_eq!(missing.len(), 2);
}

#[test]
fn a_deletion_of_ours_told_to_the_letter_in_one_change_with_the_users_is_ours() {
    // Each may be told as standing further to the left: by the line break, and up to what was typed.
    check_told_with_deletion("xxBE\nedbbea\nend\n", (2..4, ""), 5..12);
    check_told_with_deletion("XYdbcd\nadbcd\n", (3..3, "<1>"), 7..13);
}

/// `gone` is our edit, and told in one change with what the user did before it.
#[track_caller]
fn check_told_with_deletion(old: &str, user: Say, gone: Range<usize>) {
    let old = Text::from(old);
    let mut new = old.clone();
    let changes = [user.clone(), (gone.clone(), "")];
    let change = ChangeSet::from_changes(old.len(), changes);
    change.apply(&mut new);
    let part = Part {
        number: 1,
        range: gone,
        text: String::new(),
        spoiled: false,
        belief: Belief::Doubted,
    };
    let (steps, missing) = attribute(&old, &[change], &new, vec![part]);
    let step = Attribution {
        confirmed: vec![1],
        user: vec![(user.0, user.1.to_owned())],
    };
    assert_eq!((steps, missing), (vec![step], Vec::new()));
}

#[test]
fn a_line_that_goes_and_one_that_becomes_it_may_be_told_across_both_together_with_typing_below() {
    check(
        "kojid(one) e\nkojid(big, r<1>ada) e\nend\n",
        &[(0..13, ""), (19..25, "one"), (28..31, "")],
        &[(9..36, "<1>) e\ne<5>")],
        &[0, 1, 2],
        &[(17..17, "<5>")],
    );
}

#[test]
fn a_line_put_behind_a_bracket_is_ours_where_typing_that_ends_with_one_is_told_with_it() {
    let old = "(ni) x\n<2>";
    let sent = [(10..10, "\nNEW = line")];
    check(
        old,
        &sent,
        &[(3..9, "<4>) x\n<2>\nNEW = line<5")],
        &[0],
        &[(3..3, "<4>"), (21..21, "<5>")],
    );
}
