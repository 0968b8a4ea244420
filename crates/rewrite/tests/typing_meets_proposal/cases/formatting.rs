//! Formatters, also on save.

use rewrite::State;

use crate::case::{ALL, APPLIED, End, Formatter, LIVE, Step, section};

section! {
    "Formatting",
    "A formatter's changes are the user's. It makes no difference whether it reports each change or the whole file anew.";

    formatted_before_the_first_text {
        modes: ALL,
        text: "x=0\n⟦a=1\nb = 2\n⟧y=3\n",
        models: &["a=1\nb = f(2)\n"],
        steps: &[Step::Format(Formatter::Minimal, &[("x=0", "x = 0"), ("a=1", "a = 1"), ("y=3", "y = 3")])],
        end: End::Waits {
            hunks: &["pending"],
            accept: "x = 0\na = 1\nb = f(2)\ny = 3\n",
            reject: "x = 0\na = 1\nb = 2\ny = 3\n",
        },
        decision: "The formatted lines stand, although the model repeats them unformatted.",
        reason: "What the model repeats of the old text is no wish of its own.",
    }
    formatted_while_it_streams_as_a_whole_file {
        modes: LIVE,
        text: "x=0\n⟦a=1\nb = 2\nc = 3\n⟧y=3\n",
        models: &["a=1\nreturn f(x)\nb = 2\nc = 3\n"],
        steps: &[
            Step::Streamed("a=1\nreturn f(x)\nb = 2\n"),
            Step::Format(Formatter::WholeFile, &[("x=0", "x = 0"), ("a=1", "a = 1"), ("y=3", "y = 3")]),
        ],
        end: End::Waits {
            hunks: &["pending"],
            accept: "x = 0\na = 1\nreturn f(x)\nb = 2\nc = 3\ny = 3\n",
            reject: "x = 0\na = 1\nb = 2\nc = 3\ny = 3\n",
        },
        decision: "Only what the formatter really changed counts as changed.",
        reason: "A whole file reported anew is compared with the old one; else the region would count as deleted.",
    }
    the_proposal_formatted {
        modes: APPLIED,
        text: "⟦a = 1\nc = 3\n⟧end\n",
        models: &["a = 1\nb=f(2,3)\nc = 3\n"],
        steps: &[
            Step::Proposed,
            Step::Format(Formatter::Minimal, &[("b=f", "b = f"), ("2,3", "2, 3")]),
        ],
        end: End::Waits {
            hunks: &["conflict"],
            accept: "a = 1\nb = f(2, 3)\nc = 3\nend\n",
            reject: "a = 1\n   c = 3\nend\n",
        },
        decision: "Accepted, it stands formatted; rejected, the formatter's spaces stay where the line was.",
        reason: "They cannot be told from typed ones, which are never taken away; undoing the formatting first avoids it.",
    }
    the_whole_file_formatted_while_it_waits {
        modes: APPLIED,
        text: "x=0\n⟦a=1\nb = 2\n⟧y=3\n",
        models: &["a=1\nb = f(2)\n"],
        steps: &[
            Step::Proposed,
            Step::Format(Formatter::WholeFile, &[("x=0", "x = 0"), ("a=1", "a = 1"), ("y=3", "y = 3")]),
        ],
        end: End::Waits {
            hunks: &["pending"],
            accept: "x = 0\na = 1\nb = f(2)\ny = 3\n",
            reject: "x = 0\na = 1\nb = 2\ny = 3\n",
        },
        decision: "The rewrite waits as before.",
        reason: "Saving with a formatter decides nothing.",
    }
    trailing_spaces_stripped_on_save {
        modes: APPLIED,
        text: "⟦a = 1  \nb = 2\n⟧end  \n",
        models: &["a = 1  \nb = f(2)\n"],
        steps: &[
            Step::Proposed,
            Step::Format(Formatter::Minimal, &[("  \n", "\n")]),
        ],
        end: End::Waits {
            hunks: &["pending"],
            accept: "a = 1\nb = f(2)\nend\n",
            reject: "a = 1\nb = 2\nend\n",
        },
        decision: "The spaces are gone either way, and the rewrite waits as before.",
        reason: "Saving with a formatter decides nothing.",
    }
    a_final_newline_added_on_save {
        modes: APPLIED,
        text: "top\n⟦a = 1\nb = 2⟧",
        models: &["a = 1\nb = 20"],
        steps: &[Step::Proposed, Step::Edit(&[("b = 20¦", "\n")])],
        end: End::Waits {
            hunks: &["pending"],
            accept: "top\na = 1\nb = 20\n",
            reject: "top\na = 1\nb = 2\n",
        },
        decision: "The newline stands behind the region.",
        reason: "It was put at the edge.",
    }
    everything_indented_anew {
        modes: APPLIED,
        text: "if x:\n⟦  a = 1\n  b = 2\n⟧end\n",
        models: &["  a = 1\n  b = f(2)\n"],
        steps: &[
            Step::Proposed,
            Step::Format(Formatter::WholeFile, &[("\n  ", "\n    ")]),
        ],
        end: End::Waits {
            hunks: &["conflict"],
            accept: "if x:\n    a = 1\n    b = f(2)\nend\n",
            reject: "if x:\n    a = 1\n    b = 2\nend\n",
        },
        decision: "The new depth stands, also on the lines that are rejected.",
        reason: "Each line's indentation was changed by the user and not by the model.",
    }
    formatted_back_to_the_old_text {
        modes: APPLIED,
        text: "⟦a = f(1)\n⟧end\n",
        models: &["a = f( 1 )\n"],
        steps: &[
            Step::Proposed,
            Step::Format(Formatter::Minimal, &[("( 1 )", "(1)")]),
        ],
        end: End::Over { state: State::Rejected, text: "a = f(1)\nend\n" },
        decision: "The rewrite is over.",
        reason: "The text is what it was, so there is nothing left to decide.",
    }
    lines_sorted_by_a_tool {
        modes: APPLIED,
        text: "⟦use c\nuse a\n⟧end\n",
        models: &["use c\nuse a\nuse b\n"],
        steps: &[
            Step::Proposed,
            Step::Format(Formatter::Minimal, &[("use c\nuse a\nuse b\n", "use a\nuse b\nuse c\n")]),
        ],
        end: End::Waits {
            hunks: &["pending"],
            accept: "use a\nuse b\nuse c\nend\n",
            reject: "use a\nuse c\nend\n",
        },
        decision: "Accepted, the lines stand sorted; rejected, the model's goes and the old ones stand sorted.",
        reason: "The smallest change that sorts them leaves the model's line in place.",
    }
}
