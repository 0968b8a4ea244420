//! Changes that reach over an edge of a region, or over all of it.

use rewrite::State;

use crate::case::{ALL, APPLIED, End, LIVE, Step, section};

section! {
    "Across an edge, and the whole region",
    "A replacement that reaches over an edge takes what it takes inside; what it puts stands outside.";

    replacement_across_the_start {
        modes: ALL,
        text: "top\n⟦a = 1\nb = 2\n⟧end\n",
        models: &["a = 1\nb = 20\n"],
        steps: &[Step::Edit(&[("to«p\na» = 1", "X")])],
        end: End::Waits {
            hunks: &["pending"],
            accept: "toX = 1\nb = 20\nend\n",
            reject: "toX = 1\nb = 2\nend\n",
        },
        decision: "The new text stands before the region, and the deleted letters stay deleted.",
        reason: "A selection that begins outside is the user's own text from there on.",
    }
    replacement_across_the_end {
        modes: ALL,
        text: "top\n⟦a = 1\nb = 2\n⟧end\n",
        models: &["a = 10\nb = 2\n"],
        steps: &[Step::Edit(&[("b = «2\nen»d", "X")])],
        end: End::Waits {
            hunks: &["pending"],
            accept: "top\na = 10\nb = Xd\n",
            reject: "top\na = 1\nb = Xd\n",
        },
        decision: "The new text stands behind the region, and the deleted letters stay deleted.",
        reason: "A selection that ends outside is the user's own text up to there.",
    }
    replacement_across_the_start_of_a_line_that_the_model_changes {
        modes: ALL,
        text: "top\n⟦a = 1\nb = 2\n⟧end\n",
        models: &["a = 10\nb = 2\n"],
        steps: &[Step::Edit(&[("to«p\na» = 1", "X")])],
        end: End::Waits {
            hunks: &["conflict"],
            accept: "toX = 10\nb = 2\nend\n",
            reject: "toX = 1\nb = 2\nend\n",
        },
        decision: "Both changes stand, and the hunk is marked.",
        reason: "The two touch one line, but not one character.",
    }
    deletion_across_the_start_with_what_the_model_wrote {
        modes: LIVE,
        text: "top\n⟦a = 1\nb = 2\n⟧end\n",
        models: &["# new\na = 1\nb = 20\n"],
        steps: &[
            Step::Streamed("# new\na = 1\n"),
            Step::Edit(&[("«top\n# new\n»a", "")]),
        ],
        end: End::Waits {
            hunks: &["conflict", "pending"],
            accept: "a = 1\nb = 20\nend\n",
            reject: "a = 1\nb = 2\nend\n",
        },
        decision: "The model's line is gone for good, and the rest goes on.",
        reason: "What the user has deleted of the model's text, the model does not write again.",
    }
    deletion_across_the_end {
        modes: ALL,
        text: "top\n⟦a = 1\nb = 2\n⟧end\nlast\n",
        models: &["a = 10\nb = 2\n"],
        steps: &[Step::Edit(&[("«b = 2\nend\n»last", "")])],
        end: End::Waits {
            hunks: &["pending"],
            accept: "top\na = 10\nlast\n",
            reject: "top\na = 1\nlast\n",
        },
        decision: "What was deleted stays deleted on both sides of the edge, and the rest goes on.",
        reason: "A deletion over the edge is a deletion inside and one outside.",
    }
    deletion_across_the_end_of_a_line_that_the_model_changes {
        modes: ALL,
        text: "top\n⟦a = 1\nb = 2\n⟧end\nlast\n",
        models: &["a = 1\nb = 20\n"],
        steps: &[Step::Edit(&[("«b = 2\nend\n»last", "")])],
        end: End::Waits {
            hunks: &["conflict"],
            accept: "top\na = 1\nlast\n",
            reject: "top\na = 1\nlast\n",
        },
        decision: "The line stays deleted, and nothing of the model's change to it comes.",
        reason: "Where both touch the same text the user's wins; half a line would serve nobody.",
    }
    a_line_moved_over_the_start_edge {
        modes: ALL,
        text: "top\n⟦a = 1\nb = 2\n⟧end\n",
        models: &["a = 1\nb = 20\n"],
        steps: &[Step::Edit(&[("«top\n»a", ""), ("a = 1\n¦b", "top\n")])],
        end: End::Waits {
            hunks: &["pending"],
            accept: "a = 1\ntop\nb = 20\nend\n",
            reject: "a = 1\ntop\nb = 2\nend\n",
        },
        decision: "The moved line is kept in its new place inside.",
        reason: "A moved line is a deletion outside and typing inside.",
    }
    everything_from_before_to_behind_replaced {
        modes: ALL,
        text: "top\n⟦a = 1\nb = 2\n⟧end\n",
        models: &["a = 10\nb = 20\n"],
        steps: &[
            Step::Streamed("a = 10\n"),
            Step::Edit(&[("«top\na = 1\nb = 2\nend»\n", "mine")]),
        ],
        end: End::Over { state: State::Stale, text: "mine\n" },
        decision: "The rewrite ends, and nothing more is written.",
        reason: "Its text is gone, so there is nothing left to rewrite.",
    }
    the_region_deleted_while_it_streams {
        modes: LIVE,
        text: "top\n⟦a = 1\nb = 2\n⟧end\n",
        models: &["a = 10\nb = 20\n"],
        steps: &[
            Step::Streamed("a = 10\nb = 20\n"),
            Step::Edit(&[("top\n«a = 10\nb = 20\n»end", "")]),
        ],
        end: End::Over { state: State::Stale, text: "top\nend\n" },
        decision: "The rewrite ends, and the model is told to stop.",
        reason: "Text that the user threw away does not come back by itself.",
    }
    the_region_deleted_before_the_first_text {
        modes: ALL,
        text: "top\n⟦a = 1\nb = 2\n⟧end\n",
        models: &["a = 10\nb = 20\n"],
        steps: &[Step::Edit(&[("top\n«a = 1\nb = 2\n»end", "")])],
        end: End::Over { state: State::Stale, text: "top\nend\n" },
        decision: "The rewrite ends before anything was written.",
        reason: "Text that the user threw away does not come back by itself.",
    }
    the_region_deleted_while_it_waits {
        modes: APPLIED,
        text: "top\n⟦a = 1\nb = 2\n⟧end\n",
        models: &["a = 10\nb = 20\n"],
        steps: &[
            Step::Proposed,
            Step::Edit(&[("top\n«a = 10\nb = 20\n»end", "")]),
        ],
        end: End::Over { state: State::Stale, text: "top\nend\n" },
        decision: "The rewrite is over, and nothing waits.",
        reason: "Deleting the proposal with its text is a decision of its own.",
    }
    the_region_typed_over {
        modes: ALL,
        text: "top\n⟦a = 1\nb = 2\n⟧end\n",
        models: &["a = 10\nb = 20\n"],
        steps: &[Step::Edit(&[("top\n«a = 1\nb = 2\n»end", "mine\n")])],
        end: End::Over { state: State::Stale, text: "top\nmine\nend\n" },
        decision: "The rewrite ends, and what was typed over it stands.",
        reason: "The text that was asked about is not there any more.",
    }
    the_region_deleted_in_two_steps {
        modes: ALL,
        text: "top\n⟦a = 1\nb = 2\n⟧end\n",
        models: &["a = 10\nb = 20\n"],
        steps: &[
            Step::Edit(&[("«a = 1\n»", "")]),
            Step::Edit(&[("«b = 2\n»", "")]),
        ],
        end: End::Over { state: State::Stale, text: "top\nend\n" },
        decision: "The rewrite ends with the last character.",
        reason: "Whether text goes at once or bit by bit makes no difference.",
    }
    all_but_one_line_deleted {
        modes: ALL,
        text: "top\n⟦a = 1\nb = 2\nc = 3\n⟧end\n",
        models: &["a = 1\nb = 20\nc = 3\n"],
        steps: &[Step::Edit(&[("«a = 1\n»b", ""), ("«c = 3\n»", "")])],
        end: End::Waits {
            hunks: &["pending"],
            accept: "top\nb = 20\nend\n",
            reject: "top\nb = 2\nend\n",
        },
        decision: "The rewrite goes on with what is left.",
        reason: "Deleted lines that the model keeps are simply deleted.",
    }
    the_region_cut_and_pasted_elsewhere {
        modes: ALL,
        text: "top\n⟦a = 1\nb = 2\n⟧end\n",
        models: &["a = 10\nb = 20\n"],
        steps: &[Step::Cut("top\n«a = 1\nb = 2\n»end"), Step::Paste("end\n¦")],
        end: End::Over { state: State::Stale, text: "top\nend\na = 1\nb = 2\n" },
        decision: "The rewrite ends; the pasted text is plain text.",
        reason: "An editor reports a cut as a deletion, and a paste as typing: nothing says that they belong together.",
    }
    the_proposal_cut_and_pasted_elsewhere {
        modes: APPLIED,
        text: "top\n⟦a = 1\nb = 2\n⟧end\n",
        models: &["a = 10\nb = 20\n"],
        steps: &[
            Step::Proposed,
            Step::Cut("top\n«a = 10\nb = 20\n»end"),
            Step::Paste("end\n¦"),
        ],
        end: End::Over { state: State::Stale, text: "top\nend\na = 10\nb = 20\n" },
        decision: "The rewrite ends, and the pasted text keeps the model's words.",
        reason: "Who pastes the model's text has taken it.",
    }
}
