//! Typing while a rewrite waits unseen.

use crate::case::{End, ONCE, PREVIEW, Step, section};

section! {
    "While nothing is shown yet",
    "In `once` the text comes when the stream has ended, in `preview` when it is accepted. Until then one types in the old text, and the model's changes find their place in it.";

    typed_in_the_old_text_before_once_arrives {
        modes: ONCE,
        text: "⟦a = 1\nb = 2\nc = 3\n⟧end\n",
        models: &["a = 10\nb = 2\nc = 30\n"],
        steps: &[
            Step::Streamed("a = 10\nb = 2\n"),
            Step::Edit(&[("b = 2¦", " # me")]),
        ],
        end: End::Waits {
            hunks: &["pending", "pending"],
            accept: "a = 10\nb = 2 # me\nc = 30\nend\n",
            reject: "a = 1\nb = 2 # me\nc = 3\nend\n",
        },
        decision: "The one edit leaves the line alone.",
        reason: "Only what changes is sent, never the region as a whole.",
    }
    typed_in_a_preview_that_waits {
        modes: PREVIEW,
        text: "⟦a = 1\nb = 2\nc = 3\n⟧end\n",
        models: &["a = 10\nb = 2\nc = 3\n"],
        steps: &[Step::Proposed, Step::Edit(&[("c = 3¦", " # me")])],
        end: End::Waits {
            hunks: &["pending"],
            accept: "a = 10\nb = 2\nc = 3 # me\nend\n",
            reject: "a = 1\nb = 2\nc = 3 # me\nend\n",
        },
        decision: "It is kept, and the preview still fits.",
        reason: "The preview is a change to the text, not a text of its own.",
    }
    typed_in_a_line_that_a_preview_changes {
        modes: PREVIEW,
        text: "⟦a = 1\nb = 2\nc = 3\n⟧end\n",
        models: &["a = 1\nb = f(2)\nc = 3\n"],
        steps: &[Step::Proposed, Step::Edit(&[("b = 2¦", " # me")])],
        end: End::Waits {
            hunks: &["conflict"],
            accept: "a = 1\nb = f(2) # me\nc = 3\nend\n",
            reject: "a = 1\nb = 2 # me\nc = 3\nend\n",
        },
        decision: "Accepted, both stand in the line; the hunk is marked before.",
        reason: "The two changed other letters of one line.",
    }
    a_line_deleted_that_a_preview_deletes {
        modes: PREVIEW,
        text: "⟦a = 1\nb = 2\nc = 3\n⟧end\n",
        models: &["a = 1\nc = 3\n"],
        steps: &[Step::Proposed, Step::Edit(&[("«b = 2\n»", "")])],
        end: End::Waits {
            hunks: &["conflict"],
            accept: "a = 1\nc = 3\nend\n",
            reject: "a = 1\nc = 3\nend\n",
        },
        decision: "It is gone either way.",
        reason: "Both wanted it gone.",
    }
    typed_where_a_preview_inserts {
        modes: PREVIEW,
        text: "⟦a = 1\nc = 3\n⟧end\n",
        models: &["a = 1\nb = 2\nc = 3\n"],
        steps: &[Step::Proposed, Step::Edit(&[("¦c = 3", "mine\n")])],
        end: End::Waits {
            hunks: &["pending"],
            accept: "a = 1\nb = 2\nmine\nc = 3\nend\n",
            reject: "a = 1\nmine\nc = 3\nend\n",
        },
        decision: "Both come, the model's line first.",
        reason: "At one place one of the two has to be first, and what was typed stays next to the line below it.",
    }
    a_hunk_of_a_preview_accepted_and_typed_into {
        modes: PREVIEW,
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
        decision: "The accepted hunk stands with what was typed, whatever becomes of the other.",
        reason: "What is accepted is the user's text from then on.",
    }
    the_comment_that_asked_is_changed_before_the_first_text {
        modes: ONCE,
        text: "⟦⟪# redline: f\n⟫a = 1\nb = 2\n⟧end\n",
        models: &["a = 1\nb = 20\n"],
        steps: &[Step::Edit(&[("redline: f¦", "aster")])],
        end: End::Waits {
            hunks: &["conflict", "pending"],
            accept: "astera = 1\nb = 20\nend\n",
            reject: "# redline: faster\na = 1\nb = 2\nend\n",
        },
        decision: "The comment that asked goes with the first text, but not what was typed in it.",
        reason: "The model was asked with the old comment, and typed text is never taken away.",
    }
}
