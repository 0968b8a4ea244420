//! One session from open to close: what comes is handed to the editor, to the rewrites and to the oracle; what the
//! person and the model do next is chosen from the seed. What a person can do is in `person`, what must hold in
//! `oracle`.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use fastrand::Rng;
use serde_json::{Value, json};

use super::desk::Desk;
use super::manner::Manner;
use super::model::{Asked, MARK, Model};
use super::process::{Link, Mail};
use super::rewrite::{Failure, Fate, Level, Rewrite, Whose};
use super::transcript::Transcript;
use super::words::{Draft, Words, rewritten};
use crate::model_server::cut;
use crate::patience;

/// Why a session is broken: a sentence.
pub(super) type Broken = String;

/// What an answer is for.
#[derive(Clone, Debug)]
pub(super) enum Purpose {
    Start {
        key: usize,
        span: Range<usize>,
        whole: bool,
    },
    Decide {
        key: usize,
        hunk: Option<usize>,
        /// What had been decided of the whole.
        before: Option<bool>,
    },
    Interrupt {
        key: usize,
    },
    Redirect {
        old: usize,
        new: usize,
    },
    /// Must be refused: another rewrite is there.
    Overlap,
    /// The actions of a place; this one is wanted.
    Actions {
        key: usize,
        title: &'static str,
        accept: bool,
    },
    List,
    Ignored,
}

/// How the person is today: how often which act comes up.
#[derive(Clone, Copy, Debug)]
pub(super) enum Mood {
    Outside,
    Inside,
    Deleting,
    Undoing,
    Wild,
}

pub(super) struct Session {
    pub(super) desk: Desk,
    pub(super) draft: Draft,
    pub(super) words: Words,
    pub(super) rewrites: Vec<Rewrite>,
    pub(super) lined: BTreeSet<u32>,
    pub(super) next_token: u32,
    pub(super) mood: Mood,
    pub(super) pending: HashMap<u64, Purpose>,
    pub(super) answers: HashMap<u64, Result<Value, Value>>,
    /// Edits wait while a question about the text is on its way.
    pub(super) is_waiting: bool,
    pub(super) has_diagnostics: bool,
    /// What came of rewrites that have no number yet.
    pub(super) strangers: HashMap<u64, Value>,
    /// Requests whose rewrite's region is not yet known.
    pub(super) early: Vec<Asked>,
    /// The text that the model was sent, when the session asks for the whole.
    pub(super) probe: Option<Asked>,
    pub(super) marks: usize,
    pub(super) log: Transcript,
    pub(super) person: Rng,
    pub(super) model_rng: Rng,
    pub(super) link: Arc<Link>,
    mail: Receiver<Mail>,
    pub(super) sender: Sender<Mail>,
    number: u64,
    model: Arc<Model>,
}

impl Session {
    pub(super) fn new(
        manner: Manner,
        seed: u64,
        number: u64,
        link: &Arc<Link>,
        model: &Arc<Model>,
    ) -> Session {
        let mut rng = Rng::with_seed(seed);
        let mut words = Words::new(&mut rng);
        let draft = Draft::random(&mut rng, &mut words, manner.whole_lines);
        let (sender, mail) = mpsc::channel();
        let uri = link.uri(&format!("{MARK}{number}.{}", draft.flavour.extension));
        link.register(&uri, sender.clone());
        model.register(number, sender.clone());
        let mood = match rng.u8(..20) {
            0..4 => Mood::Outside,
            4..11 => Mood::Inside,
            11..15 => Mood::Deleting,
            15..18 => Mood::Undoing,
            _ => Mood::Wild,
        };
        Session {
            desk: Desk::new(manner, uri, Arc::clone(link), rng.fork()),
            draft,
            words,
            rewrites: Vec::new(),
            lined: BTreeSet::new(),
            next_token: 1,
            mood,
            pending: HashMap::new(),
            answers: HashMap::new(),
            is_waiting: false,
            has_diagnostics: false,
            strangers: HashMap::new(),
            early: Vec::new(),
            probe: None,
            marks: 0,
            log: Transcript::new(),
            person: rng.fork(),
            model_rng: rng.fork(),
            link: Arc::clone(link),
            mail,
            sender,
            number,
            model: Arc::clone(model),
        }
    }

    /// Plays it to its end.
    ///
    /// # Errors
    /// What the server did wrong.
    pub(super) fn run(&mut self) -> Result<(), Broken> {
        let draft = self.draft.clone();
        self.desk.open(&draft, &draft.text, &mut self.log);
        if self.desk.manner.zero_unchecked || self.person.bool() {
            // Neovim checks no edit of a file that has not changed since it was opened.
            self.type_outside();
        }
        let mut wanted = [1, 1, 1, 2, 2, 3][self.person.usize(..6)];
        let mut steps = self.person.usize(8..36);
        while steps > 0 || wanted > 0 {
            steps = steps.saturating_sub(1);
            let idle = self.rewrites.iter().all(|it| it.is_over);
            if wanted > 0 && (idle || self.person.u8(..8) == 0) {
                wanted -= usize::from(self.ask()? || self.person.u8(..10) == 0);
            } else if idle && wanted == 0 {
                break;
            }
            self.act_of_model();
            self.act()?;
            self.pause()?;
        }
        self.wind_down()?;
        self.probe_all()?;
        self.close_for_good()
    }

    /// Leaves nothing behind that could hold up others, however the session has ended.
    pub(super) fn leave(&mut self) {
        let params = json!({ "textDocument": { "uri": self.desk.uri } });
        self.link.notify("textDocument/didClose", params);
        let probe = self.probe.take().map(|it| it.stream);
        // A connection whose answer has ended may be another session's by now.
        let running = self.rewrites.iter_mut().filter(|it| !it.has_ended);
        let streams = running.filter_map(|it| it.stream.take());
        for stream in streams.chain(probe) {
            stream.fail();
        }
    }

    pub(super) fn forget(&self) {
        self.link.forget(&self.desk.uri);
        self.model.forget(self.number);
    }

    /// Lets a moment pass: none, an instant, or some frames.
    fn pause(&mut self) -> Result<(), Broken> {
        let micros = match self.person.u8(..10) {
            0..4 => 0,
            4..7 => self.person.u64(..2_000),
            7..9 => self.person.u64(..8_000),
            _ => self.person.u64(..22_000),
        };
        self.live(Duration::from_micros(micros))
    }

    /// Takes what comes and does what is due for so long.
    pub(super) fn live(&mut self, length: Duration) -> Result<(), Broken> {
        let until = Instant::now() + length;
        loop {
            while let Ok(mail) = self.mail.try_recv() {
                self.take(mail)?;
            }
            self.work()?;
            let now = Instant::now();
            if now >= until {
                return Ok(());
            }
            let due = self.desk.due().filter(|_| !self.is_waiting);
            let next = due.map_or(until, |due| due.min(until));
            match self.mail.recv_timeout(next.saturating_duration_since(now)) {
                Ok(mail) => self.take(mail)?,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err("no mail".to_owned()),
            }
        }
    }

    /// Lives until something holds.
    pub(super) fn wait(
        &mut self,
        what: &str,
        mut holds: impl FnMut(&mut Session) -> Result<bool, Broken>,
    ) -> Result<(), Broken> {
        let begun = Instant::now();
        let mut nudged = begun;
        while !holds(self)? {
            if begun.elapsed() > patience() {
                return Err(format!("waited in vain for {what}"));
            }
            // After a preview that nobody was told of, only the next key brings the two together again.
            if self.desk.has_moved_unseen
                && !self.is_waiting
                && nudged.elapsed() > Duration::from_millis(10)
            {
                self.type_anywhere();
                nudged = Instant::now();
            }
            self.live(Duration::from_millis(2))?;
        }
        Ok(())
    }

    /// The editor's part.
    fn work(&mut self) -> Result<(), Broken> {
        if self.is_waiting || self.desk.due().is_none_or(|due| due > Instant::now()) {
            return Ok(());
        }
        let rewrites = &self.rewrites;
        let owner = |homes: &[usize], said: &str| super::oracle::owner(rewrites, homes, said);
        let edited = self.desk.work(&owner, &mut self.log)?;
        for edited in edited {
            self.on_edited(&edited)?;
        }
        self.note_edges();
        Ok(())
    }

    /// What can be told of regions less closely than before.
    fn note_edges(&mut self) {
        for (one, other) in std::mem::take(&mut self.desk.page.joined) {
            self.join(one, other);
        }
        for key in std::mem::take(&mut self.desk.page.lost) {
            self.rewrites[key].loosen(Level::Open);
        }
        for key in std::mem::take(&mut self.desk.page.vague) {
            self.rewrites[key].loosen(Level::Words);
        }
        for what in std::mem::take(&mut self.desk.claimed) {
            let all = self.rewrites.iter_mut().flat_map(|it| &mut it.deleted);
            all.filter(|it| it.what == what)
                .for_each(|it| it.whose = Whose::Unclear);
        }
    }

    fn take(&mut self, mail: Mail) -> Result<(), Broken> {
        self.note_edges();
        match mail {
            Mail::ApplyEdit { id, params } => self.desk.receive(id, params)?,
            Mail::Answer { id, result } => self.on_answer(id, result)?,
            Mail::Changed(view) => self.on_changed(view)?,
            Mail::Diagnostics(params) => {
                let list = params["diagnostics"].as_array();
                self.has_diagnostics = list.is_some_and(|list| !list.is_empty());
            }
            Mail::Asked(asked) => self.on_asked(asked)?,
            Mail::Gone(connection) => self.on_gone(connection),
            Mail::Ended => return Err("the server has ended".to_owned()),
        }
        Ok(())
    }

    // The model.

    pub(super) fn on_asked(&mut self, asked: Asked) -> Result<(), Broken> {
        self.log.note(|| {
            format!(
                "model is asked {:?} over {:?} on connection {}",
                asked.instruction,
                asked.region,
                asked.stream.connection()
            )
        });
        if asked.instruction.contains("[probe]") {
            self.probe = Some(asked);
            return Ok(());
        }
        let mark = asked.instruction.split_once("[r").and_then(|(_, rest)| {
            let (number, _) = rest.split_once(']')?;
            number.parse::<usize>().ok()
        });
        let mut newest = self.rewrites.iter().rev();
        let found = newest.find(|it| Some(it.mark) == mark && !it.is_over);
        let Some(key) = found.map(|it| it.key) else {
            asked.stream.fail();
            return Ok(());
        };
        let waits = |it: &Purpose| matches!(it, Purpose::Start { key: other, whole: false, .. } if *other == key);
        if self.pending.values().any(waits) {
            self.early.push(asked);
            return Ok(());
        }
        if let Err(wrong) = self.check_asked(key, &asked.region, &asked.text) {
            if self.was_asked_for_another(key) {
                self.rewrites[key].forget_model();
                return self.on_asked(asked);
            }
            let Some(old) = self.is_asked_again(key, &asked.region, &asked.text) else {
                return Err(wrong);
            };
            // It is about to be stopped, and what it says no longer counts.
            self.rewrites[old].stream = Some(asked.stream);
            return Ok(());
        }
        let rewrite = &mut self.rewrites[key];
        rewrite.is_lost = false;
        rewrite.asked_with = Some(asked.text);
        // What failed is asked again, perhaps for the rest only, and fails again.
        if rewrite.has_ended && matches!(rewrite.fate, Fate::Fail(..)) {
            asked.stream.begin();
            asked.stream.fail();
            rewrite.stream = Some(asked.stream);
            return Ok(());
        }
        if rewrite.target.is_none() {
            let fierce = self.model_rng.u8(..3) == 0;
            let base = rewrite.base.clone().unwrap_or_default();
            let rng = &mut self.model_rng;
            let target = rewritten(&base, &self.draft, &mut self.words, rng, fierce);
            rewrite.target = Some(target);
        }
        let target = rewrite.target.clone().unwrap_or_default();
        let pieces = self.cut(&target);
        let rewrite = &mut self.rewrites[key];
        // Of two connections the one that is gone may be read last: then the one before it holds.
        let earlier = rewrite.stream.take().filter(|_| !rewrite.has_ended);
        let left = std::mem::take(&mut rewrite.pieces);
        rewrite.spare = earlier.map(|it| (it, left, rewrite.said, rewrite.has_begun));
        rewrite.pieces = pieces.into();
        rewrite.said = 0;
        rewrite.has_begun = false;
        rewrite.has_ended = false;
        rewrite.stream = Some(asked.stream);
        self.log.note(|| format!("model will say {target:?}"));
        Ok(())
    }

    /// A text as the model says it: its own line ends, the last one perhaps left out or added, in pieces.
    fn cut(&mut self, target: &str) -> Vec<String> {
        let rng = &mut self.model_rng;
        let mut said = target.to_owned();
        let body = said.trim_end_matches(['\r', '\n']);
        if rng.u8(..4) == 0 {
            let last = [body, self.draft.eol].concat();
            said = if said == last { body.to_owned() } else { said };
            if !target.ends_with('\n') && !target.is_empty() {
                said += self.draft.eol;
            }
        }
        if rng.bool() {
            said = said.replace("\r\n", "\n");
        }
        let longest = [3, 9, 30, 90, 500][rng.usize(..5)].max(said.len() / 40 + 1);
        cut(&said, longest, rng)
    }

    fn on_gone(&mut self, connection: usize) {
        for rewrite in &mut self.rewrites {
            let held = rewrite
                .stream
                .as_ref()
                .is_some_and(|it| it.connection() == connection);
            if held {
                let key = rewrite.key;
                self.log
                    .note(|| format!("the connection of model {key} is gone"));
                rewrite.is_lost |= !rewrite.has_ended;
                rewrite.stream = None;
                if let Some((stream, pieces, said, has_begun)) = rewrite.spare.take() {
                    (rewrite.pieces, rewrite.said) = (pieces, said);
                    (rewrite.has_begun, rewrite.has_ended) = (has_begun, false);
                    rewrite.is_lost = false;
                    rewrite.stream = Some(stream);
                }
            }
            rewrite.spare = rewrite
                .spare
                .take()
                .filter(|it| it.0.connection() != connection);
        }
    }

    /// Each model goes on a little, or not.
    pub(super) fn act_of_model(&mut self) {
        for key in 0..self.rewrites.len() {
            if self.model_rng.u8(..5) > 0 {
                let most = [1, 2, 6, 60][self.model_rng.usize(..4)];
                self.speak(key, most);
            }
        }
    }

    /// Says up to `most` pieces, and the end when all are said.
    pub(super) fn speak(&mut self, key: usize, most: usize) {
        let rewrite = &mut self.rewrites[key];
        let Some(stream) = &mut rewrite.stream else {
            return;
        };
        // What becomes of one that is being redirected is not to hang on which word comes first.
        if rewrite.has_ended || rewrite.is_redirected {
            return;
        }
        if !rewrite.has_begun {
            if rewrite.fate == Fate::Fail(0, Failure::Dropped) {
                // Before the first word it is asked again.
                self.log
                    .note(|| format!("model {key} drops the connection at once"));
                rewrite.fate = Fate::Finish;
                stream.drop_connection();
                return;
            }
            stream.begin();
            rewrite.has_begun = true;
        }
        for _ in 0..most {
            match rewrite.fate {
                Fate::Stall(at) if rewrite.said >= at => return,
                Fate::Fail(at, failure) if rewrite.said >= at || rewrite.pieces.is_empty() => {
                    self.log.note(|| format!("model {key} ends: {failure:?}"));
                    rewrite.has_ended = true;
                    match failure {
                        Failure::Failed => stream.fail(),
                        Failure::Error => stream.err(),
                        Failure::Dropped => stream.drop_connection(),
                        Failure::CutShort => stream.cut_short(),
                        Failure::Refused => stream.refuse(),
                        Failure::Empty => stream.complete(),
                    }
                    return;
                }
                _ => {}
            }
            let Some(piece) = rewrite.pieces.pop_front() else {
                self.log
                    .note(|| format!("model {key} ends with {:?}", stream.said()));
                rewrite.has_ended = true;
                stream.complete();
                return;
            };
            self.log.note(|| format!("model {key} says {piece:?}"));
            stream.say(&piece);
            rewrite.said += 1;
        }
    }

    // The end.

    /// Brings every rewrite to its end.
    fn wind_down(&mut self) -> Result<(), Broken> {
        self.wait("the end of all rewrites", |it| {
            for key in 0..it.rewrites.len() {
                it.hasten(key)?;
            }
            Ok(it.rewrites.iter().all(|it| it.is_over) && it.pending.is_empty())
        })?;
        self.wait("rest", |it| Ok(it.desk.is_at_rest()))
    }

    /// Does what is still to be done for one rewrite.
    fn hasten(&mut self, key: usize) -> Result<(), Broken> {
        let rewrite = &self.rewrites[key];
        if rewrite.is_over || rewrite.is_redirected || rewrite.id.is_none() {
            return Ok(());
        }
        if let Fate::Stall(at) = rewrite.fate
            && rewrite.said >= at
            && rewrite.is_streaming()
            && rewrite.decision != Some(false)
            && !rewrite.is_asked
        {
            if !rewrite.is_interrupted {
                self.interrupt(key);
            }
            return Ok(());
        }
        // To take an edit's text away by hand is as good as an undo, and that takes an early accept back.
        let is_forgotten = rewrite.decision == Some(true)
            && rewrite.state() == "proposed"
            && rewrite.deleted.iter().any(|it| it.whose != Whose::Base);
        if rewrite.is_proposed()
            && (rewrite.decision.is_none() || is_forgotten)
            && rewrite.granted.is_none()
            && !rewrite.is_asked
        {
            let accept = self.person.bool();
            match self.person.u8(..4) {
                0 => self.decide_a_hunk(key, accept),
                _ => self.decide(key, accept),
            }
            return Ok(());
        }
        let most = 1 + self.model_rng.usize(..8);
        self.speak(key, most);
        Ok(())
    }

    /// Closes the document; nothing of it may be left.
    fn close_for_good(&mut self) -> Result<(), Broken> {
        self.desk.close(&mut self.log);
        let id = self.command("redline.list", Value::Null, Purpose::List);
        let list = self.answer_to(id)?.map_err(|error| error.to_string())?;
        let ours = |it: &&Value| it["uri"] == self.desk.uri.as_str();
        match list.as_array().into_iter().flatten().find(ours) {
            Some(left) => Err(format!("after the close there is still {left}")),
            None => Ok(()),
        }
    }
}
