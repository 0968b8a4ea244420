//! A document with an engine behind it, for tests that say what the editor reports and the model says. No facts.

use super::*;

/// An editor that compares texts.
pub(super) fn compares() -> Profile {
    Profile {
        compares_texts: true,
        ..Profile::default()
    }
}

/// A document with an engine behind it, and what the engine asks for.
pub(super) struct Desk {
    pub(super) text: Text,
    pub(super) version: i32,
    pub(super) now: Time,
    pub(super) engine: DocumentRewrites,
    pub(super) out: Vec<Effect>,
}

impl Desk {
    pub(super) fn new(text: &str, profile: Profile) -> Desk {
        let text = Text::from(text);
        Desk {
            engine: DocumentRewrites::open(text.clone(), 1, profile),
            text,
            version: 1,
            now: 0,
            out: Vec::new(),
        }
    }

    /// The model has answered the rewrite 1 of a region whole.
    pub(super) fn answered(text: &str, region: Range<usize>, answer: &str) -> Desk {
        Desk::answered_in(text, Profile::default(), region, answer)
    }

    /// The same in an editor of some kind.
    pub(super) fn answered_in(
        text: &str,
        profile: Profile,
        region: Range<usize>,
        answer: &str,
    ) -> Desk {
        let mut desk = Desk::new(text, profile);
        desk.start(1, region);
        desk.says(1, answer);
        desk.ends(1);
        desk
    }

    pub(super) fn start(&mut self, id: u64, region: Range<usize>) {
        let start = start_of(RewriteId(id), &self.text, region, Apply::Live);
        let started = self.engine.start(start, self.now, &mut self.out);
        started.expect("a free region");
    }

    pub(super) fn says(&mut self, id: u64, text: &str) {
        self.hears(id, delta(text));
    }

    pub(super) fn ends(&mut self, id: u64) {
        self.hears(id, completed());
    }

    pub(super) fn hears(&mut self, id: u64, event: ModelEvent) {
        self.engine
            .model(RewriteId(id), event, self.now, &mut self.out);
    }

    /// The edit that is asked for now: replacements in bytes.
    pub(super) fn asked(&mut self) -> Vec<(Range<usize>, String)> {
        self.now += 100_000;
        self.engine.wake();
        self.out.clear();
        self.engine.settle(self.now, &mut self.out);
        let edit = self.out.iter().find_map(|effect| match effect {
            Effect::Edit { parts, .. } => Some(parts),
            _ => None,
        });
        let parts = edit.into_iter().flatten();
        parts
            .map(|part| (part.range.clone(), part.text.clone()))
            .collect()
    }

    /// One report of changes, each in bytes of the text that the one before left.
    pub(super) fn reports(&mut self, changes: &[(Range<usize>, &str)]) {
        let mut sets = Vec::new();
        for (range, put) in changes {
            let set = ChangeSet::replace(self.text.len(), range.clone(), *put);
            set.apply(&mut self.text);
            sets.push(set);
        }
        self.version += 1;
        let (version, now) = (self.version, self.now);
        self.engine
            .changed(&sets, &self.text, version, now, &mut self.out);
        self.engine.check().expect("regions and mirror agree");
    }

    /// The edit that is asked for now is made, and reported from its last part to its first.
    pub(super) fn applies(&mut self) {
        let asked = self.asked();
        let parts = asked.iter().rev();
        let reported: Vec<_> = parts.map(|(at, text)| (at.clone(), &**text)).collect();
        self.reports(&reported);
    }

    pub(super) fn region(&self, id: u64) -> String {
        let region = self.engine.region(RewriteId(id)).expect("it is remembered");
        self.text.slice(region).into_owned()
    }
}

/// Two rewrites of lines beside each other, both in the text: they are asked for one after the other.
pub(super) fn two_that_touch() -> Desk {
    let mut desk = Desk::new("one\ntwo\nend\n", Profile::default());
    desk.start(1, 0..4);
    desk.start(2, 4..8);
    for (id, answer) in [(1, "one\nnew\n"), (2, "TWO\n")] {
        desk.says(id, answer);
        desk.ends(id);
    }
    assert_eq!(desk.asked(), [(4..4, "new\n".to_owned())]);
    desk.reports(&[(4..4, "new\n")]);
    assert_eq!(desk.asked(), [(8..11, "TWO".to_owned())]);
    desk.reports(&[(8..11, "TWO")]);
    desk
}
