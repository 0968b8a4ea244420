//! Streams that end early or otherwise, after typing.

use rewrite::State;

use crate::case::{ALL, End, LIVE, Step, section};

section! {
    "Stopped, failed, redirected, unchanged",
    "However a stream ends, what was typed stays.";

    stopped_after_typing {
        modes: LIVE,
        text: "⟦a = 1\nz = 9\n⟧end\n",
        models: &["return f(x)\nwhile y: pass\na = 1\nz = 9\n"],
        steps: &[
            Step::Streamed("return f(x)\nwhile"),
            Step::Edit(&[("z = 9¦", " # me")]),
            Step::Interrupt,
        ],
        end: End::Waits {
            hunks: &["pending"],
            accept: "return f(x)\na = 1\nz = 9 # me\nend\n",
            reject: "a = 1\nz = 9 # me\nend\n",
        },
        decision: "The complete lines wait for a decision, and what was typed stands.",
        reason: "Half a line of the model's is of no use; half a line of the user's is.",
    }
    stopped_after_typing_in_the_half_line {
        modes: LIVE,
        text: "⟦a = 1\nz = 9\n⟧end\n",
        models: &["return f(x)\nwhile y: pass\na = 1\nz = 9\n"],
        steps: &[
            Step::Streamed("return f(x)\nwhile y: pas"),
            Step::Edit(&[("while¦", "mist")]),
            Step::Interrupt,
        ],
        end: End::Waits {
            hunks: &["pending"],
            accept: "return f(x)\nmista = 1\nz = 9\nend\n",
            reject: "mista = 1\nz = 9\nend\n",
        },
        decision: "The half line goes, and what was typed in it stays.",
        reason: "What was typed is never taken away with the text around it.",
    }
    failed_after_typing {
        modes: ALL,
        text: "⟦a = 1\nz = 9\n⟧end\n",
        models: &["return f(x)\nwhile y: pass\na = 1\nz = 9\n"],
        steps: &[
            Step::Streamed("return f(x)\nwhile"),
            Step::Edit(&[("z = 9¦", " # me")]),
            Step::Fail,
        ],
        end: End::Over { state: State::Failed, text: "a = 1\nz = 9 # me\nend\n" },
        decision: "The old text is back with what was typed.",
        reason: "A failure is a reject that nobody had to ask for.",
    }
    failed_after_typing_in_new_text {
        modes: LIVE,
        text: "⟦a = 1\nz = 9\n⟧end\n",
        models: &["return f(x)\nwhile y: pass\na = 1\nz = 9\n"],
        steps: &[
            Step::Streamed("return f(x)\nwhile y: pass\n"),
            Step::Edit(&[("¦while", "mine\n")]),
            Step::Fail,
        ],
        end: End::Over { state: State::Failed, text: "mine\na = 1\nz = 9\nend\n" },
        decision: "The model's lines go, and the typed one stays.",
        reason: "What was typed is never taken away with the text around it.",
    }
    redirected_after_typing {
        modes: ALL,
        text: "⟦a = 1\nb = 2\n⟧end\n",
        models: &["a = 10\nb = 2\n"],
        steps: &[
            Step::Edit(&[("b = 2¦", " # me")]),
            Step::Proposed,
            Step::Redirect("a = 1\nb = f(2) # me\n"),
        ],
        end: End::Waits {
            hunks: &["pending"],
            accept: "a = 1\nb = f(2) # me\nend\n",
            reject: "a = 1\nb = 2 # me\nend\n",
        },
        decision: "What was typed is part of the text that the model is asked about anew.",
        reason: "A redirect begins again from what is the user's.",
    }
    redirected_after_typing_in_new_text {
        modes: LIVE,
        text: "⟦a = 1\nz = 9\n⟧end\n",
        models: &["return f(x)\nwhile y: pass\na = 1\nz = 9\n"],
        steps: &[
            Step::Streamed("return f(x)\nwhile y: pass\n"),
            Step::Edit(&[("¦while", "mine\n")]),
            Step::Redirect("mine\na = 10\nz = 9\n"),
        ],
        end: End::Waits {
            hunks: &["pending"],
            accept: "mine\na = 10\nz = 9\nend\n",
            reject: "mine\na = 1\nz = 9\nend\n",
        },
        decision: "The first answer goes, the typed line stays, and the second answer is about both.",
        reason: "A redirect begins again from what is the user's.",
    }
    redirected_after_a_deletion {
        modes: ALL,
        text: "⟦a = 1\nb = 2\nc = 3\n⟧end\n",
        models: &["a = 10\nb = 2\nc = 3\n"],
        steps: &[
            Step::Edit(&[("«b = 2\n»", "")]),
            Step::Redirect("a = 1\nc = 30\n"),
        ],
        end: End::Waits {
            hunks: &["pending"],
            accept: "a = 1\nc = 30\nend\n",
            reject: "a = 1\nc = 3\nend\n",
        },
        decision: "The deleted line is no part of the new text.",
        reason: "A redirect begins again from what is the user's.",
    }
    typed_after_a_redirect {
        modes: ALL,
        text: "⟦a = 1\nb = 2\nc = 3\n⟧end\n",
        models: &["a = 10\nb = 2\nc = 3\n"],
        steps: &[
            Step::Proposed,
            Step::Redirect("a = 1\nb = 2\nc = 30\n"),
            Step::Edit(&[("b = 2¦", " # me")]),
        ],
        end: End::Waits {
            hunks: &["pending"],
            accept: "a = 1\nb = 2 # me\nc = 30\nend\n",
            reject: "a = 1\nb = 2 # me\nc = 3\nend\n",
        },
        decision: "It is kept as in any rewrite.",
        reason: "The second rewrite has the rules of the first.",
    }
    unchanged_by_the_model {
        modes: ALL,
        text: "⟦a = 1\nb = 2\n⟧end\n",
        models: &["a = 1\nb = 2\n"],
        steps: &[Step::Edit(&[("b = 2¦", " # me")])],
        end: End::Over { state: State::Accepted, text: "a = 1\nb = 2 # me\nend\n" },
        decision: "The rewrite is over, and what was typed stands.",
        reason: "There is nothing to decide.",
    }
    unchanged_but_for_a_line_that_the_user_deleted {
        modes: ALL,
        text: "⟦a = 1\nb = 2\n⟧end\n",
        models: &["a = 1\nb = 2\n"],
        steps: &[Step::Edit(&[("«b = 2\n»", "")])],
        end: End::Over { state: State::Accepted, text: "a = 1\nend\n" },
        decision: "The rewrite is over, and the line stays deleted.",
        reason: "The model repeats the line because it was there when it was asked.",
    }
    typed_behind_what_has_failed {
        modes: ALL,
        text: "⟦a = 1\nb = 2\n⟧end\n",
        models: &["a = 10\nb = 2\n"],
        steps: &[Step::Fail, Step::Edit(&[("b = 2¦", " # me")])],
        end: End::Over { state: State::Failed, text: "a = 1\nb = 2 # me\nend\n" },
        decision: "It is plain typing.",
        reason: "What is over knows nothing of the text any more.",
    }
}
