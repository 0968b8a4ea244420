//! What the user deletes, puts back and undoes at the edges of a region, however the editor tells of it.

use super::*;

/// Lines (bytes of the text) are deleted under a rewrite of `region`, reported as a deletion that says the same.
#[track_caller]
fn check_deletion(compares_texts: bool, region: Range<usize>, reported: Range<usize>, left: &str) {
    check_deletion_told(compares_texts, region, (reported, ""), left);
}

#[track_caller]
fn check_deletion_told(
    compares_texts: bool,
    region: Range<usize>,
    (reported, put): (Range<usize>, &str),
    left: &str,
) {
    let mut text = Text::from("if a {\nx\nif b {\ny\n");
    let profile = Profile {
        compares_texts,
        ..Profile::default()
    };
    let mut engine = DocumentRewrites::open(text.clone(), 1, profile);
    let start = start_of(ID, &text, region, Apply::Live);
    engine
        .start(start, 0, &mut Vec::new())
        .expect("a free region");
    let change = ChangeSet::replace(text.len(), reported, put);
    change.apply(&mut text);
    engine.changed(&[change], &text, 2, 0, &mut Vec::new());
    let region = engine.region(ID).expect("it is remembered");
    assert_eq!(text.slice(region), left, "{compares_texts} in {text}");
}

#[test]
fn deleted_lines_are_those_of_the_region_however_an_editor_that_compares_texts_tells_of_them() {
    // The first two lines, as what follows the `if ` that both begin with.
    check_deletion(true, 0..9, 3..12, "");
    check_deletion(true, 9..18, 3..12, "if b {\ny\n");
    check_deletion(true, 0..18, 3..12, "if b {\ny\n");
    // The same, and the rest of the line.
    check_deletion_told(true, 0..9, (3..15, "b {"), "");
    check_deletion_told(true, 9..18, (3..15, "b {"), "if b {\ny\n");
    // `{⏎x⏎if b ` says the same as ` {⏎x⏎if b`, which is all in the region.
    check_deletion(true, 3..13, 5..14, "a");
    // What is typed behind the deleted lines, or before them, in the same report.
    check_deletion_told(true, 0..9, (3..12, "new"), "");
    check_deletion_told(true, 9..18, (3..12, "new"), "if newb {\ny\n");
    check_deletion_told(true, 9..18, (0..9, "new"), "if b {\ny\n");
    check_deletion_told(true, 0..9, (0..18, "if newb {\ny\n"), "");
    // Not where much of them is there still.
    check_deletion_told(true, 7..9, (6..8, "new\nxy"), "xy\n");
    // Others tell of what was deleted.
    check_deletion(false, 0..9, 3..12, "if ");
    check_deletion(false, 9..18, 3..12, "b {\ny\n");
}

/// A line is deleted while the proposal waits, and put back; each told in the way of an editor that compares texts, from
/// the first different letter on. Gives the text after a reject.
fn rejected_after_put_back(deleted: Range<usize>, put_back: &'static str) -> String {
    let profile = Profile {
        compares_texts: true,
        ..Profile::default()
    };
    let mut text = Text::from("sigma\npsi = 1\nphi = 2\n");
    let all = 0..text.len();
    let mut engine = answered_whole(&text, profile, all, "sigma\npsi = 1\nnew\nphi = 2\n");
    let mut version = 1;
    let mut edited = |engine: &mut DocumentRewrites, text: &mut Text, change: Option<ChangeSet>| {
        let mut out = Vec::new();
        engine.settle(1_000_000 * i64::from(version) as Time, &mut out);
        let asked = out.into_iter().find_map(|effect| match effect {
            Effect::Edit { parts, .. } => Some(parts),
            _ => None,
        });
        let parts = asked.into_iter().flatten();
        let parts: Vec<_> = parts.map(|part| (part.range, part.text)).collect();
        for change in [Some(ChangeSet::from_changes(text.len(), parts)), change] {
            let Some(change) = change.filter(|it| !it.changes().is_empty()) else {
                continue;
            };
            change.apply(text);
            version += 1;
            engine.changed(&[change], text, version, 0, &mut Vec::new());
        }
    };
    edited(&mut engine, &mut text, None);
    let at = deleted.start;
    let gone = ChangeSet::replace(text.len(), deleted, "");
    edited(&mut engine, &mut text, Some(gone));
    let back = ChangeSet::replace(text.len(), at..at, put_back);
    edited(&mut engine, &mut text, Some(back));
    engine
        .decide(ID, false, None, &mut Vec::new())
        .expect("it waits");
    edited(&mut engine, &mut text, None);
    text.to_string()
}

#[test]
fn a_line_put_back_is_what_it_was_where_it_begins_as_the_next_one() {
    let old = "sigma\npsi = 1\nphi = 2\n";
    assert_eq!(rejected_after_put_back(6..14, "psi = 1\n"), old);
    // `new⏎` stands between them; of `n` and `p` nothing is alike, of `psi` and `phi` the first letter.
    assert_eq!(rejected_after_put_back(7..19, "si = 1\nnew\np"), old);
}

/// The region of the line `one`, between others, after `before` was typed where a line break of ours was asked for, with
/// another, and `then` behind that; and then the editor refused ours.
#[track_caller]
fn check_typed_behind(model: &str, before: (usize, &str), then: usize, expected: &str) {
    let mut text = Text::from("top\none\nend\n");
    let mut engine = answered_whole(&text, Profile::default(), 4..8, model);
    engine.settle(0, &mut Vec::new());
    for (version, (at, put)) in (2..).zip([before, (then, "y")]) {
        let typed = ChangeSet::replace(text.len(), at..at, put);
        typed.apply(&mut text);
        engine.changed(&[typed], &text, version, 10, &mut Vec::new());
    }
    engine.answered(EditId(1), false);
    assert_eq!(engine.check(), Ok(()));
    let region = engine.region(ID).expect("it is there");
    assert_eq!(text.slice(region), expected, "in {text:?}");
}

#[test]
fn what_was_typed_behind_a_line_break_at_the_edge_that_is_none_of_ours_stands_outside_too() {
    check_typed_behind("\none\n", (4, "x\n"), 6, "one\n");
    check_typed_behind("\none\n", (4, "x\n"), 7, "oyne\n");
    check_typed_behind("one\n\n", (8, "\nx"), 8, "one\n");
    check_typed_behind("one\n\n", (8, "\nx"), 7, "oney\n");
}

/// The last line of a region that ends before its line break goes away; the user takes that back.
#[track_caller]
fn check_undo_behind_the_last_line(profile: Profile, told: (usize, &str), is_undo: bool) {
    let mut text = Text::from("new\none\ntwo\n");
    let mut engine = answered_whole(&text, profile, 0..7, "new");
    let mut out = Vec::new();
    engine.settle(0, &mut out);
    for effect in std::mem::take(&mut out) {
        if let Effect::Edit { parts, edit, .. } = effect {
            let parts = parts.into_iter().map(|part| (part.range, part.text));
            let change = ChangeSet::from_changes(text.len(), parts);
            change.apply(&mut text);
            engine.changed(&[change], &text, 2, 0, &mut out);
            engine.answered(edit, true);
        }
    }
    engine.settle(1_000_000, &mut out);
    assert_eq!(text.to_string(), "new\ntwo\n");
    let back = ChangeSet::replace(text.len(), told.0..told.0, told.1);
    back.apply(&mut text);
    engine.changed(&[back], &text, 3, 0, &mut out);
    let region = engine.region(ID).expect("it is remembered");
    let expected = if is_undo { "new\none" } else { "new" };
    assert_eq!(text.slice(region), expected, "{told:?}");
}

#[test]
fn a_line_that_an_undo_brings_back_behind_the_last_one_belongs_to_the_region() {
    let compares = Profile {
        compares_texts: true,
        ..Profile::default()
    };
    let exact = Profile {
        reports_apart: true,
        ..Profile::default()
    };
    check_undo_behind_the_last_line(exact, (3, "\none"), true);
    check_undo_behind_the_last_line(exact, (4, "one\n"), false);
    for profile in [compares, Profile::default()] {
        check_undo_behind_the_last_line(profile, (4, "one\n"), true);
        check_undo_behind_the_last_line(profile, (4, "uno\n"), false);
    }
}

/// What a reject asks for after an edit that replaces the second line, before which `before` was reported.
#[track_caller]
fn put_back_after(before: &[(Range<usize>, &'static str)]) -> Vec<(Range<usize>, String)> {
    let mut text = Text::from("one\ntwo\nthree\n");
    let mut engine = answered_whole(&text, Profile::default(), 4..7, "2\n");
    engine.settle(50_000, &mut Vec::new());
    let mut version = 1;
    let mut report = |range: Range<usize>, put: &str, engine: &mut DocumentRewrites| {
        version += 1;
        let change = ChangeSet::replace(text.len(), range, put);
        change.apply(&mut text);
        engine.changed(&[change], &text, version, 60_000, &mut Vec::new());
    };
    for (range, put) in before {
        report(range.clone(), put, &mut engine);
    }
    report(4..7, "2", &mut engine);
    engine.answered(EditId(1), true);
    engine.settle(400_000, &mut Vec::new());
    let mut out = Vec::new();
    engine.decide(ID, false, None, &mut out).expect("it waits");
    engine.settle(800_000, &mut out);
    assert_eq!(engine.check(), Ok(()));
    let asked = out.into_iter().find_map(|effect| match effect {
        Effect::Edit { parts, .. } => Some(parts),
        _ => None,
    });
    let parts = asked.into_iter().flatten();
    parts.map(|part| (part.range, part.text)).collect()
}

#[test]
fn text_that_was_changed_and_changed_back_is_replaced_as_it_was_asked() {
    let put_back = vec![(4..5, "two".to_owned())];
    assert_eq!(put_back_after(&[]), put_back);
    assert_eq!(put_back_after(&[(5..5, "xyz"), (5..8, "")]), put_back);
}

/// When something is deleted of the model's text.
#[derive(Clone, Copy, PartialEq)]
enum Moment {
    Streaming,
    /// Before the editor has been asked for the end of it.
    Ended,
}

/// `line` between two others is rewritten: `typed` is typed behind so many bytes of it, `first` streams in, `gone` is
/// deleted where it stands first, and `rest` comes. Gives the text when it is proposed, and after a reject.
fn after_deleting_of_ours(
    line: &str,
    typed: Option<(usize, &str)>,
    (first, gone, rest): (&str, &str, &str),
    moment: Moment,
) -> [String; 2] {
    let mut text = Text::from(format!("top\n{line}\nend\n").as_str());
    let mut engine = DocumentRewrites::open(text.clone(), 1, Profile::default());
    let mut out = Vec::new();
    let start = start_of(ID, &text, 4..5 + line.len(), Apply::Live);
    engine.start(start, 0, &mut out).expect("a free region");
    let mut now = 0;
    let mut version = 1;
    let mut change = |engine: &mut DocumentRewrites, text: &mut Text, change: ChangeSet| {
        change.apply(text);
        version += 1;
        engine.changed(&[change], text, version, 0, &mut Vec::new());
    };
    if let Some((at, typed)) = typed {
        let typed = ChangeSet::replace(text.len(), at + 4..at + 4, typed);
        change(&mut engine, &mut text, typed);
    }
    let mut edited = |engine: &mut DocumentRewrites, text: &mut Text| {
        for _ in 0..3 {
            now += 1_000_000;
            engine.wake();
            let mut out = Vec::new();
            engine.settle(now, &mut out);
            for effect in out {
                if let Effect::Edit { edit, parts, .. } = effect {
                    let parts = parts.into_iter().map(|part| (part.range, part.text));
                    let parts = ChangeSet::from_changes(text.len(), parts);
                    change(engine, text, parts);
                    engine.answered(edit, true);
                }
            }
        }
        text.to_string()
    };
    engine.model(ID, delta(first), 0, &mut out);
    let shown = edited(&mut engine, &mut text);
    let answer_ends = |engine: &mut DocumentRewrites| {
        for event in [delta(rest), completed()] {
            engine.model(ID, event, 0, &mut Vec::new());
        }
    };
    if moment == Moment::Ended {
        answer_ends(&mut engine);
    }
    let at = shown.find(gone).expect("it streams in");
    let deleted = ChangeSet::replace(text.len(), at..at + gone.len(), "");
    deleted.apply(&mut text);
    engine.changed(&[deleted], &text, 50, 0, &mut out);
    if moment == Moment::Streaming {
        answer_ends(&mut engine);
    }
    let proposed = edited(&mut engine, &mut text);
    engine.decide(ID, false, None, &mut out).expect("it waits");
    [proposed, edited(&mut engine, &mut text)]
}

#[test]
fn what_was_deleted_of_the_models_text_stays_deleted_where_the_text_is_laid_anew() {
    for moment in [Moment::Streaming, Moment::Ended] {
        let texts = after_deleting_of_ours(
            "    pukir = 3",
            Some((11, "<me>")),
            ("    if WEFAM {\n", "WEFAM", ""),
            moment,
        );
        let expected = ["top\n    if  {<me>\nend\n", "top\n    pukir =<me> 3\nend\n"];
        assert_eq!(texts, expected);
    }
}

#[test]
fn what_was_deleted_of_the_models_text_comes_back_where_it_stood_in_a_line_that_is_rejected() {
    let old = "    tupuc lomom cikiw saheh";
    for moment in [Moment::Streaming, Moment::Ended] {
        let [proposed, rejected] = after_deleting_of_ours(
            old,
            None,
            ("    REXIL BOBUB cikiw sah", " sah", "eh\nJAVEV\n"),
            moment,
        );
        assert_eq!(proposed, "top\n    REXIL BOBUB cikiweh\nJAVEV\nend\n");
        assert_eq!(rejected, format!("top\n{old}\nend\n"));
    }
}

/// A stretch of `text` is being rewritten when everything from `told.0` up to `told.1` is reported as `put`: what the stretch
/// is then.
fn region_after(text: &str, region: &str, told: (&str, &str), put: &str) -> String {
    let profile = Profile {
        compares_texts: true,
        ..Profile::default()
    };
    let mut mirror = Text::from(text);
    let mut engine = DocumentRewrites::open(mirror.clone(), 1, profile);
    let mut out = Vec::new();
    let at = text.find(region).expect("it is there");
    let start = start_of(ID, &mirror, at..at + region.len(), Apply::Live);
    engine.start(start, 0, &mut out).expect("a free region");
    let from = text.find(told.0).expect("it is there");
    let to = from + text[from..].find(told.1).expect("it is there") + told.1.len();
    let change = ChangeSet::replace(text.len(), from..to, put);
    change.apply(&mut mirror);
    engine.changed(&[change], &mirror, 2, 0, &mut out);
    engine.check().expect("regions and mirror agree");
    let region = engine.region(ID).expect("it waits");
    mirror.slice(region).into_owned()
}

#[test]
fn line_breaks_that_stay_stay_on_their_side_of_the_edge_beside_a_deletion_told_with_typing() {
    let text = "do x<1>\r\n\r\n        (miboc)\r\nend\r\n";
    let put = "do x\r\n\r\n     <3>   (miboc)\r\n";
    let left = region_after(text, "\r\n        (miboc)\r\n", ("do x<", ")\r\n"), put);
    assert_eq!(left, "\r\n     <3>   (miboc)\r\n");
    let text = "tokub lihol\r\n    koxup<1> bivoz\r\n\r\n\r\n    zimaf\r\n";
    let put = "tokub lihol<3>\r\n    koxup bivoz\r\n\r\n<2>\r\n";
    let left = region_after(text, "\r\n    zimaf\r\n", ("tokub", "\r\n\r\n\r\n"), put);
    assert_eq!(left, "\r\n    zimaf\r\n");
}

#[test]
fn a_deletion_told_with_typing_takes_what_is_beside_the_region_and_nothing_of_it() {
    let text = "}\n    do x;<3>\n<2>\nend\n";
    let left = region_after(text, "    do x;<3>\n", ("   do", "\n<2"), "<4>   do x;<3");
    assert_eq!(left, " <4>   do x;<3>\n");
}

#[test]
fn a_deletion_over_an_edge_that_is_told_with_typing_leaves_what_was_typed_in_one_piece() {
    let text = "one\nmojuh(, tadic)\n + setog<1>\nend\n";
    let profile = Profile {
        compares_texts: true,
        ..Profile::default()
    };
    let mut mirror = Text::from(text);
    let mut engine = DocumentRewrites::open(mirror.clone(), 1, profile);
    let mut out = Vec::new();
    let start = start_of(ID, &mirror, 4..27, Apply::Live);
    engine.start(start, 0, &mut out).expect("a free region");
    let told = "<9>\n(, )\n<8>\n + <2";
    for (version, (range, put)) in (2..).zip([(22..22, "<2>"), (3..32, told)]) {
        let change = ChangeSet::replace(mirror.len(), range, put);
        change.apply(&mut mirror);
        engine.changed(&[change], &mirror, version, 0, &mut out);
    }
    let region = engine.region(ID).expect("it waits");
    assert_eq!(mirror.slice(region), "(, )\n<8>\n + <2>", "{mirror}");
}

#[test]
fn a_deletion_over_an_edge_cuts_what_stood_there_where_it_is_told() {
    let mut mirror = Text::from("top fegek\n  diwin + luqaj\nend\n");
    let profile = Profile {
        compares_texts: true,
        ..Profile::default()
    };
    let mut engine = DocumentRewrites::open(mirror.clone(), 1, profile);
    let mut out = Vec::new();
    let start = start_of(ID, &mirror, 10..26, Apply::Live);
    engine.start(start, 0, &mut out).expect("a free region");
    let gone = "fegek\n  diwin +<1> ";
    for (version, (range, put)) in (2..).zip([(19..19, "<1>"), (4..23, ""), (4..4, gone)]) {
        let change = ChangeSet::replace(mirror.len(), range, put);
        change.apply(&mut mirror);
        engine.changed(&[change], &mirror, version, 0, &mut out);
        engine.check().expect("regions and mirror agree");
    }
    let region = engine.region(ID).expect("it waits");
    assert_eq!(mirror.slice(region), "  diwin +<1> luqaj\n", "{mirror}");
}
