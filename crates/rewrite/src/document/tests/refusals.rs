//! Edits that the editor refuses, drops, contradicts or never tells of in a way that is known.

use super::*;

/// An editor that applies an edit late, to text that the user has changed where it goes, reports what no comparison
/// tells from typing.
#[test]
fn an_edit_that_is_not_told_from_typing_does_not_hold_up_the_rewrite_for_ever() {
    let mut text = Text::from("one\ntwo\nthree\n");
    let mut engine = answered_whole(&text, Profile::default(), 0..14, "1\ntwo\nthree\n");
    let mut out = Vec::new();
    engine.settle(50_000, &mut out);
    let edit = engine.last_edit();
    let mut replace = |range: Range<usize>, put: &str, version, engine: &mut DocumentRewrites| {
        let change = ChangeSet::replace(text.len(), range, put);
        change.apply(&mut text);
        engine.changed(&[change], &text, version, 60_000, &mut Vec::new());
    };
    replace(1..1, "x", 2, &mut engine);
    replace(0..4, "1x", 3, &mut engine);
    engine.answered(edit, true);
    let mut now = 60_000;
    while engine.state(ID) == Some(State::Streaming) && now < 20_000_000 {
        engine.wake();
        engine.settle(now, &mut Vec::new());
        now += 500_000;
    }
    assert_ne!(engine.state(ID), Some(State::Streaming), "after {now} µs");
}

/// The edits that an unknown editor is asked for which answers that it applied the first one, then reports typing from
/// before that, and the edit after `pause`, if at all.
fn asked_after_typing(pause: Option<Time>) -> u32 {
    let mut text = Text::from("one\ntwo\nthree\n");
    let mut engine = answered_whole(&text, Profile::default(), 4..7, "2\n");
    engine.settle(50_000, &mut Vec::new());
    engine.answered(engine.last_edit(), true);
    let mut report =
        |range: Range<usize>, put: &str, version, at, engine: &mut DocumentRewrites| {
            let change = ChangeSet::replace(text.len(), range, put);
            change.apply(&mut text);
            engine.changed(&[change], &text, version, at, &mut Vec::new());
            engine.settle(at, &mut Vec::new());
        };
    report(14..14, "x", 2, 60_000, &mut engine);
    report(15..15, "y", 3, 70_000, &mut engine);
    if let Some(pause) = pause {
        report(4..7, "2", 4, 70_000 + pause, &mut engine);
    }
    engine.wake();
    engine.settle(1_000_000, &mut Vec::new());
    engine.last_edit().0
}

#[test]
fn an_answer_that_overtakes_what_was_typed_before_the_edit_does_not_make_it_lost() {
    assert_eq!(asked_after_typing(Some(10_000)), 1);
    assert_eq!(asked_after_typing(None), 2);
}

/// What was asked for, refused, and then told of.
fn refused(report: (Range<usize>, &str)) -> (DocumentRewrites, Vec<Effect>) {
    let mut text = Text::from(NUMBERS);
    let mut engine = answered_whole(&text, Profile::default(), 8..16, "two = 22\n");
    let mut out = Vec::new();
    engine.settle(0, &mut out);
    let edits = |out: &[Effect]| -> Vec<EditId> {
        let edit = |effect: &Effect| match effect {
            Effect::Edit { edit, .. } => Some(*edit),
            _ => None,
        };
        out.iter().filter_map(edit).collect()
    };
    engine.answered(edits(&out)[0], false);
    out.clear();
    engine.settle(100_000, &mut out);
    assert_eq!(edits(&out), [], "nothing before the next report");
    let change = ChangeSet::replace(text.len(), report.0, report.1);
    change.apply(&mut text);
    engine.changed(&[change], &text, 2, 100_000, &mut out);
    engine.settle(200_000, &mut out);
    out.retain(|effect| matches!(effect, Effect::Edit { .. }));
    (engine, out)
}

#[test]
fn an_edit_that_was_refused_and_is_reported_all_the_same_is_not_made_again() {
    let (engine, again) = refused((15..15, "2"));
    assert_eq!(again.len(), 0, "{again:?}");
    assert_eq!(engine.state(ID), Some(State::Proposed));
}

#[test]
fn an_edit_that_was_refused_is_made_anew_for_the_next_text() {
    let (engine, again) = refused((0..0, "mine\n"));
    assert_eq!(again.len(), 1, "{again:?}");
    assert_eq!(engine.state(ID), Some(State::Streaming));
}

/// How often an editor is asked that makes every edit of ours and then refuses it, after so many that it really
/// refused because of typing above.
fn asked_by_contradictions(refusals: i32) -> (i32, DocumentRewrites) {
    let mut text = Text::from(NUMBERS);
    let profile = Profile {
        checks_versions: true,
        reports_apart: true,
        ..Profile::default()
    };
    let mut engine = answered_whole(&text, profile, 8..16, "two = 22\n");
    let mut out = Vec::new();
    let mut asked = 0;
    for round in 1..20 {
        let now = round * 100_000;
        out.clear();
        engine.wake();
        engine.settle(now, &mut out);
        for effect in std::mem::take(&mut out) {
            if let Effect::Edit { edit, parts, .. } = effect {
                if asked < refusals {
                    asked += 1;
                    engine.answered(edit, false);
                    let typed = ChangeSet::replace(text.len(), 0..0, "x");
                    typed.apply(&mut text);
                    engine.changed(&[typed], &text, 1 + asked, now, &mut out);
                    continue;
                }
                let changes = parts
                    .iter()
                    .map(|part| (part.range.clone(), part.text.clone()));
                let change = ChangeSet::from_changes(text.len(), changes.collect::<Vec<_>>());
                change.apply(&mut text);
                asked += 1;
                engine.changed(&[change], &text, 1 + asked, now, &mut out);
                engine.answered(edit, false);
            }
        }
    }
    (asked - refusals, engine)
}

#[test]
fn an_editor_that_refuses_what_it_has_reported_is_not_asked_for_ever() {
    // The first time it may be chance: the user did the same. Refusals because of typing are no sign of anything.
    for refusals in [0, 3] {
        let (asked, engine) = asked_by_contradictions(refusals);
        assert_eq!(asked, 2, "after {refusals}");
        assert_eq!(engine.state(ID), Some(State::Proposed));
    }
}

/// What the text becomes where the user typed `x⏎` where a line break of ours was asked for, with more or without,
/// and the editor says whether it applied that.
#[track_caller]
fn check_line_break(model: &str, applied: bool, expected: &str) {
    let mut text = Text::from("one\n");
    let mut engine = answered_whole(&text, Profile::default(), 0..4, model);
    let mut out = Vec::new();
    engine.settle(0, &mut out);
    assert!(matches!(&out[..], [.., Effect::Edit { parts, .. }] if parts[0].text == "\n"));
    out.clear();
    let typed = ChangeSet::replace(4, 0..0, "x\n");
    typed.apply(&mut text);
    engine.changed(&[typed], &text, 2, 10, &mut out);
    engine.settle(10, &mut out);
    engine.answered(EditId(1), applied);
    engine.settle(100_000, &mut out);
    for effect in out {
        if let Effect::Edit { parts, .. } = effect {
            assert!(parts.iter().all(|part| part.range.start >= 2), "{parts:?}");
            let parts = parts.into_iter().map(|part| (part.range, part.text));
            ChangeSet::from_changes(text.len(), parts).apply(&mut text);
        }
    }
    assert_eq!(text.to_string(), expected, "{model:?}, {applied}");
}

#[test]
fn a_line_break_that_the_user_typed_is_no_edit_of_ours_that_was_refused() {
    check_line_break("\none\n", false, "x\n\none\n");
    check_line_break("\none\n", true, "x\none\n");
    check_line_break("\nonly\n", false, "x\n\nonly\n");
}

/// How many edits an editor is asked for that tells of each in halves, the last first.
#[track_caller]
fn check_told_in_halves(profile: Profile) {
    let mut text = Text::from("top\na = 1\nz = 9\nend\n");
    let answer = "new one\na = 1\nnew two\nz = 9\n";
    let mut engine = answered_whole(&text, profile, 4..16, answer);
    let (mut edits, mut version) = (0, 1);
    for second in 1..100 {
        let mut out = Vec::new();
        engine.settle(second * 1_000_000, &mut out);
        for effect in out {
            let Effect::Edit { edit, parts, .. } = effect else {
                continue;
            };
            edits += 1;
            for part in parts.into_iter().rev() {
                let (head, tail) = part.text.split_at(part.text.len() / 2);
                let at = part.range.start;
                for (range, put) in [(part.range, head), (at + head.len()..at + head.len(), tail)] {
                    version += 1;
                    let change = ChangeSet::replace(text.len(), range, put);
                    change.apply(&mut text);
                    engine.changed(
                        &[change],
                        &text,
                        version,
                        second * 1_000_000,
                        &mut Vec::new(),
                    );
                }
            }
            engine.answered(edit, true);
        }
    }
    assert!(edits < 10, "{edits} edits with {profile:?}");
    assert_eq!(engine.check(), Ok(()));
}

#[test]
fn an_edit_that_is_never_known_again_is_not_asked_for_without_end() {
    let checks = Profile {
        checks_versions: true,
        ..Profile::default()
    };
    let exact = Profile {
        reports_apart: true,
        ..checks
    };
    for profile in [checks, exact, Profile::default()] {
        check_told_in_halves(profile);
    }
}

#[test]
fn what_is_decided_stays_so_when_the_file_is_closed_before_the_text_is_back() {
    let mut text = Text::from("one\ntwo\n");
    let mut engine = answered_whole(&text, Profile::default(), 0..4, "1\n");
    engine.settle(50_000, &mut Vec::new());
    let change = ChangeSet::replace(text.len(), 0..3, "1");
    change.apply(&mut text);
    engine.changed(&[change], &text, 2, 60_000, &mut Vec::new());
    engine.answered(EditId(1), true);
    engine.settle(400_000, &mut Vec::new());
    let mut out = Vec::new();
    engine.decide(ID, false, None, &mut out).expect("it waits");
    engine.settle(800_000, &mut out);
    engine.close(900_000, &mut out);
    let ended = engine.ended().map(|it| (it.state, it.timings.decided));
    assert_eq!(
        ended.collect::<Vec<_>>(),
        [(State::Rejected, Some(900_000))]
    );
}

/// What is said of an answer that is cut off behind `answer`, in a file of one word a line.
fn said_when_cut_off(answer: &str) -> Option<String> {
    let text = Text::from("one\ntwo\nthree\n");
    let mut engine = DocumentRewrites::open(text.clone(), 1, Profile::default());
    let mut out = Vec::new();
    let start = start_of(ID, &text, 0..text.len(), Apply::Once);
    engine.start(start, 0, &mut out).expect("a free region");
    let end = StreamEvent::Incomplete {
        reason: "max_output_tokens".to_owned(),
        usage: None,
    };
    for event in [delta(answer), ModelEvent::Stream(end)] {
        engine.model(ID, event, 0, &mut out);
    }
    engine.settle(1_000_000, &mut out);
    engine.view(ID).and_then(|it| it.message)
}

#[test]
fn an_answer_cut_off_before_anything_has_changed_keeps_no_lines_for_a_decision() {
    let said = |answer: &str| said_when_cut_off(answer).expect("a message");
    assert!(said("1\ntwo\n").ends_with("the complete lines are kept for your decision."));
    assert!(said("one\ntwo\n").ends_with("nothing had changed by then."));
}

#[test]
fn an_edit_that_comes_after_what_was_around_it_was_deleted_and_put_back_is_that_edit() {
    let mut text = Text::from("one two\nthree\n");
    let mut engine = answered_whole(&text, Profile::default(), 0..14, "one two\nNEW\nthree\n");
    engine.settle(50_000, &mut Vec::new());
    let edit = engine.last_edit();
    let mut version = 1;
    for (range, put) in [(4..11, ""), (0..6, "one two\nthree"), (8..8, "NEW\n")] {
        let change = ChangeSet::replace(text.len(), range, put);
        change.apply(&mut text);
        version += 1;
        engine.changed(&[change], &text, version, 60_000, &mut Vec::new());
    }
    engine.answered(edit, true);
    engine.settle(100_000, &mut Vec::new());
    assert_eq!(engine.last_edit(), edit, "it is not asked for again");
    let rejected = engine.decide(ID, false, None, &mut Vec::new());
    rejected.expect("something to decide");
    engine.settle(200_000, &mut Vec::new());
    assert_ne!(engine.last_edit(), edit, "it is the model's, and goes");
}
