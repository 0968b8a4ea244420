//! Several rewrites in one file.

use rewrite::State;

use crate::case::{ALL, APPLIED, End, LIVE, Step, section};

section! {
    "Several rewrites in one file",
    "Each region has its own edges. Where two regions touch, their seam is outside of both.";

    a_line_typed_at_the_seam {
        modes: ALL,
        text: "top\n⟦a = 1\n⟧⟦b = 2\n⟧end\n",
        models: &["a = 10\n", "b = 20\n"],
        steps: &[Step::Edit(&[("¦b = 2", "mine\n")])],
        end: End::Waits {
            hunks: &["pending", "pending"],
            accept: "top\na = 10\nmine\nb = 20\nend\n",
            reject: "top\na = 1\nmine\nb = 2\nend\n",
        },
        decision: "It stands between the two and belongs to neither.",
        reason: "It is behind the one and before the other.",
    }
    a_line_typed_at_the_seam_while_both_add_lines_there {
        modes: ALL,
        text: "top\n⟦a = 1\n⟧⟦b = 2\n⟧end\n",
        models: &["a = 1\nreturn f(x)\n", "while y: pass\nb = 2\n"],
        steps: &[Step::Edit(&[("¦b = 2", "mine\n")])],
        end: End::Waits {
            hunks: &["pending", "pending"],
            accept: "top\na = 1\nreturn f(x)\nmine\nwhile y: pass\nb = 2\nend\n",
            reject: "top\na = 1\nmine\nb = 2\nend\n",
        },
        decision: "It stays between what the one adds at its end and the other at its start.",
        reason: "Once there is text between them they do not touch any more.",
    }
    a_deletion_across_the_seam {
        modes: ALL,
        text: "top\n⟦a = 1\nb = 2\n⟧⟦c = 3\nd = 4\n⟧end\n",
        models: &["a = 10\nb = 2\n", "c = 3\nd = 40\n"],
        steps: &[Step::Edit(&[("«b = 2\nc = 3\n»", "")])],
        end: End::Waits {
            hunks: &["pending", "pending"],
            accept: "top\na = 10\nd = 40\nend\n",
            reject: "top\na = 1\nd = 4\nend\n",
        },
        decision: "Each region loses its part, and both go on.",
        reason: "A deletion over the seam is one in each.",
    }
    a_replacement_across_the_seam {
        modes: ALL,
        text: "top\n⟦a = 1\nb = 2\n⟧⟦c = 3\nd = 4\n⟧end\n",
        models: &["a = 10\nb = 2\n", "c = 3\nd = 40\n"],
        steps: &[Step::Edit(&[("«b = 2\nc = 3\n»", "mine\n")])],
        end: End::Waits {
            hunks: &["pending", "pending"],
            accept: "top\na = 10\nmine\nd = 40\nend\n",
            reject: "top\na = 1\nmine\nd = 4\nend\n",
        },
        decision: "The new text stands between the two.",
        reason: "What replaces text over an edge stands outside, here of both.",
    }
    one_region_deleted {
        modes: ALL,
        text: "⟦a = 1\n⟧mid\n⟦b = 2\n⟧end\n",
        models: &["a = 10\n", "b = 20\n"],
        steps: &[Step::Edit(&[("«a = 1\n»", "")])],
        end: End::Waits {
            hunks: &["pending"],
            accept: "mid\nb = 20\nend\n",
            reject: "mid\nb = 2\nend\n",
        },
        decision: "Its rewrite ends; the other goes on.",
        reason: "The two know nothing of each other.",
    }
    typing_between_two_regions {
        modes: ALL,
        text: "⟦a = 1\n⟧mid\n⟦b = 2\n⟧end\n",
        models: &["a = 1\nreturn f(x)\n", "b = 20\n"],
        steps: &[
            Step::Streamed("a = 1\nreturn f(x)\n"),
            Step::Edit(&[("mid¦", " mine\nmine")]),
        ],
        end: End::Waits {
            hunks: &["pending", "pending"],
            accept: "a = 1\nreturn f(x)\nmid mine\nmine\nb = 20\nend\n",
            reject: "a = 1\nmid mine\nmine\nb = 2\nend\n",
        },
        decision: "It is kept, and each edit of ours still finds its region.",
        reason: "The second region moves with the text above it, whoever changes that.",
    }
    one_accepted_then_typed_in_while_the_other_waits {
        modes: APPLIED,
        text: "⟦a = 1\n⟧mid\n⟦b = 2\n⟧end\n",
        models: &["a = 10\n", "b = 20\n"],
        steps: &[
            Step::Proposed,
            Step::AcceptHunk(0),
            Step::Edit(&[("a = 10¦", " # me")]),
        ],
        end: End::Waits {
            hunks: &["pending"],
            accept: "a = 10 # me\nmid\nb = 20\nend\n",
            reject: "a = 10 # me\nmid\nb = 2\nend\n",
        },
        decision: "The accepted text is the user's; only the other waits.",
        reason: "What is accepted is over.",
    }
    both_stale {
        modes: LIVE,
        text: "top\n⟦a = 1\n⟧⟦b = 2\n⟧end\n",
        models: &["a = 10\n", "b = 20\n"],
        steps: &[Step::Proposed, Step::Edit(&[("«top\na = 10\nb = 20\nend\n»", "")])],
        end: End::Over { state: State::Stale, text: "" },
        decision: "Both end.",
        reason: "The whole file was emptied, and both regions with it.",
    }
}
