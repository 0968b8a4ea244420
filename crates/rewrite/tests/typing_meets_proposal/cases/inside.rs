//! Typing in text that stood in the region before: lines that the model keeps, changes, deletes, moves.

use crate::case::{ALL, APPLIED, End, LIVE, Step, section};

section! {
    "In the text that is being rewritten",
    "What is typed inside stays where it was typed. Where it stands on a line that the model changes too, that hunk is marked as a conflict.";

    in_a_line_that_the_model_keeps {
        modes: ALL,
        text: "⟦a = 1\nb = 2\nc = 3\n⟧end\n",
        models: &["a = 1\nb = 20\nc = 3\n"],
        steps: &[
            Step::Streamed("a = 1\nb = 20\n"),
            Step::Edit(&[("c = 3¦", " # me")]),
        ],
        end: End::Waits {
            hunks: &["pending"],
            accept: "a = 1\nb = 20\nc = 3 # me\nend\n",
            reject: "a = 1\nb = 2\nc = 3 # me\nend\n",
        },
        decision: "It is kept, and no hunk is marked.",
        reason: "The model did not touch that line.",
    }
    in_a_line_that_the_model_then_changes {
        modes: ALL,
        text: "⟦a = 1\nb = 2\nc = 3\n⟧end\n",
        models: &["a = 1\nb = f(2)\nc = 3\n"],
        steps: &[Step::Edit(&[("b = 2¦", " # me")])],
        end: End::Waits {
            hunks: &["conflict"],
            accept: "a = 1\nb = f(2) # me\nc = 3\nend\n",
            reject: "a = 1\nb = 2 # me\nc = 3\nend\n",
        },
        decision: "Both stand in the line, and its hunk is marked.",
        reason: "The two changed other letters of one line; whether that fits together is for a person to see.",
    }
    in_a_line_that_the_model_has_changed {
        modes: APPLIED,
        text: "⟦a = 1\nb = 2\nc = 3\n⟧end\n",
        models: &["a = 1\nb = f(2)\nc = 3\n"],
        steps: &[Step::Proposed, Step::Edit(&[("b = f(2)¦", " # me")])],
        end: End::Waits {
            hunks: &["conflict"],
            accept: "a = 1\nb = f(2) # me\nc = 3\nend\n",
            reject: "a = 1\nb = 2 # me\nc = 3\nend\n",
        },
        decision: "It stays in its line, whichever of the two stands there.",
        reason: "The line is the same line before and after.",
    }
    in_a_line_that_the_model_deletes {
        modes: ALL,
        text: "⟦a = 1\nb = 2\nc = 3\n⟧end\n",
        models: &["a = 1\nc = 3\n"],
        steps: &[Step::Edit(&[("b = ¦2", "mine")])],
        end: End::Waits {
            hunks: &["conflict"],
            accept: "a = 1\nminec = 3\nend\n",
            reject: "a = 1\nb = mine2\nc = 3\nend\n",
        },
        decision: "The line goes and what was typed stays, alone; the hunk is marked.",
        reason: "The deletion takes what it was made for and not a letter more.",
    }
    in_a_line_that_the_model_writes_anew {
        modes: ALL,
        text: "⟦a = 1\nlog.debug(x)\nc = 3\n⟧end\n",
        models: &["a = 1\nreturn y\nc = 3\n"],
        steps: &[Step::Edit(&[("log.debug(x)¦", " # me")])],
        end: End::Waits {
            hunks: &["conflict"],
            accept: "a = 1\nreturn y # me\nc = 3\nend\n",
            reject: "a = 1\nlog.debug(x) # me\nc = 3\nend\n",
        },
        decision: "It stands at the end of the new line, and the hunk is marked.",
        reason: "It was typed at the end of the line, and that is where the line's end is now.",
    }
    in_a_line_that_the_model_moves {
        modes: ALL,
        text: "⟦use x\na = 1\nb = 2\n⟧end\n",
        models: &["a = 1\nb = 2\nuse x\n"],
        steps: &[Step::Edit(&[("use x¦", " # me")])],
        end: End::Waits {
            hunks: &["conflict", "pending"],
            accept: " # mea = 1\nb = 2\nuse x\nend\n",
            reject: "use x # me\na = 1\nb = 2\nend\n",
        },
        decision: "It stays where the line stood, and the hunk is marked.",
        reason: "A move is a deletion and an insertion; nobody can know whether the note belongs to the line or to the place.",
    }
    the_value_that_the_model_changes_too {
        modes: ALL,
        text: "⟦a = 1\nb = 2\nc = 3\n⟧end\n",
        models: &["a = 1\nb = 30\nc = 3\n"],
        steps: &[Step::Edit(&[("b = «2»", "5")])],
        end: End::Waits {
            hunks: &["conflict"],
            accept: "a = 1\nb = 5\nc = 3\nend\n",
            reject: "a = 1\nb = 5\nc = 3\nend\n",
        },
        decision: "The user's value stands alone, and the hunk is marked.",
        reason: "Where both put something in place of the same text the user's wins; both values side by side would be neither.",
    }
    the_same_change_as_the_model_then_writes {
        modes: ALL,
        text: "⟦a = 1\nb = 2\nc = 3\n⟧end\n",
        models: &["a = 1\nb = 30\nc = 3\n"],
        steps: &[Step::Edit(&[("b = «2»", "30")])],
        end: End::Waits {
            hunks: &["conflict"],
            accept: "a = 1\nb = 30\nc = 3\nend\n",
            reject: "a = 1\nb = 30\nc = 3\nend\n",
        },
        decision: "It stands there once, as the user's.",
        reason: "Both put the same in place of the same text; twice is what nobody wanted.",
    }
    the_line_that_the_model_then_inserts {
        modes: ALL,
        text: "⟦a = 1\nc = 3\n⟧end\n",
        models: &["a = 1\nb = 2\nc = 3\n"],
        steps: &[Step::Edit(&[("a = 1\n¦", "b = 2\n")])],
        end: End::Waits {
            hunks: &["pending"],
            accept: "a = 1\nb = 2\nb = 2\nc = 3\nend\n",
            reject: "a = 1\nb = 2\nc = 3\nend\n",
        },
        decision: "Both are there, and the model's can be rejected.",
        reason: "Two equal lines may both be meant; a line too many is seen and taken away, a line too few is not.",
    }
    the_next_line_of_the_model_typed_ahead {
        modes: LIVE,
        text: "⟦a = 1\n⟧end\n",
        models: &["a = 1\nb = 2\nc = 3\n"],
        steps: &[
            Step::Streamed("a = 1\nb = 2\n"),
            Step::Edit(&[("b = 2¦\n", "\nc = 3")]),
        ],
        end: End::Waits {
            hunks: &["conflict"],
            accept: "a = 1\nb = 2\nc = 3\nc = 3\nend\n",
            reject: "a = 1\n\nc = 3end\n",
        },
        decision: "Both are there, and the hunk is marked.",
        reason: "What was typed is the user's and the model's text does not know of it.",
    }
    a_letter_deleted_in_a_line_that_the_model_changes {
        modes: ALL,
        text: "⟦a = 1\nbee = 2\nc = 3\n⟧end\n",
        models: &["a = 1\nbee = 20\nc = 3\n"],
        steps: &[Step::Edit(&[("b«e»e", "")])],
        end: End::Waits {
            hunks: &["conflict"],
            accept: "a = 1\nbe = 20\nc = 3\nend\n",
            reject: "a = 1\nbe = 2\nc = 3\nend\n",
        },
        decision: "The letter stays deleted, and the model's change to the line comes.",
        reason: "They touch other letters of the line.",
    }
    a_word_deleted_that_the_model_keeps {
        modes: ALL,
        text: "⟦let mut a = 1\nb = 2\n⟧end\n",
        models: &["let mut a = 1\nb = 20\n"],
        steps: &[
            Step::Streamed("let mut a = 1\n"),
            Step::Edit(&[("let «mut »a", "")]),
        ],
        end: End::Waits {
            hunks: &["pending"],
            accept: "let a = 1\nb = 20\nend\n",
            reject: "let a = 1\nb = 2\nend\n",
        },
        decision: "It stays deleted, although the model writes it again.",
        reason: "What the model repeats of the old text is no wish of its own.",
    }
    a_line_deleted_that_the_model_keeps {
        modes: ALL,
        text: "⟦a = 1\nb = 2\nc = 3\n⟧end\n",
        models: &["a = 1\nb = 2\nc = 30\n"],
        steps: &[Step::Edit(&[("«b = 2\n»", "")])],
        end: End::Waits {
            hunks: &["pending"],
            accept: "a = 1\nc = 30\nend\n",
            reject: "a = 1\nc = 3\nend\n",
        },
        decision: "It stays deleted.",
        reason: "The model had no way to know, and the user did.",
    }
    a_line_deleted_that_the_model_deletes_too {
        modes: ALL,
        text: "⟦a = 1\nb = 2\nc = 3\n⟧end\n",
        models: &["a = 1\nc = 30\n"],
        steps: &[Step::Edit(&[("«b = 2\n»", "")])],
        end: End::Waits {
            hunks: &["conflict"],
            accept: "a = 1\nc = 30\nend\n",
            reject: "a = 1\nc = 3\nend\n",
        },
        decision: "It is gone either way.",
        reason: "A reject takes back what the model did, not what the user did.",
    }
    a_line_deleted_that_the_model_changes {
        modes: ALL,
        text: "⟦a = 1\nb = 2\nc = 3\n⟧end\n",
        models: &["a = 1\nb = 20\nc = 3\n"],
        steps: &[Step::Edit(&[("«b = 2\n»", "")])],
        end: End::Waits {
            hunks: &["conflict"],
            accept: "a = 1\nc = 3\nend\n",
            reject: "a = 1\nc = 3\nend\n",
        },
        decision: "It stays deleted with the model's change to it, and the hunk is marked.",
        reason: "A letter of a line that is gone would stand alone in the file.",
    }
    a_line_deleted_in_a_block_that_the_model_writes_anew {
        modes: ALL,
        text: "⟦a = 1\nlog.debug(x)\nlog.debug(y)\nc = 3\n⟧end\n",
        models: &["a = 1\nreturn [z]\nc = 3\n"],
        steps: &[Step::Edit(&[("«log.debug(x)\n»", "")])],
        end: End::Waits {
            hunks: &["conflict"],
            accept: "a = 1\nreturn [z]\nc = 3\nend\n",
            reject: "a = 1\nlog.debug(y)\nc = 3\nend\n",
        },
        decision: "The model's new text comes; on reject the deleted line stays away.",
        reason: "The model replaces the whole block, and only one old line of it was deleted.",
    }
    a_line_typed_between_lines_that_the_model_deletes {
        modes: ALL,
        text: "⟦a = 1\nb = 2\nc = 3\nd = 4\n⟧end\n",
        models: &["a = 1\nd = 4\n"],
        steps: &[Step::Edit(&[("¦c = 3", "mine\n")])],
        end: End::Waits {
            hunks: &["conflict"],
            accept: "a = 1\nmine\nd = 4\nend\n",
            reject: "a = 1\nb = 2\nmine\nc = 3\nd = 4\nend\n",
        },
        decision: "The line stays between what is left of its neighbours.",
        reason: "Only the lines around it were up for deletion.",
    }
    a_line_typed_between_lines_that_the_model_keeps {
        modes: ALL,
        text: "⟦a = 1\nb = 2\nc = 3\n⟧end\n",
        models: &["a = 10\nb = 2\nc = 3\n"],
        steps: &[Step::Edit(&[("¦c = 3", "mine\n")])],
        end: End::Waits {
            hunks: &["pending"],
            accept: "a = 10\nb = 2\nmine\nc = 3\nend\n",
            reject: "a = 1\nb = 2\nmine\nc = 3\nend\n",
        },
        decision: "It stays between them, and no hunk is marked.",
        reason: "Nothing of the model's comes near it.",
    }
    letters_typed_one_by_one_while_text_streams {
        modes: LIVE,
        text: "⟦a = 1\nb = 2\nc = 3\n⟧end\n",
        models: &["a = 10\nb = 20\nc = 30\n"],
        steps: &[
            Step::Edit(&[("c = 3¦", " ")]),
            Step::Streamed("a = 10\n"),
            Step::Edit(&[("c = 3 ¦", "#")]),
            Step::Streamed("a = 10\nb = 20\n"),
            Step::Edit(&[("3 #¦", "!")]),
        ],
        end: End::Waits {
            hunks: &["conflict"],
            accept: "a = 10\nb = 20\nc = 30 #!\nend\n",
            reject: "a = 1\nb = 2\nc = 3 #!\nend\n",
        },
        decision: "The letters stay together and in order.",
        reason: "Each is placed by its neighbours, not by line and column, which move meanwhile.",
    }
    several_cursors_at_once {
        modes: ALL,
        text: "⟦a = 1\nb = 2\nc = 3\n⟧end\n",
        models: &["a = 1\nb = 20\nc = 3\n"],
        steps: &[Step::Edit(&[("a = 1¦", ";"), ("b = 2¦", ";"), ("c = 3¦", ";"), ("end¦", ";")])],
        end: End::Waits {
            hunks: &["conflict"],
            accept: "a = 1;\nb = 20;\nc = 3;\nend;\n",
            reject: "a = 1;\nb = 2;\nc = 3;\nend;\n",
        },
        decision: "Each is kept in its place, inside and outside.",
        reason: "One change at many places is as good as many changes.",
    }
    a_name_replaced_everywhere {
        modes: ALL,
        text: "x = 0\n⟦a = x\nb = f(x)\n⟧x\n",
        models: &["a = x\nb = g(x)\n"],
        steps: &[Step::Edit(&[
            ("«x» = 0", "y"),
            ("a = «x»", "y"),
            ("f(«x»)", "y"),
            ("\n«x»\n", "y"),
        ])],
        end: End::Waits {
            hunks: &["conflict"],
            accept: "y = 0\na = y\nb = g(y)\ny\n",
            reject: "y = 0\na = y\nb = f(y)\ny\n",
        },
        decision: "The new name stands at every place, also in the line that the model changes.",
        reason: "The model repeats the old name as it was told it; only the user has changed it.",
    }
    a_completion_that_adds_an_import {
        modes: ALL,
        text: "use a\n⟦x = 1\ny = 2\n⟧end\n",
        models: &["x = 1\ny = 20\n"],
        steps: &[Step::Edit(&[("use a\n¦", "use b\n"), ("x = ¦1", "b.c + ")])],
        end: End::Waits {
            hunks: &["pending"],
            accept: "use a\nuse b\nx = b.c + 1\ny = 20\nend\n",
            reject: "use a\nuse b\nx = b.c + 1\ny = 2\nend\n",
        },
        decision: "Both parts are kept: one right above the region, one inside.",
        reason: "A completion is a change at several places, like several cursors.",
    }
    many_lines_pasted {
        modes: ALL,
        text: "⟦a = 1\nb = 2\n⟧end\n",
        models: &["a = 10\nb = 20\n"],
        steps: &[Step::Edit(&[("¦b = 2", "p\nq\nr\n")])],
        end: End::Waits {
            hunks: &["conflict"],
            accept: "a = 10\np\nq\nr\nb = 20\nend\n",
            reject: "a = 1\np\nq\nr\nb = 2\nend\n",
        },
        decision: "The lines stay between the two that they were pasted between; one hunk holds all of it.",
        reason: "A paste is typing, and lines changed on both sides of it are one hunk.",
    }
    a_line_of_the_region_copied_outside {
        modes: ALL,
        text: "⟦a = 1\nb = 2\n⟧end\n",
        models: &["a = 10\nb = 2\n"],
        steps: &[Step::Edit(&[("end\n¦", "a = 1\n")])],
        end: End::Waits {
            hunks: &["pending"],
            accept: "a = 10\nb = 2\nend\na = 1\n",
            reject: "a = 1\nb = 2\nend\na = 1\n",
        },
        decision: "The copy is not changed.",
        reason: "The region is a place, not a text.",
    }
}
