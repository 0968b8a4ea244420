//! Hunks decided one by one, with typing before and after.

use rewrite::State;

use crate::case::{APPLIED, End, LIVE, Step, section};

section! {
    "Hunks decided one by one",
    "A decision on a hunk concerns what the model did there. What was typed in it stays, accepted or rejected.";

    typed_into_an_accepted_hunk {
        modes: APPLIED,
        text: "⟦a = 1\nb = 2\nc = 3\n⟧end\n",
        models: &["a = 10\nb = 2\nc = 30\n"],
        steps: &[
            Step::Proposed,
            Step::AcceptHunk(0),
            Step::Edit(&[("a = 10¦", " # me")]),
        ],
        end: End::Waits {
            hunks: &["pending"],
            accept: "a = 10 # me\nb = 2\nc = 30\nend\n",
            reject: "a = 10 # me\nb = 2\nc = 3\nend\n",
        },
        decision: "The accepted hunk stands with it, whatever becomes of the other.",
        reason: "What is accepted is the user's text from then on.",
    }
    typed_into_a_rejected_hunk {
        modes: APPLIED,
        text: "⟦a = 1\nb = 2\nc = 3\n⟧end\n",
        models: &["a = 10\nb = 2\nc = 30\n"],
        steps: &[
            Step::Proposed,
            Step::RejectHunk(0),
            Step::Edit(&[("a = 1¦", "1")]),
        ],
        end: End::Waits {
            hunks: &["pending"],
            accept: "a = 11\nb = 2\nc = 30\nend\n",
            reject: "a = 11\nb = 2\nc = 3\nend\n",
        },
        decision: "The old line stands with it, whatever becomes of the other.",
        reason: "A rejected hunk is old text, and typing in it has nothing to do with the rest.",
    }
    typed_into_a_hunk_that_is_then_rejected {
        modes: APPLIED,
        text: "⟦a = 1\nb = 2\nc = 3\n⟧end\n",
        models: &["a = 10\nb = 2\nc = 30\n"],
        steps: &[
            Step::Proposed,
            Step::Edit(&[("a¦ = 10", "bc")]),
            Step::RejectHunk(0),
        ],
        end: End::Waits {
            hunks: &["pending"],
            accept: "abc = 1\nb = 2\nc = 30\nend\n",
            reject: "abc = 1\nb = 2\nc = 3\nend\n",
        },
        decision: "The model's change to the line goes, the letters stay.",
        reason: "A reject takes back what the model did, not what the user did.",
    }
    typed_into_a_hunk_that_is_then_accepted {
        modes: APPLIED,
        text: "⟦a = 1\nb = 2\nc = 3\n⟧end\n",
        models: &["a = 10\nb = 2\nc = 30\n"],
        steps: &[
            Step::Proposed,
            Step::Edit(&[("a = 1«0»", "9")]),
            Step::AcceptHunk(0),
        ],
        end: End::Waits {
            hunks: &["pending"],
            accept: "a = 19\nb = 2\nc = 30\nend\n",
            reject: "a = 19\nb = 2\nc = 3\nend\n",
        },
        decision: "It is accepted as it was corrected.",
        reason: "One accepts what one sees.",
    }
    typed_between_two_hunks {
        modes: APPLIED,
        text: "⟦a = 1\nb = 2\nc = 3\n⟧end\n",
        models: &["a = 10\nb = 2\nc = 30\n"],
        steps: &[
            Step::Proposed,
            Step::Edit(&[("b = 2¦", " # me")]),
            Step::RejectHunk(1),
        ],
        end: End::Waits {
            hunks: &["pending"],
            accept: "a = 10\nb = 2 # me\nc = 3\nend\n",
            reject: "a = 1\nb = 2 # me\nc = 3\nend\n",
        },
        decision: "It belongs to neither, and neither is marked.",
        reason: "It stands on a line that the model kept.",
    }
    the_line_between_two_hunks_deleted {
        modes: APPLIED,
        text: "⟦a = 1\nb = 2\nc = 3\n⟧end\n",
        models: &["a = 10\nb = 2\nc = 30\n"],
        steps: &[
            Step::Proposed,
            Step::Edit(&[("«b = 2\n»", "")]),
            Step::RejectHunk(0),
        ],
        end: End::Waits {
            hunks: &["pending"],
            accept: "a = 1\nc = 30\nend\n",
            reject: "a = 1\nc = 3\nend\n",
        },
        decision: "The two stay two, and are decided apart.",
        reason: "The hunks are those of the model's answer; typing never joins or renumbers them.",
    }
    a_hunk_deleted_by_hand_while_another_waits {
        modes: APPLIED,
        text: "⟦a = 1\nb = 2\nc = 3\n⟧end\n",
        models: &["a = 1\nreturn f(x)\nb = 2\nc = 30\n"],
        steps: &[Step::Proposed, Step::Edit(&[("«return f(x)\n»", "")])],
        end: End::Waits {
            hunks: &["conflict", "pending"],
            accept: "a = 1\nb = 2\nc = 30\nend\n",
            reject: "a = 1\nb = 2\nc = 3\nend\n",
        },
        decision: "The line stays away in either case; the other hunk is not concerned.",
        reason: "What was deleted by hand is decided by hand.",
    }
    the_last_hunk_rejected_after_typing {
        modes: APPLIED,
        text: "⟦a = 1\nb = 2\n⟧end\n",
        models: &["a = 10\nb = 2\n"],
        steps: &[
            Step::Proposed,
            Step::Edit(&[("b = 2¦", " # me")]),
            Step::RejectHunk(0),
        ],
        end: End::Over { state: State::Rejected, text: "a = 1\nb = 2 # me\nend\n" },
        decision: "With its last hunk the rewrite is over, and what was typed stands.",
        reason: "Rejecting hunk by hunk ends as rejecting all at once.",
    }
    accepted_while_it_streams_and_typed_into {
        modes: LIVE,
        text: "⟦a = 1\nb = 2\nc = 3\n⟧end\n",
        models: &["a = 10\nb = 20\nc = 30\n"],
        steps: &[
            Step::Streamed("a = 10\nb = 20\n"),
            Step::Accept,
            Step::Edit(&[("c = 3¦", " # me")]),
        ],
        end: End::Over {
            state: State::Accepted,
            text: "a = 10\nb = 20\nc = 30 # me\nend\n",
        },
        decision: "The rest streams in, all of it is accepted at the end, and what was typed stands.",
        reason: "An early yes is a yes to the whole answer.",
    }
    rejected_while_it_streams_and_typed_before {
        modes: LIVE,
        text: "⟦a = 1\nb = 2\nc = 3\n⟧end\n",
        models: &["a = 10\nb = 20\nc = 30\n"],
        steps: &[
            Step::Streamed("a = 10\nb = 20\n"),
            Step::Edit(&[("c = 3¦", " # me")]),
            Step::Reject,
        ],
        end: End::Over {
            state: State::Rejected,
            text: "a = 1\nb = 2\nc = 3 # me\nend\n",
        },
        decision: "The stream stops, the old text is back, and what was typed stands.",
        reason: "A no can be said at any time.",
    }
}
