//! Lines split, joined, moved, indented.

use crate::case::{ALL, End, LIVE, Step, section};

section! {
    "Lines split, joined and moved",
    "Newlines are characters like any other: one typed stays, one deleted stays deleted.";

    enter_in_a_line_that_the_model_keeps {
        modes: ALL,
        text: "⟦a = 1; b = 2\nc = 3\n⟧end\n",
        models: &["a = 1; b = 2\nc = 30\n"],
        steps: &[Step::Edit(&[("a = 1;« »b", "\n")])],
        end: End::Waits {
            hunks: &["pending"],
            accept: "a = 1;\nb = 2\nc = 30\nend\n",
            reject: "a = 1;\nb = 2\nc = 3\nend\n",
        },
        decision: "The line stays split.",
        reason: "The model kept the line, and the user split it.",
    }
    enter_in_a_line_that_the_model_changes {
        modes: ALL,
        text: "⟦a = 1; b = 2\nc = 3\n⟧end\n",
        models: &["a = 1; b = 20\nc = 3\n"],
        steps: &[Step::Edit(&[("a = 1;« »b", "\n")])],
        end: End::Waits {
            hunks: &["conflict"],
            accept: "a = 1;\nb = 20\nc = 3\nend\n",
            reject: "a = 1;\nb = 2\nc = 3\nend\n",
        },
        decision: "The line stays split, and the model's change comes in its half.",
        reason: "They touch other letters.",
    }
    enter_at_the_end_of_the_last_line {
        modes: ALL,
        text: "⟦a = 1\nb = 2\n⟧end\n",
        models: &["a = 1\nb = 2\nc = 3\n"],
        steps: &[Step::Edit(&[("b = 2¦\n", "\n# me")])],
        end: End::Waits {
            hunks: &["pending"],
            accept: "a = 1\nb = 2\n# me\nc = 3\nend\n",
            reject: "a = 1\nb = 2\n# me\nend\n",
        },
        decision: "The new line stands inside, above what the model adds.",
        reason: "It was typed before the region's last newline.",
    }
    two_lines_joined_that_the_model_keeps {
        modes: ALL,
        text: "⟦a = 1\nb = 2\nc = 3\n⟧end\n",
        models: &["a = 1\nb = 2\nc = 30\n"],
        steps: &[Step::Edit(&[("a = 1«\n»b", "; ")])],
        end: End::Waits {
            hunks: &["pending"],
            accept: "a = 1; b = 2\nc = 30\nend\n",
            reject: "a = 1; b = 2\nc = 3\nend\n",
        },
        decision: "They stay joined.",
        reason: "The model repeats the newline, but the user took it away.",
    }
    a_line_joined_with_one_that_the_model_changes {
        modes: ALL,
        text: "⟦a = 1\nb = 2\nc = 3\n⟧end\n",
        models: &["a = 1\nb = 20\nc = 3\n"],
        steps: &[Step::Edit(&[("a = 1«\n»b", "; ")])],
        end: End::Waits {
            hunks: &["pending"],
            accept: "a = 1; b = 20\nc = 3\nend\n",
            reject: "a = 1; b = 2\nc = 3\nend\n",
        },
        decision: "They stay joined, and the model's change comes in its half.",
        reason: "They touch other letters.",
    }
    a_line_joined_with_one_that_the_model_deletes {
        modes: ALL,
        text: "⟦a = 1\nb = 2\nc = 3\n⟧end\n",
        models: &["a = 1\nc = 3\n"],
        steps: &[Step::Edit(&[("a = 1«\n»b", " ")])],
        end: End::Waits {
            hunks: &["pending"],
            accept: "a = 1 c = 3\nend\n",
            reject: "a = 1 b = 2\nc = 3\nend\n",
        },
        decision: "The lines stay joined, so the next line comes up.",
        reason: "Each took one newline away, and neither deletion is undone for the other.",
    }
    a_line_split_where_the_model_inserts_lines {
        modes: LIVE,
        text: "⟦a = 1\nb = 2\n⟧end\n",
        models: &["a = 1\nreturn f(x)\nwhile y: pass\nb = 2\n"],
        steps: &[
            Step::Streamed("a = 1\nreturn f(x)\nwhile y: pass\n"),
            Step::Edit(&[("f(x)¦\n", "\n# me")]),
        ],
        end: End::Waits {
            hunks: &["conflict"],
            accept: "a = 1\nreturn f(x)\n# me\nwhile y: pass\nb = 2\nend\n",
            reject: "a = 1\n\n# meb = 2\nend\n",
        },
        decision: "The new line stays between the model's; on reject the typed newline and letters stay, nothing else.",
        reason: "A newline belongs to whoever typed it, so the line's own end goes with the model's text.",
    }
    a_line_moved_within_the_region {
        modes: ALL,
        text: "⟦a = 1\nb = 2\nc = 3\n⟧end\n",
        models: &["a = 1\nb = 2\nc = 30\n"],
        steps: &[Step::Edit(&[("«a = 1\n»b", ""), ("¦c = 3", "a = 1\n")])],
        end: End::Waits {
            hunks: &["pending"],
            accept: "b = 2\na = 1\nc = 30\nend\n",
            reject: "b = 2\na = 1\nc = 3\nend\n",
        },
        decision: "It stays where it was moved to.",
        reason: "It was deleted above and typed below, and both are kept.",
    }
    a_moved_line_that_the_model_changes {
        modes: ALL,
        text: "⟦a = 1\nb = 2\nc = 3\nd = 4\n⟧end\n",
        models: &["a = 10\nb = 2\nc = 3\nd = 4\n"],
        steps: &[Step::Edit(&[("«a = 1\n»b", ""), ("¦d = 4", "a = 1\n")])],
        end: End::Waits {
            hunks: &["conflict"],
            accept: "b = 2\nc = 3\na = 1\nd = 4\nend\n",
            reject: "b = 2\nc = 3\na = 1\nd = 4\nend\n",
        },
        decision: "The moved line stands as it was moved, without the model's change.",
        reason: "The place that the model changed is gone, and the moved line is the user's.",
    }
    a_line_commented_out {
        modes: ALL,
        text: "⟦a = 1\nb = 2\nc = 3\n⟧end\n",
        models: &["a = 1\nb = 20\nc = 3\n"],
        steps: &[Step::Edit(&[("¦b = 2", "# ")])],
        end: End::Waits {
            hunks: &["conflict"],
            accept: "a = 1\n# b = 20\nc = 3\nend\n",
            reject: "a = 1\n# b = 2\nc = 3\nend\n",
        },
        decision: "The mark stays in front of the line, before and after the model's change.",
        reason: "It was typed at the start of that line.",
    }
    all_lines_indented {
        modes: ALL,
        text: "⟦a = 1\nb = 2\n⟧end\n",
        models: &["a = 1\nx = 9\nb = 2\n"],
        steps: &[Step::Edit(&[("¦a = 1", "  "), ("¦b = 2", "  ")])],
        end: End::Waits {
            hunks: &["pending"],
            accept: "  a = 1\nx = 9\n  b = 2\nend\n",
            reject: "  a = 1\n  b = 2\nend\n",
        },
        decision: "The indentation is kept; the model's new line is not indented for it.",
        reason: "Redline never changes what the model wrote to fit what came later.",
    }
    a_line_copied_next_to_itself {
        modes: ALL,
        text: "⟦a = 1\nb = 2\n⟧end\n",
        models: &["a = 1\nb = 20\n"],
        steps: &[Step::Edit(&[("a = 1\n¦", "a = 1\n")])],
        end: End::Waits {
            hunks: &["pending"],
            accept: "a = 1\na = 1\nb = 20\nend\n",
            reject: "a = 1\na = 1\nb = 2\nend\n",
        },
        decision: "Both lines stand.",
        reason: "The copy is typed text, which the model never touches.",
    }
}
