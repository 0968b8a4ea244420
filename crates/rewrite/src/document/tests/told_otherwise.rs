//! Edits that the editor tells of beside their place, or makes with line ends and blanks of its own.

use super::*;

/// The editor, which compares texts, tells of the edit that makes `answer` of the region as `told`; it is known all the
/// same.
#[track_caller]
fn check_told_beside(text: &str, region: Range<usize>, answer: &str, told: (Range<usize>, &str)) {
    let compares = Profile {
        compares_texts: true,
        ..Profile::default()
    };
    let mut text = Text::from(text);
    let mut engine = answered_whole(&text, compares, region, answer);
    engine.settle(50_000, &mut Vec::new());
    let change = ChangeSet::replace(text.len(), told.0.clone(), told.1);
    change.apply(&mut text);
    engine.changed(&[change], &text, 2, 60_000, &mut Vec::new());
    engine.answered(EditId(1), true);
    let mut out = Vec::new();
    engine.settle(9_000_000, &mut out);
    let again = out.iter().filter(|it| matches!(it, Effect::Edit { .. }));
    assert_eq!(again.count(), 0, "{told:?} {out:?}");
    let region = engine.region(ID).expect("it waits");
    assert_eq!(text.slice(region), answer, "{told:?}");
}

#[test]
fn lines_behind_the_last_one_may_be_told_in_the_line_below() {
    let text = "one = 1\nkappa2 = 2\nkappa7 = 7";
    let answer = "kappa2 = 2\nkappa10 = 10";
    check_told_beside(text, 8..18, answer, (18..18, "\nkappa10 = 10"));
    check_told_beside(text, 8..18, answer, (24..24, "10 = 10\nkappa"));
}

#[test]
fn one_of_equal_lines_deleted_may_be_told_as_the_last_one() {
    let text = "two\ntwo\ntwo\n\nend\n";
    for told in [0..4, 3..7, 4..8, 7..11, 8..12] {
        check_told_beside(text, 0..7, "two", (told, ""));
    }
}

/// The editor puts `put` where an edit put `answer` behind the line of a file that has no other; then all is rejected.
#[track_caller]
fn check_put_otherwise(profile: Profile, put: &str, left: &str) {
    let mut text = Text::from("x = 1");
    let mut engine = answered_whole(&text, profile, 0..5, "x = 1\n\ty = 2\n\tz = 3");
    engine.settle(50_000, &mut Vec::new());
    let report =
        |range: Range<usize>, put: &str, engine: &mut DocumentRewrites, text: &mut Text| {
            let change = ChangeSet::replace(text.len(), range, put);
            change.apply(text);
            let version = engine.version + 1;
            engine.changed(&[change], text, version, 60_000, &mut Vec::new());
        };
    report(5..5, put, &mut engine, &mut text);
    engine.answered(EditId(1), true);
    let mut out = Vec::new();
    engine.settle(9_000_000, &mut out);
    let again = out.iter().any(|it| matches!(it, Effect::Edit { .. }));
    assert!(!again, "{put:?} {out:?}");
    let region = engine.region(ID).expect("it waits");
    assert_eq!(region, 0..text.len(), "{put:?}");
    engine.decide(ID, false, None, &mut out).expect("it waits");
    engine.settle(10_000_000, &mut out);
    for effect in out {
        if let Effect::Edit { parts, .. } = effect {
            for part in parts.into_iter().rev() {
                report(part.range, &part.text, &mut engine, &mut text);
            }
        }
    }
    assert_eq!(text.to_string(), left, "{put:?}");
    assert_eq!(engine.check(), Ok(()));
}

#[test]
fn an_editor_may_put_line_ends_and_blanks_of_its_own() {
    let exact = Profile {
        checks_versions: true,
        reports_apart: true,
        ..Profile::default()
    };
    let compares = Profile {
        compares_texts: true,
        ..Profile::default()
    };
    for profile in [exact, compares, Profile::default()] {
        check_put_otherwise(profile, "\n\ty = 2\n\tz = 3", "x = 1");
        check_put_otherwise(profile, "\r\n\ty = 2\r\n\tz = 3", "x = 1");
        check_put_otherwise(profile, "\n    y = 2\n    z = 3", "x = 1        ");
    }
}

/// Streams `answer` in place of the only line of a file whose line ends are `\r\n`, as the editor has it, then rejects.
#[track_caller]
fn check_stream_into_crlf(old: &str, answer: &str) {
    let profile = Profile {
        checks_versions: true,
        reports_apart: true,
        ..Profile::default()
    };
    let mut text = Text::from(old);
    let mut engine = DocumentRewrites::open(text.clone(), 1, profile);
    let mut out = Vec::new();
    let start = start_of(ID, &text, 0..text.len(), Apply::Live);
    engine.start(start, 0, &mut out).expect("a free region");
    let mut now = 0;
    let mut edits = 0;
    let mut step = |engine: &mut DocumentRewrites, text: &mut Text| {
        for _ in 0..3 {
            now += 50_000;
            let mut out = Vec::new();
            engine.settle(now, &mut out);
            for effect in out {
                let Effect::Edit { edit, parts, .. } = effect else {
                    continue;
                };
                edits += 1;
                assert!(edits < 30, "without end: {:?}", text.to_string());
                let parts = parts.into_iter().map(|it| {
                    (
                        it.range,
                        it.text.replace("\r\n", "\n").replace('\n', "\r\n"),
                    )
                });
                let change = ChangeSet::from_changes(text.len(), parts.collect::<Vec<_>>());
                change.apply(text);
                engine.answered(edit, true);
                let version = engine.version + 1;
                engine.changed(&[change], text, version, now, &mut Vec::new());
            }
        }
    };
    for words in answer.split_inclusive(' ') {
        engine.model(ID, delta(words), 0, &mut out);
        step(&mut engine, &mut text);
    }
    engine.model(ID, completed(), 0, &mut out);
    step(&mut engine, &mut text);
    assert_eq!(text.to_string(), answer.replace('\n', "\r\n"));
    engine.decide(ID, false, None, &mut out).expect("it waits");
    step(&mut engine, &mut text);
    assert_eq!(text.to_string(), old);
    assert_eq!(engine.check(), Ok(()));
}

#[test]
fn a_stream_into_a_file_of_one_line_gets_the_line_ends_of_the_editor() {
    check_stream_into_crlf(
        "const one = 1;",
        "const one = 1;\nconst two = 2;\nconst three = 3;",
    );
    check_stream_into_crlf("const one = 1;", "let one = 2;\n\nconst two = 2;");
    check_stream_into_crlf("one", "two\none\nthree");
}

#[test]
fn copies_of_what_one_edit_put_do_not_end_another_rewrite() {
    let mut text = Text::from("one\ntwo\n");
    let mut engine = answered_whole(&text, Profile::default(), 0..4, "uno and more\n");
    engine.settle(50_000, &mut Vec::new());
    let mut version = 1;
    for _ in 0..5 {
        let copy = ChangeSet::replace(text.len(), 8..8, "uno and more\n");
        copy.apply(&mut text);
        version += 1;
        engine.changed(&[copy], &text, version, 60_000, &mut Vec::new());
    }
    engine.answered(EditId(1), false);
    let mut out = Vec::new();
    engine.decide(ID, false, None, &mut out).expect("it waits");
    let other = RewriteId(2);
    let start = start_of(other, &text, 4..8, Apply::Live);
    engine.start(start, 0, &mut out).expect("a free region");
    engine.model(other, delta("dos and more\n"), 0, &mut out);
    engine.settle(9_000_000, &mut out);
    assert_eq!(engine.state(other), Some(State::Streaming));
}

#[test]
fn one_of_equal_blank_lines_deleted_may_be_told_as_the_one_behind_the_region() {
    check_told_beside("a\n\n\n\nend\n", 0..4, "a\n\n", (4..5, ""));
}
