//! Typing in the model's own text.

use rewrite::State;

use crate::case::{APPLIED, End, LIVE, Step, section};

section! {
    "In the text that the model wrote",
    "The model's text can be changed like any other. What is deleted of it stays deleted; what is typed in it stays, also on reject.";

    typed_in_a_new_line {
        modes: APPLIED,
        text: "⟦a = 1\nc = 3\n⟧end\n",
        models: &["a = 1\nb = 2\nc = 3\n"],
        steps: &[Step::Proposed, Step::Edit(&[("b = ¦2", "me")])],
        end: End::Waits {
            hunks: &["conflict"],
            accept: "a = 1\nb = me2\nc = 3\nend\n",
            reject: "a = 1\nmec = 3\nend\n",
        },
        decision: "Accepted, it stands in the line; rejected, it stands alone where the line was.",
        reason: "A reject takes away what the model wrote and not a letter that was typed.",
    }
    a_line_typed_between_new_lines {
        modes: APPLIED,
        text: "⟦a = 1\nd = 4\n⟧end\n",
        models: &["a = 1\nb = 2\nc = 3\nd = 4\n"],
        steps: &[Step::Proposed, Step::Edit(&[("¦c = 3", "mine\n")])],
        end: End::Waits {
            hunks: &["conflict"],
            accept: "a = 1\nb = 2\nmine\nc = 3\nd = 4\nend\n",
            reject: "a = 1\nmine\nd = 4\nend\n",
        },
        decision: "It stays in either case.",
        reason: "A reject takes away what the model wrote and not a letter that was typed.",
    }
    a_word_of_it_deleted {
        modes: APPLIED,
        text: "⟦a = 1\nb = 2\n⟧end\n",
        models: &["a = 1\nlet mut b = 2\n"],
        steps: &[Step::Proposed, Step::Edit(&[("let «mut »b", "")])],
        end: End::Waits {
            hunks: &["conflict"],
            accept: "a = 1\nlet b = 2\nend\n",
            reject: "a = 1\nb = 2\nend\n",
        },
        decision: "Accepted, the word stays deleted; rejected, the old line is back as it was.",
        reason: "A correction of the model's text concerns that text alone.",
    }
    a_new_line_of_it_deleted {
        modes: APPLIED,
        text: "⟦a = 1\nd = 4\n⟧end\n",
        models: &["a = 1\nb = 2\nc = 3\nd = 4\n"],
        steps: &[Step::Proposed, Step::Edit(&[("«b = 2\n»", "")])],
        end: End::Waits {
            hunks: &["conflict"],
            accept: "a = 1\nc = 3\nd = 4\nend\n",
            reject: "a = 1\nd = 4\nend\n",
        },
        decision: "Accepted, the rest of it stands.",
        reason: "Deleting a line of a proposal is the smallest way of saying no to it.",
    }
    all_of_a_hunk_deleted {
        modes: APPLIED,
        text: "⟦a = 1\nd = 4\n⟧end\n",
        models: &["a = 1\nb = 2\nc = 3\nd = 4\n"],
        steps: &[Step::Proposed, Step::Edit(&[("«b = 2\nc = 3\n»", "")])],
        end: End::Over { state: State::Rejected, text: "a = 1\nd = 4\nend\n" },
        decision: "It is a reject, as undo is.",
        reason: "The text is what it was, so there is nothing left to decide.",
    }
    a_part_of_it_replaced {
        modes: APPLIED,
        text: "⟦a = 1\nb = 2\n⟧end\n",
        models: &["a = 1\nb = compute(2)\n"],
        steps: &[Step::Proposed, Step::Edit(&[("«compute»(2)", "f")])],
        end: End::Waits {
            hunks: &["conflict"],
            accept: "a = 1\nb = f(2)\nend\n",
            reject: "a = 1\nb = 2f\nend\n",
        },
        decision: "Accepted, the user's word stands; rejected, the letters that were typed stay.",
        reason: "Only the user can say whether a correction of the model's text has a meaning without it, and it is not lost.",
    }
    a_whole_changed_line_replaced {
        modes: APPLIED,
        text: "⟦a = 1\nb = 2\nc = 3\n⟧end\n",
        models: &["a = 1\nreturn f(x)\nc = 3\n"],
        steps: &[Step::Proposed, Step::Edit(&[("«return f(x)»", "mine")])],
        end: End::Waits {
            hunks: &["conflict"],
            accept: "a = 1\nmine\nc = 3\nend\n",
            reject: "a = 1\nb = 2mine\nc = 3\nend\n",
        },
        decision: "Accepted, the user's line stands; rejected, the old line is back and what was typed stands behind it.",
        reason: "Nobody can know whether it was meant for the old line; it is not lost.",
    }
    changed_back_by_hand {
        modes: APPLIED,
        text: "⟦a = 1\nb = 2\n⟧end\n",
        models: &["a = 1\nb = 20\n"],
        steps: &[Step::Proposed, Step::Edit(&[("b = 2«0»", "")])],
        end: End::Over { state: State::Rejected, text: "a = 1\nb = 2\nend\n" },
        decision: "It is a reject, as undo is.",
        reason: "The text is what it was, so there is nothing left to decide.",
    }
    deleted_while_the_model_goes_on {
        modes: LIVE,
        text: "⟦a = 1\nz = 9\n⟧end\n",
        models: &["a = 1\nreturn f(x)\nwhile y: pass\nassert q\nz = 9\n"],
        steps: &[
            Step::Streamed("a = 1\nreturn f(x)\nwhile y: pass\n"),
            Step::Edit(&[("«return f(x)\n»", "")]),
        ],
        end: End::Waits {
            hunks: &["conflict"],
            accept: "a = 1\nwhile y: pass\nassert q\nz = 9\nend\n",
            reject: "a = 1\nz = 9\nend\n",
        },
        decision: "The line does not come back, and the rest comes.",
        reason: "The stream does not repeat what it has written.",
    }
    typed_while_the_model_goes_on_behind_it {
        modes: LIVE,
        text: "⟦a = 1\nz = 9\n⟧end\n",
        models: &["a = 1\nreturn f(x)\nwhile y: pass\nz = 9\n"],
        steps: &[
            Step::Streamed("a = 1\nreturn f(x)\n"),
            Step::Edit(&[("f(x)\n¦", "mine\n")]),
        ],
        end: End::Waits {
            hunks: &["pending"],
            accept: "a = 1\nreturn f(x)\nwhile y: pass\nmine\nz = 9\nend\n",
            reject: "a = 1\nmine\nz = 9\nend\n",
        },
        decision: "The model goes on behind what it has written last, hence above the typed line.",
        reason: "The model does not know of the line, and its text is one piece.",
    }
    enter_in_a_new_line {
        modes: APPLIED,
        text: "⟦a = 1\nc = 3\n⟧end\n",
        models: &["a = 1\nb = 2; x = 7\nc = 3\n"],
        steps: &[Step::Proposed, Step::Edit(&[("2;« »x", "\n")])],
        end: End::Waits {
            hunks: &["conflict"],
            accept: "a = 1\nb = 2;\nx = 7\nc = 3\nend\n",
            reject: "a = 1\n\nc = 3\nend\n",
        },
        decision: "Accepted, the line is split; rejected, the newline stays as an empty line.",
        reason: "A newline is a typed character like any other.",
    }
    a_new_line_joined_with_an_old_one {
        modes: APPLIED,
        text: "⟦a = 1\nc = 3\n⟧end\n",
        models: &["a = 1\nb = 2\nc = 3\n"],
        steps: &[Step::Proposed, Step::Edit(&[("b = 2«\n»c", "; ")])],
        end: End::Waits {
            hunks: &["conflict"],
            accept: "a = 1\nb = 2; c = 3\nend\n",
            reject: "a = 1\n; c = 3\nend\n",
        },
        decision: "Accepted, they are joined; rejected, the old line stands with the letters that were typed before it.",
        reason: "The deleted newline was the model's and goes with its line.",
    }
    copied_elsewhere {
        modes: APPLIED,
        text: "⟦a = 1\nc = 3\n⟧end\n",
        models: &["a = 1\nb = 2\nc = 3\n"],
        steps: &[Step::Proposed, Step::Edit(&[("end\n¦", "b = 2\n")])],
        end: End::Waits {
            hunks: &["pending"],
            accept: "a = 1\nb = 2\nc = 3\nend\nb = 2\n",
            reject: "a = 1\nc = 3\nend\nb = 2\n",
        },
        decision: "The copy stays on reject.",
        reason: "What the user pastes is the user's, whoever wrote it first.",
    }
    moved_within_the_region {
        modes: APPLIED,
        text: "⟦a = 1\nc = 3\n⟧end\n",
        models: &["a = 1\nb = 2\nc = 3\n"],
        steps: &[Step::Proposed, Step::Cut("«b = 2\n»"), Step::Paste("c = 3\n¦")],
        end: End::Over { state: State::Rejected, text: "a = 1\nc = 3\nb = 2\nend\n" },
        decision: "Taking it out is a reject, and what is put in again is the user's.",
        reason: "What the user pastes is the user's, whoever wrote it first.",
    }
    the_old_line_typed_again_beside_the_new {
        modes: APPLIED,
        text: "⟦a = 1\nb = 2\n⟧end\n",
        models: &["a = 1\nreturn f(x)\n"],
        steps: &[Step::Proposed, Step::Edit(&[("¦return", "b = 2\n")])],
        end: End::Waits {
            hunks: &["pending"],
            accept: "a = 1\nb = 2\nreturn f(x)\nend\n",
            reject: "a = 1\nb = 2\nb = 2\nend\n",
        },
        decision: "Rejected, the line is there twice: once the old one, once the typed one.",
        reason: "Redline cannot tell a repair from a new line, and a line too many is seen.",
    }
}
