//! Characters of more than one unit, and other line ends.

use crate::case::{ALL, APPLIED, End, Step, section};

section! {
    "Surrogate pairs, combining characters, other line ends",
    "No character is ever cut, whatever units the editor counts in, and line ends are what they were.";

    a_surrogate_pair_typed_at_each_edge {
        modes: ALL,
        text: "top\n⟦a = 1\nb = 2\n⟧end\n",
        models: &["a = 10\nb = 20\n"],
        steps: &[Step::Edit(&[("¦a = 1", "🙂"), ("¦end", "🙃")])],
        end: End::Waits {
            hunks: &["pending"],
            accept: "top\n🙂a = 10\nb = 20\n🙃end\n",
            reject: "top\n🙂a = 1\nb = 2\n🙃end\n",
        },
        decision: "Each stands outside, whole.",
        reason: "A character of four bytes or two UTF-16 units is one character.",
    }
    an_emoji_replaced_where_the_model_changes_the_line {
        modes: ALL,
        text: "⟦a = \"🙂\"\nb = 2\n⟧end\n",
        models: &["a = f(\"🙂\")\nb = 2\n"],
        steps: &[Step::Edit(&[("\"«🙂»\"", "🙃")])],
        end: End::Waits {
            hunks: &["conflict"],
            accept: "a = f(\"🙃\")\nb = 2\nend\n",
            reject: "a = \"🙃\"\nb = 2\nend\n",
        },
        decision: "The user's stands within the model's change.",
        reason: "The two share three of their four bytes, and are compared as characters all the same.",
    }
    an_emoji_that_the_model_replaces {
        modes: APPLIED,
        text: "⟦a = \"🙂\"\nb = 2\n⟧end\n",
        models: &["a = \"🙃\"\nb = 2\n"],
        steps: &[Step::Proposed, Step::Edit(&[("🙃¦\"", "!")])],
        end: End::Waits {
            hunks: &["conflict"],
            accept: "a = \"🙃!\"\nb = 2\nend\n",
            reject: "a = \"🙂!\"\nb = 2\nend\n",
        },
        decision: "What was typed behind the new one stands behind the old one.",
        reason: "A replacement of ours is made of whole characters.",
    }
    a_combining_mark_typed_on_a_new_letter {
        modes: APPLIED,
        text: "⟦a = 1\nb = 2\n⟧end\n",
        models: &["a = e\nb = 2\n"],
        steps: &[Step::Proposed, Step::Edit(&[("e¦\nb", "\u{301}")])],
        end: End::Waits {
            hunks: &["conflict"],
            accept: "a = e\u{301}\nb = 2\nend\n",
            reject: "a = 1\u{301}\nb = 2\nend\n",
        },
        decision: "The mark stays, and on reject it stands on the old letter.",
        reason: "A mark is a typed character of its own; what it sits on is a matter of drawing.",
    }
    a_combining_mark_typed_at_the_start_edge {
        modes: ALL,
        text: "x = ⟦f(1)⟧\nend\n",
        models: &["g(1)"],
        steps: &[Step::Edit(&[("x =« »f", "\u{301}")])],
        end: End::Waits {
            hunks: &["pending"],
            accept: "x =\u{301}g(1)\nend\n",
            reject: "x =\u{301}f(1)\nend\n",
        },
        decision: "It stays outside, on its own letter.",
        reason: "Edges are between characters and not between what is drawn.",
    }
    a_joined_emoji_that_the_model_changes_in_the_middle {
        modes: ALL,
        text: "⟦a = \"👩‍💻\"\nb = 2\n⟧end\n",
        models: &["a = \"👩‍🔬\"\nb = 2\n"],
        steps: &[Step::Edit(&[("👩‍💻¦\"", "👋🏽")])],
        end: End::Waits {
            hunks: &["conflict"],
            accept: "a = \"👩‍🔬👋🏽\"\nb = 2\nend\n",
            reject: "a = \"👩‍💻👋🏽\"\nb = 2\nend\n",
        },
        decision: "Both emoji are whole.",
        reason: "Joiners and skin tones are characters, and characters keep their order.",
    }
    enter_in_a_crlf_file {
        modes: ALL,
        text: "top\r\n⟦a = 1\r\nb = 2\r\nc = 3\r\n⟧end\r\n",
        models: &["a = 1\nb = 2\nc = 30\n"],
        steps: &[Step::Edit(&[("a = 1¦\r\n", "\r\n# me")])],
        end: End::Waits {
            hunks: &["pending"],
            accept: "top\r\na = 1\r\n# me\r\nb = 2\r\nc = 30\r\nend\r\n",
            reject: "top\r\na = 1\r\n# me\r\nb = 2\r\nc = 3\r\nend\r\n",
        },
        decision: "The line ends stay pairs.",
        reason: "The model's newlines take the form of the region's before they are compared.",
    }
    enter_at_the_edges_in_a_crlf_file {
        modes: ALL,
        text: "top\r\n⟦a = 1\r\n⟧end\r\n",
        models: &["a = 10\n"],
        steps: &[Step::Edit(&[("top\r\n¦a", "\r\n"), ("1\r\n¦end", "\r\n")])],
        end: End::Waits {
            hunks: &["pending"],
            accept: "top\r\n\r\na = 10\r\n\r\nend\r\n",
            reject: "top\r\n\r\na = 1\r\n\r\nend\r\n",
        },
        decision: "The empty lines stand outside, with their whole line ends.",
        reason: "An edge never lies within a pair.",
    }
    a_bare_newline_pasted_into_a_crlf_file {
        modes: ALL,
        text: "⟦a = 1\r\nb = 2\r\n⟧end\r\n",
        models: &["a = 1\nb = 20\n"],
        steps: &[Step::Edit(&[("a = 1¦\r\n", "\n# me")])],
        end: End::Waits {
            hunks: &["pending"],
            accept: "a = 1\n# me\r\nb = 20\r\nend\r\n",
            reject: "a = 1\n# me\r\nb = 2\r\nend\r\n",
        },
        decision: "It stays bare, and the others stay pairs.",
        reason: "What was pasted is the user's, and Redline mends no line ends that it did not write.",
    }
    lines_joined_in_a_crlf_file {
        modes: ALL,
        text: "⟦a = 1\r\nb = 2\r\nc = 3\r\n⟧end\r\n",
        models: &["a = 1\nb = 2\nc = 30\n"],
        steps: &[Step::Edit(&[("a = 1«\r\n»b", "; ")])],
        end: End::Waits {
            hunks: &["pending"],
            accept: "a = 1; b = 2\r\nc = 30\r\nend\r\n",
            reject: "a = 1; b = 2\r\nc = 3\r\nend\r\n",
        },
        decision: "They stay joined, without half a line end.",
        reason: "A pair goes as a whole.",
    }
    enter_in_a_new_line_of_a_crlf_file {
        modes: APPLIED,
        text: "⟦a = 1\r\nc = 3\r\n⟧end\r\n",
        models: &["a = 1\nreturn f(x)\nc = 3\n"],
        steps: &[Step::Proposed, Step::Edit(&[("return« »f", "\r\n")])],
        end: End::Waits {
            hunks: &["conflict"],
            accept: "a = 1\r\nreturn\r\nf(x)\r\nc = 3\r\nend\r\n",
            reject: "a = 1\r\n\r\nc = 3\r\nend\r\n",
        },
        decision: "Accepted, the line is split with a pair; rejected, the pair stays as an empty line.",
        reason: "The typed line end is the user's, both halves of it.",
    }
    all_line_ends_changed {
        modes: ALL,
        text: "⟦a = 1\r\nb = 2\r\n⟧end\r\n",
        models: &["a = 1\nb = 20\n"],
        steps: &[Step::Edit(&[("a = 1«\r\n»", "\n"), ("b = 2«\r\n»", "\n"), ("end«\r\n»", "\n")])],
        end: End::Waits {
            hunks: &["conflict"],
            accept: "a = 1\nb = 20\nend\n",
            reject: "a = 1\nb = 2\nend\n",
        },
        decision: "The new line ends stand, also in the line that the model changes.",
        reason: "Line ends are text that the user has changed.",
    }
}
