//! [`Piece`]: a stretch of a tracked region with one history. No order, no neighbours; those are `tracked`'s.

/// Who wrote a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// It stood in the region when the rewrite began.
    Base,
    /// The model wrote it.
    Ours,
    /// The user typed it since.
    Theirs,
}

/// What a text of the user's was typed beside, on the same line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Beside {
    /// A line break, or nothing that is known.
    #[default]
    Nothing,
    /// The base; so many bytes of it are before the place.
    Base(usize),
    /// Text of the model.
    Ours,
}

/// What was decided about a piece that the model put or took away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Not decided yet.
    #[default]
    Open,
    /// The model's way.
    Accepted,
    /// The base's way.
    Rejected,
}

/// How undecided changes of the model show in the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Showing {
    /// As if accepted.
    Applied,
    /// Not before they are accepted.
    Withheld,
}

/// A stretch of text and what became of it. The text lies in the buffer of its origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) origin: Origin,
    /// Byte offset in the buffer of its origin.
    pub(crate) start: usize,
    /// Length in bytes.
    pub(crate) len: usize,
    /// Belongs to the model's text: base that the model kept so far, or what it wrote and did not take back.
    pub(crate) in_target: bool,
    /// The user deleted it, for good.
    pub(crate) removed: bool,
    /// Text of the model that gives way to what the user did to the text it was to replace.
    pub(crate) withheld: bool,
    pub(crate) verdict: Verdict,
    /// Stands in the mirror.
    pub(crate) shown: bool,
    /// The part of the edit in flight that will flip `shown`; 0 for none.
    pub(crate) flight: u32,
    /// The part that was to take it away when the user did; 0 for none.
    pub(crate) forestalled: u32,
    /// The edit that flipped `shown` last; 0 for none.
    pub(crate) flipped: u32,
    /// That edit was refused by an editor whose word on it is not believed: the user may have taken the text away.
    pub(crate) doubted: bool,
    /// The hunk it belongs to, from 1; 0 for none.
    pub(crate) hunk: u32,
    /// For text of the user's: where it was typed.
    pub(crate) beside: Beside,
    /// For text of the model's that no edit has put: the base that stood there, and stands for it no more; byte offset.
    pub(crate) stands_for: Option<usize>,
    /// For text that stood for some of the target, which has been laid anew: where in the target that is, in bytes.
    pub(crate) was_at: Option<usize>,
}

impl Piece {
    pub(crate) fn base(start: usize, len: usize) -> Self {
        Piece {
            origin: Origin::Base,
            start,
            len,
            in_target: true,
            removed: false,
            withheld: false,
            verdict: Verdict::Open,
            shown: true,
            flight: 0,
            forestalled: 0,
            flipped: 0,
            doubted: false,
            hunk: 0,
            beside: Beside::Nothing,
            stands_for: None,
            was_at: None,
        }
    }

    pub(crate) fn ours(start: usize, len: usize) -> Self {
        Piece {
            origin: Origin::Ours,
            shown: false,
            ..Piece::base(start, len)
        }
    }

    pub(crate) fn theirs(start: usize, len: usize) -> Self {
        Piece {
            origin: Origin::Theirs,
            in_target: false,
            ..Piece::base(start, len)
        }
    }

    /// Whether it should stand in the document.
    pub(crate) fn wanted(&self, showing: Showing) -> bool {
        if self.removed {
            return false;
        }
        let models_way = match self.verdict {
            Verdict::Accepted => true,
            Verdict::Rejected => false,
            Verdict::Open => showing == Showing::Applied,
        };
        match self.origin {
            Origin::Theirs => true,
            Origin::Base => self.in_target || !models_way,
            Origin::Ours => self.in_target && models_way && !self.withheld,
        }
    }

    /// Base that nothing has happened to.
    pub(crate) fn is_plain(&self) -> bool {
        self.origin == Origin::Base && self.in_target && self.shown && !self.removed
    }

    /// The piece from `at` bytes on; `self` keeps what is before.
    pub(crate) fn split_off(&mut self, at: usize) -> Piece {
        let mut rest = *self;
        rest.start += at;
        rest.len -= at;
        rest.stands_for = rest.stands_for.map(|start| start + at);
        rest.was_at = rest.was_at.map(|start| start + at);
        self.len = at;
        rest
    }
}
