//! The editor's own undo and redo.

use rewrite::State;

use crate::case::{APPLIED, End, Fate, LIVE, ONCE, PREVIEW, Step, section};

section! {
    "Undo and redo",
    "The editor's undo is the user's change. Undo of an edit of ours is a word on it: it stops the stream, or takes back the proposal. Each edit of ours is one step here; a plugin may join them.";

    undo_of_the_one_edit {
        modes: ONCE,
        text: "⟦a = 1\nb = 2\n⟧end\n",
        models: &["a = 10\nb = 2\n"],
        steps: &[Step::Proposed, Step::Undo(1)],
        end: End::Over { state: State::Rejected, text: "a = 1\nb = 2\nend\n" },
        decision: "It is a reject.",
        reason: "The text is what it was, so there is nothing left to decide.",
    }
    undo_of_the_latest_streamed_edit {
        modes: LIVE,
        text: "⟦a = 1\nz = 9\n⟧end\n",
        models: &["return f(x)\nwhile y: pass\nassert q\na = 1\nz = 9\n"],
        steps: &[
            Step::Streamed("return f(x)\n"),
            Step::Streamed("return f(x)\nwhile y: pass\n"),
            Step::Undo(1),
        ],
        end: End::Waits {
            hunks: &["pending"],
            accept: "return f(x)\na = 1\nz = 9\nend\n",
            reject: "a = 1\nz = 9\nend\n",
        },
        decision: "The stream stops; what came before that edit waits for a decision.",
        reason: "Undo means: not that. To write on would take the undo back.",
    }
    undo_of_all_streamed_edits {
        modes: LIVE,
        text: "⟦a = 1\nz = 9\n⟧end\n",
        models: &["return f(x)\nwhile y: pass\nassert q\na = 1\nz = 9\n"],
        steps: &[
            Step::Streamed("return f(x)\n"),
            Step::Streamed("return f(x)\nwhile y: pass\n"),
            Step::Undo(2),
        ],
        end: End::Over { state: State::Rejected, text: "a = 1\nz = 9\nend\n" },
        decision: "The rewrite is over.",
        reason: "The text is what it was, so there is nothing left to decide.",
    }
    undo_of_the_latest_edit_of_a_proposal {
        modes: LIVE,
        text: "⟦a = 1\nz = 9\n⟧end\n",
        models: &["return f(x)\nwhile y: pass\na = 1\nz = 9\n"],
        steps: &[
            Step::Streamed("return f(x)\n"),
            Step::Proposed,
            Step::Undo(1),
        ],
        end: End::Waits {
            hunks: &["pending"],
            accept: "return f(x)\na = 1\nz = 9\nend\n",
            reject: "a = 1\nz = 9\nend\n",
        },
        decision: "What is left of the proposal waits, with hunks of its own.",
        reason: "One decides on what one sees.",
    }
    undo_of_typing_inside {
        modes: APPLIED,
        text: "⟦a = 1\nb = 2\n⟧end\n",
        models: &["a = 10\nb = 2\n"],
        steps: &[
            Step::Proposed,
            Step::Edit(&[("b = 2¦", " # me")]),
            Step::Undo(1),
        ],
        end: End::Waits {
            hunks: &["pending"],
            accept: "a = 10\nb = 2\nend\n",
            reject: "a = 1\nb = 2\nend\n",
        },
        decision: "The typing is gone, and the proposal waits as before.",
        reason: "That undo was not about the model's text.",
    }
    undo_of_typing_and_then_of_the_edit {
        modes: ONCE,
        text: "⟦a = 1\nb = 2\n⟧end\n",
        models: &["a = 10\nb = 2\n"],
        steps: &[
            Step::Proposed,
            Step::Edit(&[("b = 2¦", " # me")]),
            Step::Undo(2),
        ],
        end: End::Over { state: State::Rejected, text: "a = 1\nb = 2\nend\n" },
        decision: "The second undo is the reject.",
        reason: "Undo goes back step by step, whoever made the step.",
    }
    undo_of_what_was_typed_before_the_edit {
        modes: ONCE,
        text: "⟦a = 1\nb = 2\n⟧end\n",
        models: &["a = 10\nb = 2\n"],
        steps: &[
            Step::Edit(&[("b = 2¦", " # me")]),
            Step::Proposed,
            Step::Undo(2),
        ],
        end: End::Over { state: State::Rejected, text: "a = 1\nb = 2\nend\n" },
        decision: "The first undo rejects, the second takes the typing back.",
        reason: "After the first nothing of ours is left.",
    }
    undo_of_typing_while_it_streams {
        modes: LIVE,
        text: "⟦a = 1\nz = 9\n⟧end\n",
        models: &["return f(x)\nwhile y: pass\na = 1\nz = 9\n"],
        steps: &[
            Step::Streamed("return f(x)\n"),
            Step::Edit(&[("z = 9¦", " # me")]),
            Step::Undo(1),
        ],
        end: End::Waits {
            hunks: &["pending"],
            accept: "return f(x)\nwhile y: pass\na = 1\nz = 9\nend\n",
            reject: "a = 1\nz = 9\nend\n",
        },
        decision: "The stream goes on.",
        reason: "That undo was not about the model's text.",
    }
    redo_of_an_undone_proposal {
        modes: ONCE,
        text: "⟦a = 1\nb = 2\n⟧end\n",
        models: &["a = 10\nb = 2\n"],
        steps: &[Step::Proposed, Step::Undo(1), Step::Redo(1)],
        end: End::Over { state: State::Rejected, text: "a = 10\nb = 2\nend\n" },
        decision: "The text is there again and nothing waits.",
        reason: "The undo ended the rewrite; what redo puts in is the user's own.",
    }
    redo_of_an_undone_part {
        modes: LIVE,
        text: "⟦a = 1\nz = 9\n⟧end\n",
        models: &["return f(x)\nwhile y: pass\nassert q\na = 1\nz = 9\n"],
        steps: &[
            Step::Streamed("return f(x)\n"),
            Step::Streamed("return f(x)\nwhile y: pass\n"),
            Step::Undo(1),
            Step::Redo(1),
        ],
        end: End::Waits {
            hunks: &["pending"],
            accept: "return f(x)\nwhile y: pass\na = 1\nz = 9\nend\n",
            reject: "while y: pass\na = 1\nz = 9\nend\n",
        },
        decision: "What redo puts in counts as typed: it stays, also on reject.",
        reason: "After the undo it was the user's own wish to have it.",
    }
    undo_of_a_reject {
        modes: APPLIED,
        text: "⟦a = 1\nb = 2\n⟧end\n",
        models: &["a = 10\nb = 2\n"],
        steps: &[Step::Proposed, Step::Reject, Step::Undo(1)],
        end: End::Over { state: State::Rejected, text: "a = 10\nb = 2\nend\n" },
        decision: "The model's text is there again, as plain text; nothing waits.",
        reason: "A reject is one edit, so one undo takes it back.",
    }
    undo_of_a_reject_with_typing_inside {
        modes: APPLIED,
        text: "⟦a = 1\nc = 3\n⟧end\n",
        models: &["a = 1\nreturn f(x)\nc = 3\n"],
        steps: &[
            Step::Proposed,
            Step::Edit(&[("f(x)¦", " # me")]),
            Step::Reject,
            Step::Undo(1),
        ],
        end: End::Over {
            state: State::Rejected,
            text: "a = 1\nreturn f(x) # me\nc = 3\nend\n",
        },
        decision: "Everything is as it was before the reject, what was typed in its place.",
        reason: "A reject is one edit, so one undo takes it back.",
    }
    undo_of_one_rejected_hunk {
        modes: APPLIED,
        text: "⟦a = 1\nb = 2\nc = 3\n⟧end\n",
        models: &["a = 10\nb = 2\nc = 30\n"],
        steps: &[Step::Proposed, Step::RejectHunk(0), Step::Undo(1)],
        end: End::Waits {
            hunks: &["pending", "pending"],
            accept: "a = 10\nb = 2\nc = 30\nend\n",
            reject: "a = 1\nb = 2\nc = 3\nend\n",
        },
        decision: "The hunk waits again.",
        reason: "The rewrite is not over, and its rejection was undone.",
    }
    undo_after_an_accept {
        modes: ONCE,
        text: "⟦a = 1\nb = 2\n⟧end\n",
        models: &["a = 10\nb = 2\n"],
        steps: &[Step::Proposed, Step::Accept, Step::Undo(1)],
        end: End::Over { state: State::Accepted, text: "a = 1\nb = 2\nend\n" },
        decision: "The old text is there again; nothing more happens.",
        reason: "An accept changes nothing and leaves nothing behind, so undo is plain undo.",
    }
    undo_of_an_accepted_preview {
        modes: PREVIEW,
        text: "⟦a = 1\nb = 2\n⟧end\n",
        models: &["a = 10\nb = 2\n"],
        steps: &[Step::Proposed, Step::Accept, Step::Undo(1)],
        end: End::Over { state: State::Accepted, text: "a = 1\nb = 2\nend\n" },
        decision: "The old text is there again; nothing more happens.",
        reason: "In preview the accept is the one edit, so one undo takes it back.",
    }
    undo_while_an_edit_is_on_its_way {
        modes: LIVE,
        text: "⟦a = 1\nz = 9\n⟧end\n",
        models: &["return f(x)\nwhile y: pass\nassert q\na = 1\nz = 9\n"],
        steps: &[
            Step::Streamed("return f(x)\n"),
            Step::InFlight("return f(x)\nwhile y: pass\n", Fate::Dropped, &[("«return f(x)\n»", "")]),
        ],
        end: End::Over { state: State::Rejected, text: "a = 1\nz = 9\nend\n" },
        decision: "The rewrite is over, and the edit on its way is not sent again.",
        reason: "Undo counts at once, also against what has not arrived yet.",
    }
    undo_in_another_part_of_the_file {
        modes: LIVE,
        text: "top\n⟦a = 1\nz = 9\n⟧end\n",
        models: &["return f(x)\nwhile y: pass\na = 1\nz = 9\n"],
        steps: &[
            Step::Streamed("return f(x)\n"),
            Step::Edit(&[("top¦", " mine")]),
            Step::Undo(1),
        ],
        end: End::Waits {
            hunks: &["pending"],
            accept: "top\nreturn f(x)\nwhile y: pass\na = 1\nz = 9\nend\n",
            reject: "top\na = 1\nz = 9\nend\n",
        },
        decision: "The stream goes on.",
        reason: "That undo was not about the model's text.",
    }
}
