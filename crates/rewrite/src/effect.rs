//! What goes into the state machine and what comes out, as values.

use std::ops::Range;

use model_protocol::{Request, StreamEvent};
use prompt::Shape;
use text::Text;
use thiserror::Error;

/// Names a rewrite for as long as the server runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RewriteId(pub u64);

/// Names one edit sent to the editor, within its document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EditId(pub u32);

/// Microseconds since some fixed moment.
pub type Time = u64;

/// When the text of a rewrite goes into the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Apply {
    /// As it streams.
    Live,
    /// In one edit when the stream ends; then it waits for a decision.
    Once,
    /// Not before it is accepted.
    Preview,
}

/// Where a rewrite stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Sent to the model, nothing came yet.
    Requested,
    /// The model's text is coming in.
    Streaming,
    /// All of it is there and waits for a decision.
    Proposed,
    /// Stopped early; the complete lines that came wait for a decision.
    Interrupted,
    /// Accepted, whole or in part.
    Accepted,
    /// Rejected; the region is as it was, with the user's own changes.
    Rejected,
    /// The model failed; the region is as it was, with the user's own changes.
    Failed,
    /// The document or the region went away.
    Stale,
}

impl State {
    /// Whether nothing more can happen.
    pub fn is_over(self) -> bool {
        matches!(
            self,
            State::Accepted | State::Rejected | State::Failed | State::Stale
        )
    }
}

/// A rewrite to begin.
#[derive(Debug)]
pub struct Start {
    /// Its name.
    pub id: RewriteId,
    /// Bytes of the mirror's current text.
    pub region: Range<usize>,
    /// What the user asked for.
    pub instruction: String,
    /// When its text goes into the document.
    pub apply: Apply,
    /// What goes to the model.
    pub request: Request,
    /// What the region's text looks like, for cleaning the model's answer.
    pub shape: Shape,
    /// Bytes of the mirror, inside the region, that the model does not see and that go away with its first
    /// text: the comment that asked.
    pub removed: Option<Range<usize>>,
}

/// What a model connection reports about one rewrite.
#[derive(Debug)]
pub enum ModelEvent {
    /// The request has left.
    Sent,
    /// An event of the stream.
    Stream(StreamEvent),
    /// The stream ended without a terminal event; the sentence says why.
    Failed(String),
}

/// What is to be done.
#[derive(Debug)]
pub enum Effect {
    /// Send this to the model.
    Send {
        /// For which rewrite.
        rewrite: RewriteId,
        /// What.
        request: Box<Request>,
    },
    /// Nothing more is wanted from the model for this rewrite.
    Cancel {
        /// Which.
        rewrite: RewriteId,
    },
    /// Ask the editor to apply this; its answer comes back by [`DocumentRewrites::answered`](crate::DocumentRewrites::answered).
    Edit {
        /// Its name.
        edit: EditId,
        /// The version it is made for.
        version: i32,
        /// The text it is made for.
        text: Text,
        /// Sorted replacements in bytes of that text, apart from each other.
        parts: Vec<Part>,
        /// The rewrites it serves.
        rewrites: Vec<RewriteId>,
    },
    /// Something about a rewrite that people see has changed.
    Changed {
        /// Which.
        rewrite: RewriteId,
    },
    /// Call [`DocumentRewrites::wake`](crate::DocumentRewrites::wake) at this time.
    WakeAt(Time),
}

/// One replacement of an edit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Bytes of the text.
    pub range: Range<usize>,
    /// What comes in their place.
    pub text: String,
    /// The rewrites that it serves: one, but where the text of two that touch is replaced as one; none where it takes back
    /// what went astray.
    pub rewrites: Vec<RewriteId>,
}

/// What an accept or reject led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Where the rewrite stands now.
    pub state: State,
    /// How many hunks still wait.
    pub remaining: usize,
}

/// What a proposal would leave in its region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcomes {
    /// Bytes of the mirror.
    pub region: Range<usize>,
    /// With everything that still waits accepted.
    pub accepted: String,
    /// Without anything of the model's: what stood there, with the user's own changes.
    pub without: String,
}

/// Why a rewrite cannot begin.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum StartError {
    /// The mirror cannot be trusted.
    #[error("Redline lost track of this file; save it or open it again, then try once more")]
    OutOfStep,
    /// The region overlaps one that waits for a decision.
    #[error("a rewrite of these lines is not decided yet; accept or reject it first")]
    Overlaps(RewriteId),
}

/// Why a decision cannot be taken.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum DecideError {
    /// No such rewrite.
    #[error("there is no such rewrite")]
    Unknown,
    /// It is over.
    #[error("this rewrite is over already: {0:?}")]
    Over(State),
    /// It has no such hunk, or that hunk is decided.
    #[error("this rewrite has no open hunk {0}")]
    NoHunk(usize),
    /// That hunk has no such lines.
    #[error("hunk {0} has {1} new lines; `lines` counts them from 0, the end not included")]
    NoLines(usize, usize),
    /// A text of the user's stands where the hunk would have to be parted.
    #[error("you typed where this hunk would have to be parted; decide the whole hunk")]
    Typed,
    /// A decision on lines of that hunk waits for the editor, and parts the hunk.
    #[error(
        "hunk {0} is being parted by a decision on its lines; look at its parts and decide them"
    )]
    Waits(usize),
    /// Hunks are there only once the stream has ended.
    #[error("the text is still streaming; its hunks can be decided when it has ended")]
    StillStreaming,
}

/// What people see of a hunk's fate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HunkState {
    /// Waits for a decision.
    Pending,
    /// Accepted.
    Accepted,
    /// Rejected.
    Rejected,
    /// Waits for a decision, and the user typed in it.
    Conflict,
}

/// One hunk as people see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HunkView {
    /// Its number, from 0, the same for the life of the rewrite.
    pub index: usize,
    /// What became of it.
    pub state: HunkState,
    /// Bytes of the mirror where it stands now.
    pub range: Range<usize>,
    /// Bytes of the text that the region held when the rewrite began.
    pub old: Range<usize>,
    /// Bytes of the model's text.
    pub new: Range<usize>,
    /// The lines of the base that it replaces.
    pub old_text: String,
    /// The lines of the model's text.
    pub new_text: String,
}

/// Tokens as the provider counts them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tokens {
    /// Sent.
    pub input: u64,
    /// Of those, found in the provider's cache.
    pub cached: u64,
    /// Received.
    pub output: u64,
    /// Whether `output` is our estimate, four characters to a token.
    pub estimated: bool,
}

/// When things happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timings {
    /// The user asked.
    pub requested: Time,
    /// The request left.
    pub sent: Option<Time>,
    /// The first text came.
    pub first_delta: Option<Time>,
    /// The first edit went to the editor.
    pub first_edit: Option<Time>,
    /// The last text came.
    pub last_delta: Option<Time>,
    /// It was all in the document and open for a decision.
    pub proposed: Option<Time>,
    /// It was over.
    pub decided: Option<Time>,
}

/// One rewrite as people see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RewriteView {
    /// Its name.
    pub id: RewriteId,
    /// Where it stands.
    pub state: State,
    /// Bytes of the mirror.
    pub region: Range<usize>,
    /// When its text goes into the document.
    pub apply: Apply,
    /// What the user asked for.
    pub instruction: String,
    /// Its hunks; none before the stream has ended.
    pub hunks: Vec<HunkView>,
    /// What it cost.
    pub tokens: Tokens,
    /// How long it took.
    pub timings: Timings,
    /// A sentence for the user, if there is something to say.
    pub message: Option<String>,
}
