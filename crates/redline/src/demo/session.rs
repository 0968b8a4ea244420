//! One LSP session from `initialize` to `exit`: ask, watch, decide.
//!
//! Not here: drawing (`screen`, `plain`) and judging the result (`verdict`, `report`).

use std::future;
use std::io;
use std::ops::Range;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use super::changes::{self, Row, counts};
use super::client::{Client, Edits, Incoming};
use super::document::Span;
use super::paint::Paint;
use super::plain::Plain;
use super::proposal::{Hunk, Proposal, State};
use super::sample::Material;
use super::screen::{Frame, Key, Screen};

/// How long the server may be silent when it owes something.
const PATIENCE: Duration = Duration::from_secs(20);
const FRAME: Duration = Duration::from_millis(33);

/// What was proposed and what became of it.
#[derive(Debug)]
pub(super) struct Decision {
    pub(super) asked: Instant,
    pub(super) proposed_at: Instant,
    /// In the text before.
    pub(super) region: Span,
    /// The document when the stream had ended.
    pub(super) proposed: String,
    pub(super) hunks: Vec<Hunk>,
    /// Indices of hunks.
    pub(super) rejected: Vec<u64>,
    /// When the last edit of the stream was applied, and edits up to then.
    pub(super) first_edit: Option<Instant>,
    pub(super) last_edit: Option<Instant>,
    pub(super) batches: usize,
    pub(super) bytes: usize,
}

/// What the editor holds at the end.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) text: String,
    pub(super) state: Option<State>,
}

/// The editor, what it knows of the rewrite, and how it shows that.
#[derive(Debug)]
pub(super) struct Session {
    client: Client,
    before: String,
    rows: Vec<Row>,
    is_stale: bool,
    view: View,
    proposal: Option<Proposal>,
    asked: Instant,
    /// Of the server's sentences, the last.
    message: Option<String>,
    /// When the model began to write, and when it had ended.
    streaming: Option<Instant>,
    rested: Option<Instant>,
    /// When the server last said something or began to owe it.
    heard: Instant,
    drawn: Option<Instant>,
    answers: Vec<(u64, Result<Value, String>)>,
}

#[derive(Debug)]
enum View {
    Screen(Screen, mpsc::UnboundedReceiver<Key>),
    Plain(Plain),
}

/// How far a decision on a hunk goes.
enum Reach {
    One,
    /// All hunks that are left, too.
    Others,
}

/// Why waiting ended.
enum Step {
    /// A message came, or it is time to draw again.
    On,
    Pressed(Key),
}

impl Session {
    pub(super) fn start(
        input: impl AsyncRead + Unpin + Send + 'static,
        output: impl AsyncWrite + Unpin + Send + 'static,
        material: &Material,
        paint: Paint,
        asks: bool,
    ) -> Result<Session> {
        let before = material.file.text.clone();
        let view = if asks {
            let (screen, keys) = Screen::start(paint).context("cannot use the terminal")?;
            View::Screen(screen, keys)
        } else {
            View::Plain(Plain::default())
        };
        Ok(Session {
            client: Client::start(input, output, material.uri(), before.clone()),
            rows: changes::rows(&before, &before),
            before,
            is_stale: true,
            view,
            proposal: None,
            asked: Instant::now(),
            message: None,
            streaming: None,
            rested: None,
            heard: Instant::now(),
            drawn: None,
            answers: Vec::new(),
        })
    }

    /// Nothing, when the person stopped it.
    pub(super) async fn run(&mut self, material: &Material) -> Result<Option<Decision>> {
        self.initialize().await?;
        self.client.open(material.language());
        self.asked = Instant::now();
        let request = self.client.rewrite(&material.instruction);
        let Some(answer) = self.answer(request).await? else {
            return Ok(None);
        };
        let region = Span::from_json(&answer["region"]).context("an answer without a region")?;
        if !self.stream().await? {
            return Ok(None);
        }
        let Some(Proposal { state, hunks, .. }) = self.proposal.clone() else {
            bail!("the rewrite ended without a proposal");
        };
        if matches!(state, State::Failed | State::Stale) {
            bail!("the rewrite {}: {}", state.name(), self.reason());
        }
        let Edits {
            batches,
            bytes,
            first,
            last,
        } = self.client.edits;
        let mut decision = Decision {
            asked: self.asked,
            proposed_at: Instant::now(),
            region,
            proposed: self.client.document.text.clone(),
            hunks,
            rejected: Vec::new(),
            first_edit: first,
            last_edit: last,
            batches,
            bytes,
        };
        if state.is_decided() {
            return Ok(Some(decision));
        }
        Ok(self.decide(&mut decision).await?.then_some(decision))
    }

    /// Ends the session in order, gives the terminal back and returns what the editor holds.
    pub(super) async fn end(mut self) -> Ended {
        let shutdown = self.client.request("shutdown", Value::Null);
        // A server that does not answer has nothing left to say.
        let _ = timeout(Duration::from_secs(2), async {
            while !self.answers.iter().any(|(id, _)| *id == shutdown) {
                match self.client.next().await {
                    Some(incoming) => self.take(incoming),
                    None => return,
                }
            }
            self.client.notify("exit", &Value::Null);
            while let Some(incoming) = self.client.next().await {
                self.take(incoming);
            }
        })
        .await;
        Ended {
            text: self.client.document.text,
            state: self.proposal.as_ref().map(|it| it.state),
        }
    }

    async fn initialize(&mut self) -> Result<()> {
        let params = json!({
            "processId": std::process::id(),
            "clientInfo": { "name": "redline demo", "version": env!("CARGO_PKG_VERSION") },
            "rootUri": null,
            "capabilities": {
                "general": { "positionEncodings": ["utf-8", "utf-16"] },
                "workspace": {
                    "applyEdit": true,
                    "workspaceEdit": { "documentChanges": true },
                },
                "textDocument": { "synchronization": { "didSave": true } },
                "experimental": { "redline": { "events": true, "joinsUndo": true } },
            },
        });
        let request = self.client.request("initialize", params);
        let answer = self.answer(request).await?.unwrap_or_default();
        let encoding = answer.pointer("/capabilities/positionEncoding");
        if encoding.and_then(Value::as_str) != Some("utf-8") {
            bail!("the server does not count positions in utf-8");
        }
        self.client.notify("initialized", &json!({}));
        Ok(())
    }

    /// Waits for an answer; nothing when the person stopped it.
    async fn answer(&mut self, request: u64) -> Result<Option<Value>> {
        loop {
            if let Some(at) = self.answers.iter().position(|(id, _)| *id == request) {
                let (_, result) = self.answers.swap_remove(at);
                return result.map(Some).map_err(anyhow::Error::msg);
            }
            if let Step::Pressed(Key::Interrupt) = self.expect().await? {
                return Ok(None);
            }
        }
    }

    /// Watches until the stream has ended; false when the person stopped it.
    async fn stream(&mut self) -> Result<bool> {
        while !self.is_settled(State::is_at_rest) {
            self.show(None, "", FRAME)?;
            if let Step::Pressed(Key::Interrupt) = self.expect().await? {
                return Ok(false);
            }
        }
        self.is_stale = true;
        self.show(None, "", Duration::ZERO)?;
        Ok(true)
    }

    /// Asks, or accepts where nobody can be asked; false when the person stopped it.
    async fn decide(&mut self, decision: &mut Decision) -> Result<bool> {
        let all: Vec<u64> = decision.hunks.iter().map(|it| it.index).collect();
        let question = match all.len() {
            0 => "nothing was changed   [a]ccept".to_owned(),
            1 => "[a]ccept  [r]eject".to_owned(),
            n => format!(
                "{n} hunks:  [a]ccept  [r]eject  [h]unk by hunk   (\u{2191}\u{2193} to scroll)"
            ),
        };
        let choice = match self.view {
            View::Plain(_) => Some('a'),
            View::Screen(..) => self.ask(None, &question, &['a', 'r', 'h']).await?,
        };
        match choice {
            None => return Ok(false),
            Some('h') if !all.is_empty() => {
                for (at, index) in all.into_iter().enumerate() {
                    match self.decide_hunk(at, index, decision).await? {
                        None => return Ok(false),
                        Some(Reach::One) => {}
                        Some(Reach::Others) => break,
                    }
                }
            }
            Some('r') => {
                decision.rejected = all;
                self.command("redline.reject", None).await?;
            }
            Some(_) => self.command("redline.accept", None).await?,
        }
        while !self.is_settled(State::is_decided) {
            self.expect().await?;
        }
        self.is_stale = true;
        self.show(None, "", Duration::ZERO)?;
        Ok(true)
    }

    /// Asks about the hunk at a place among all; nothing when the person stopped it.
    async fn decide_hunk(
        &mut self,
        at: usize,
        index: u64,
        decision: &mut Decision,
    ) -> Result<Option<Reach>> {
        let pending = |proposal: &Option<Proposal>| {
            let hunks = &proposal.as_ref()?.hunks;
            hunks
                .iter()
                .find(|it| it.index == index && it.is_pending)
                .cloned()
        };
        let Some(hunk) = pending(&self.proposal) else {
            bail!("the server no longer knows hunk {}", at + 1);
        };
        let question = format!(
            "hunk {} of {}: keep it?  [y]es  [n]o  [a]ll that are left",
            at + 1,
            decision.hunks.len()
        );
        match self.ask(Some(&hunk), &question, &['y', 'n', 'a']).await? {
            None => return Ok(None),
            Some('a') => {
                self.command("redline.accept", None).await?;
                return Ok(Some(Reach::Others));
            }
            Some('n') => {
                decision.rejected.push(index);
                self.command("redline.reject", Some(index)).await?;
            }
            Some(_) => self.command("redline.accept", Some(index)).await?,
        }
        while !self.is_settled(|_| true) || pending(&self.proposal).is_some() {
            self.expect().await?;
        }
        Ok(Some(Reach::One))
    }

    async fn command(&mut self, command: &str, hunk: Option<u64>) -> Result<()> {
        let rewrite = self.proposal.as_ref().map(|it| it.rewrite.clone());
        let mut argument = json!({ "rewrite": rewrite });
        if let Some(hunk) = hunk {
            argument["hunk"] = json!(hunk);
        }
        self.heard = Instant::now();
        let request = self.client.command(command, &argument);
        self.answer(request).await?;
        Ok(())
    }

    /// Waits for one of these keys; nothing when the person stopped it.
    async fn ask(
        &mut self,
        hunk: Option<&Hunk>,
        question: &str,
        keys: &[char],
    ) -> Result<Option<char>> {
        self.refresh();
        let focus = hunk.map(|it| changes::of_hunk(&self.rows, it));
        if let View::Screen(screen, pressed) = &mut self.view {
            // What was typed before the question was asked does not answer it.
            while pressed.try_recv().is_ok() {}
            if let Some(focus) = &focus {
                screen.show(focus);
            }
        }
        self.is_stale = true;
        loop {
            self.show(focus.clone(), question, Duration::ZERO)?;
            let Step::Pressed(key) = self.step().await? else {
                continue;
            };
            match key {
                Key::Interrupt => return Ok(None),
                Key::Char(it) if keys.contains(&it) => return Ok(Some(it)),
                Key::Scroll(by) => {
                    if let View::Screen(screen, _) = &mut self.view {
                        screen.scroll(by);
                        self.is_stale = true;
                    }
                }
                Key::Char(_) | Key::Resize => {}
            }
        }
    }

    /// Waits for a message, a key, or the time to draw again.
    async fn step(&mut self) -> Result<Step> {
        let key = async {
            match &mut self.view {
                View::Screen(_, keys) => keys.recv().await,
                View::Plain(_) => future::pending().await,
            }
        };
        tokio::select! {
            incoming = self.client.next() => {
                let Some(incoming) = incoming else { bail!("the language server ended") };
                self.take(incoming);
            }
            key = key => {
                let Some(key) = key else { bail!("the terminal is gone") };
                if let (Key::Resize, View::Screen(screen, _)) = (key, &mut self.view) {
                    screen.resized();
                    self.is_stale = true;
                }
                return Ok(Step::Pressed(key));
            }
            () = sleep(FRAME) => {}
        }
        Ok(Step::On)
    }

    /// As `step`, when the server has something to say before long.
    async fn expect(&mut self) -> Result<Step> {
        let step = self.step().await?;
        if self.heard.elapsed() > PATIENCE {
            bail!("the language server does not answer");
        }
        Ok(step)
    }

    fn take(&mut self, incoming: Incoming) {
        self.heard = Instant::now();
        match incoming {
            Incoming::Answer { id, result } => self.answers.push((id, result)),
            Incoming::Edited => self.is_stale = true,
            Incoming::Proposal(proposal) => {
                self.message = proposal.message.clone().or(self.message.take());
                if proposal.state != State::Requested {
                    self.streaming = self.streaming.or(Some(self.heard));
                }
                if proposal.state.is_at_rest() {
                    self.rested = self.rested.or(Some(self.heard));
                }
                self.proposal = Some(proposal);
            }
            Incoming::Message(message) => self.message = Some(message),
            Incoming::Nothing => {}
        }
    }

    /// Whether the rewrite is in such a state and the document is the one that this was said of.
    fn is_settled(&self, wanted: impl Fn(State) -> bool) -> bool {
        self.proposal.as_ref().is_some_and(|it| {
            wanted(it.state)
                && it
                    .version
                    .is_none_or(|it| it == self.client.document.version)
        })
    }

    fn reason(&self) -> &str {
        self.message.as_deref().unwrap_or("no reason given")
    }

    fn refresh(&mut self) {
        self.rows = changes::rows(&self.before, &self.client.document.text);
    }

    /// Draws what has changed, unless it was drawn a moment ago.
    fn show(
        &mut self,
        focus: Option<Range<usize>>,
        question: &str,
        pause: Duration,
    ) -> io::Result<()> {
        let is_new = self.drawn.is_none_or(|it| it.elapsed() >= pause);
        if !self.is_stale || !is_new {
            return Ok(());
        }
        self.is_stale = false;
        self.drawn = Some(Instant::now());
        self.refresh();
        let status = self.status();
        match &mut self.view {
            View::Plain(plain) => plain.changed(&self.rows, self.asked.elapsed()),
            View::Screen(screen, _) => screen.draw(&Frame {
                rows: &self.rows,
                focus,
                is_growing: self.rested.is_none(),
                status,
                question: question.to_owned(),
            }),
        }
    }

    fn status(&self) -> String {
        let (added, removed) = counts(&self.rows);
        let state = self
            .proposal
            .as_ref()
            .map_or("requested", |it| it.state.name());
        let mut status = format!("{state}  +{added} -{removed}");
        let tokens = self.proposal.as_ref().and_then(|it| it.tokens).unwrap_or(0);
        if let Some(began) = self.streaming {
            let took = self.rested.unwrap_or_else(Instant::now) - began;
            let pace = tokens as f64 / took.as_secs_f64().max(0.001);
            status += &format!("  {tokens} tokens, {pace:.0}/s");
        }
        if let Some(first) = self.client.edits.first {
            let took = (first - self.asked).as_secs_f64() * 1_000.0;
            status += &format!("  first edit after {took:.1} ms");
        }
        status
    }
}
