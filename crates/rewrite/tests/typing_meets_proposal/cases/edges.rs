//! Typing exactly at the edges of a region.

use crate::case::{ALL, APPLIED, End, LIVE, Step, section};

section! {
    "At the edges",
    "What is typed exactly at an edge of the region stands outside of it, on the side where it was typed.";

    lines_typed_at_the_start_stand_above {
        modes: ALL,
        text: "top\n⟦a = 1\nb = 2\n⟧end\n",
        models: &["a = 10\nb = 2\n"],
        steps: &[Step::Edit(&[("¦a = 1", "mine\n")])],
        end: End::Waits {
            hunks: &["pending"],
            accept: "top\nmine\na = 10\nb = 2\nend\n",
            reject: "top\nmine\na = 1\nb = 2\nend\n",
        },
        decision: "The line stands above the region.",
        reason: "What is typed before the first character was not asked about.",
    }
    lines_typed_at_the_end_stand_below {
        modes: ALL,
        text: "top\n⟦a = 1\nb = 2\n⟧end\n",
        models: &["a = 1\nb = 20\n"],
        steps: &[Step::Edit(&[("¦end", "mine\n")])],
        end: End::Waits {
            hunks: &["pending"],
            accept: "top\na = 1\nb = 20\nmine\nend\n",
            reject: "top\na = 1\nb = 2\nmine\nend\n",
        },
        decision: "The line stands below the region.",
        reason: "What is typed behind the last character was not asked about.",
    }
    both_edges_at_once {
        modes: ALL,
        text: "top\n⟦a = 1\nb = 2\n⟧end\n",
        models: &["a = 10\nb = 20\n"],
        steps: &[
            Step::Streamed("a = 10\n"),
            Step::Edit(&[("top\n¦a", "above\n"), ("2\n¦end", "below\n")]),
        ],
        end: End::Waits {
            hunks: &["pending"],
            accept: "top\nabove\na = 10\nb = 20\nbelow\nend\n",
            reject: "top\nabove\na = 1\nb = 2\nbelow\nend\n",
        },
        decision: "Each line stands on its side.",
        reason: "Several cursors are several changes, and each edge has its rule.",
    }
    letters_at_the_start_stay_in_front_of_a_changed_line {
        modes: ALL,
        text: "top\n⟦a = 1\nb = 2\n⟧end\n",
        models: &["let a = 1\nb = 2\n"],
        steps: &[Step::Edit(&[("¦a = 1", "pub ")])],
        end: End::Waits {
            hunks: &["pending"],
            accept: "top\npub let a = 1\nb = 2\nend\n",
            reject: "top\npub a = 1\nb = 2\nend\n",
        },
        decision: "The letters stay in front, whatever the model writes into the line.",
        reason: "They are outside, so the model's text begins behind them.",
    }
    a_newline_at_the_start_moves_the_region_down {
        modes: ALL,
        text: "top\n⟦a = 1\nb = 2\n⟧end\n",
        models: &["# new\na = 1\nb = 2\n"],
        steps: &[Step::Edit(&[("¦a = 1", "\n")])],
        end: End::Waits {
            hunks: &["pending"],
            accept: "top\n\n# new\na = 1\nb = 2\nend\n",
            reject: "top\n\na = 1\nb = 2\nend\n",
        },
        decision: "The empty line stands above the region, also above what the model puts at its start.",
        reason: "Enter at the start of a line moves the line down; the region goes with its line.",
    }
    behind_the_last_character_of_a_region_within_a_line {
        modes: ALL,
        text: "x = ⟦f(1)⟧\nend\n",
        models: &["g(1)"],
        steps: &[Step::Edit(&[("f(1)¦", " + 1")])],
        end: End::Waits {
            hunks: &["pending"],
            accept: "x = g(1) + 1\nend\n",
            reject: "x = f(1) + 1\nend\n",
        },
        decision: "It stands behind the region, in the same line.",
        reason: "A region may end within a line; its edge is as sharp there.",
    }
    behind_the_end_while_the_model_adds_lines_there {
        modes: LIVE,
        text: "top\n⟦a = 1\n⟧end\n",
        models: &["a = 1\nb = 2\nc = 3\n"],
        steps: &[
            Step::Streamed("a = 1\nb = 2\n"),
            Step::Edit(&[("¦end", "mine\n")]),
        ],
        end: End::Waits {
            hunks: &["pending"],
            accept: "top\na = 1\nb = 2\nc = 3\nmine\nend\n",
            reject: "top\na = 1\nmine\nend\n",
        },
        decision: "The model's further lines go in above it.",
        reason: "The line was typed behind the region, and the region still grows.",
    }
    between_a_new_first_line_and_the_line_below {
        modes: LIVE,
        text: "top\n⟦a = 1\nb = 2\n⟧end\n",
        models: &["# new\na = 1\nb = 2\n"],
        steps: &[
            Step::Streamed("# new\na = 1\n"),
            Step::Edit(&[("¦a = 1", "mine\n")]),
        ],
        end: End::Waits {
            hunks: &["pending"],
            accept: "top\n# new\nmine\na = 1\nb = 2\nend\n",
            reject: "top\nmine\na = 1\nb = 2\nend\n",
        },
        decision: "It stays between the two, and above its line when the model's goes.",
        reason: "The model's new line is the region's first by then, so the place is inside.",
    }
    start_of_the_file {
        modes: ALL,
        text: "⟦a = 1\nb = 2⟧",
        models: &["import x\na = 1\nb = 2"],
        steps: &[Step::Edit(&[("¦a = 1", "#!/bin/x\n")])],
        end: End::Waits {
            hunks: &["pending"],
            accept: "#!/bin/x\nimport x\na = 1\nb = 2",
            reject: "#!/bin/x\na = 1\nb = 2",
        },
        decision: "It stands above everything, also above what the model puts first.",
        reason: "The edge of the file is an edge like any other.",
    }
    end_of_the_file_without_a_newline {
        modes: ALL,
        text: "top\n⟦a = 1\nb = 2⟧",
        models: &["a = 1\nb = 20"],
        steps: &[Step::Edit(&[("b = 2¦", "\nmine")])],
        end: End::Waits {
            hunks: &["pending"],
            accept: "top\na = 1\nb = 20\nmine",
            reject: "top\na = 1\nb = 2\nmine",
        },
        decision: "It stands behind the region's last line.",
        reason: "A last line without a newline ends where the file does, and so does the region.",
    }
    an_empty_region {
        modes: ALL,
        text: "top\n⟦⟧\nend\n",
        models: &["a = 1\nb = 2"],
        steps: &[Step::Edit(&[("top\n¦", "mine\n")])],
        end: End::Waits {
            hunks: &["pending"],
            accept: "top\nmine\na = 1\nb = 2\nend\n",
            reject: "top\nmine\n\nend\n",
        },
        decision: "The line stands above what the model writes.",
        reason: "In an empty region both edges are one place; the start's rule holds, so that the new text comes where the cursor is.",
    }
    an_empty_region_once_the_model_has_written {
        modes: LIVE,
        text: "top\n⟦⟧\nend\n",
        models: &["a = 1\nb = 2\nc = 3"],
        steps: &[
            Step::Streamed("a = 1\nb = 2\n"),
            Step::Edit(&[("¦b = 2", "mine\n")]),
        ],
        end: End::Waits {
            hunks: &["conflict"],
            accept: "top\na = 1\nmine\nb = 2\nc = 3\nend\n",
            reject: "top\nmine\n\nend\n",
        },
        decision: "The line stays between the model's lines, and stays alone when those go.",
        reason: "What was typed is never taken away with the text around it.",
    }
    backspace_at_the_start_joins_the_line_above {
        modes: ALL,
        text: "top\n⟦a = 1\nb = 2\n⟧end\n",
        models: &["a = 10\nb = 2\n"],
        steps: &[Step::Edit(&[("top«\n»a", "")])],
        end: End::Waits {
            hunks: &["pending"],
            accept: "topa = 10\nb = 2\nend\n",
            reject: "topa = 1\nb = 2\nend\n",
        },
        decision: "The lines are joined, and the region begins within a line.",
        reason: "The newline before the region is not the region's.",
    }
    delete_at_the_end_joins_the_line_below {
        modes: ALL,
        text: "top\n⟦a = 1\nb = 2\n⟧end\n",
        models: &["a = 10\nb = 2\n"],
        steps: &[Step::Edit(&[("b = 2«\n»end", "")])],
        end: End::Waits {
            hunks: &["pending"],
            accept: "top\na = 10\nb = 2end\n",
            reject: "top\na = 1\nb = 2end\n",
        },
        decision: "The lines are joined, and stay joined.",
        reason: "The last newline is the region's own, and what was deleted inside stays deleted.",
    }
    far_above_and_below {
        modes: ALL,
        text: "x\ntop\n⟦a = 1\nb = 2\n⟧end\ny\n",
        models: &["a = 10\nb = 20\n"],
        steps: &[
            Step::Streamed("a = 10\n"),
            Step::Edit(&[("x\n¦top", "one\ntwo\n"), ("«y»\n", "z")]),
        ],
        end: End::Waits {
            hunks: &["pending"],
            accept: "x\none\ntwo\ntop\na = 10\nb = 20\nend\nz\n",
            reject: "x\none\ntwo\ntop\na = 1\nb = 2\nend\nz\n",
        },
        decision: "Both are kept, and the region moves with its text.",
        reason: "Typing elsewhere in the file has nothing to do with the rewrite.",
    }
    behind_the_end_of_what_waits {
        modes: APPLIED,
        text: "top\n⟦a = 1\n⟧end\n",
        models: &["a = 1\nb = 2\n"],
        steps: &[Step::Proposed, Step::Edit(&[("¦end", "mine\n")])],
        end: End::Waits {
            hunks: &["pending"],
            accept: "top\na = 1\nb = 2\nmine\nend\n",
            reject: "top\na = 1\nmine\nend\n",
        },
        decision: "It stands below the region and is no part of the hunk.",
        reason: "The rule of the edges holds as long as the rewrite waits.",
    }
}
