//! The user's change and an edit of ours meet on their way.

use rewrite::State;

use crate::case::{End, Fate, LIVE, ONCE, Step, section};

section! {
    "While an edit is on its way",
    "Between our edit and the editor's report of it the user goes on typing. Whose change was whose is found out by comparing texts, never by believing an answer.";

    the_editor_refuses_ours {
        modes: LIVE,
        text: "top\n⟦a = 1\nb = 2\n⟧end\n",
        models: &["return f(x)\na = 1\nb = 2\n"],
        steps: &[Step::InFlight("return f(x)\n", Fate::Refused, &[("¦end", "mine\n")])],
        end: End::Waits {
            hunks: &["pending"],
            accept: "top\nreturn f(x)\na = 1\nb = 2\nmine\nend\n",
            reject: "top\na = 1\nb = 2\nmine\nend\n",
        },
        decision: "Ours is made anew for the text as it is then.",
        reason: "An edit for a text that is gone would land anywhere.",
    }
    the_editor_drops_ours_and_says_nothing {
        modes: LIVE,
        text: "top\n⟦a = 1\nb = 2\n⟧end\n",
        models: &["return f(x)\na = 1\nb = 2\n"],
        steps: &[Step::InFlight("return f(x)\n", Fate::Dropped, &[("top¦", " mine\nmine")])],
        end: End::Waits {
            hunks: &["pending"],
            accept: "top mine\nmine\nreturn f(x)\na = 1\nb = 2\nend\n",
            reject: "top mine\nmine\na = 1\nb = 2\nend\n",
        },
        decision: "Ours is made anew once a newer text without it is there.",
        reason: "Some editors say that they applied what they dropped; the text tells.",
    }
    ours_is_dropped_for_typing_in_the_same_line {
        modes: LIVE,
        text: "⟦a = 1\nb = 2\nc = 3\n⟧end\n",
        models: &["a = f(1)\nb = 2\nc = 3\n"],
        steps: &[Step::InFlight("a = f(1)\nb = 2\nc = 3\n", Fate::Dropped, &[("a = 1¦", " # me")])],
        end: End::Waits {
            hunks: &["conflict"],
            accept: "a = f(1) # me\nb = 2\nc = 3\nend\n",
            reject: "a = 1 # me\nb = 2\nc = 3\nend\n",
        },
        decision: "Both stand in the line.",
        reason: "The user was first, and ours is made for the line as it is then.",
    }
    the_one_edit_is_dropped_for_typing_inside {
        modes: ONCE,
        text: "⟦a = 1\nb = 2\nc = 3\n⟧end\n",
        models: &["a = 10\nb = 2\nc = 30\n"],
        steps: &[Step::InFlight("a = 10\nb = 2\nc = 30\n", Fate::Dropped, &[("b = 2¦", " # me")])],
        end: End::Waits {
            hunks: &["pending", "pending"],
            accept: "a = 10\nb = 2 # me\nc = 30\nend\n",
            reject: "a = 1\nb = 2 # me\nc = 3\nend\n",
        },
        decision: "The one edit is made anew, with the typed text between its parts.",
        reason: "An edit arrives whole or not at all.",
    }
    both_reported_as_one_change {
        modes: LIVE,
        text: "⟦a = 1\nb = 2\n⟧end\n",
        models: &["return f(x)\na = 1\nb = 2\n"],
        steps: &[Step::InFlight("return f(x)\n", Fate::Merged, &[("f(x)¦", " # me")])],
        end: End::Waits {
            hunks: &["conflict"],
            accept: "return f(x) # me\na = 1\nb = 2\nend\n",
            reject: " # mea = 1\nb = 2\nend\n",
        },
        decision: "Ours counts as arrived, and what is left of the change is the user's.",
        reason: "Of two explanations the one that leaves the user the smaller change is taken.",
    }
    both_reported_together {
        modes: LIVE,
        text: "top\n⟦a = 1\nb = 2\n⟧end\n",
        models: &["return f(x)\na = 1\nb = 2\n"],
        steps: &[Step::InFlight("return f(x)\n", Fate::Together, &[("top¦", " mine"), ("2¦\nend", "2")])],
        end: End::Waits {
            hunks: &["pending"],
            accept: "top mine\nreturn f(x)\na = 1\nb = 22\nend\n",
            reject: "top mine\na = 1\nb = 22\nend\n",
        },
        decision: "The first change is ours to the letter, the others are the user's.",
        reason: "Changes of one notification come in order.",
    }
    the_answer_comes_before_the_report {
        modes: LIVE,
        text: "⟦a = 1\nb = 2\n⟧end\n",
        models: &["return f(x)\na = 1\nb = 2\n"],
        steps: &[Step::InFlight("return f(x)\n", Fate::AnsweredFirst, &[("a = 1¦", " # me")])],
        end: End::Waits {
            hunks: &["pending"],
            accept: "return f(x)\na = 1 # me\nb = 2\nend\n",
            reject: "a = 1 # me\nb = 2\nend\n",
        },
        decision: "Nothing is done for the answer; the report counts.",
        reason: "The mirror moves only by what the editor reports.",
    }
    the_user_deletes_what_ours_was_to_change {
        modes: LIVE,
        text: "⟦a = 1\nlog.debug(x)\nc = 3\nd = 4\n⟧end\n",
        models: &["a = 1\nreturn [z]\nc = 3\nd = 4\n"],
        steps: &[Step::InFlight("a = 1\nreturn [z]\nc = 3\nd = 4\n", Fate::Dropped, &[("«log.debug(x)\n»", "")])],
        end: End::Waits {
            hunks: &["conflict"],
            accept: "a = 1\nc = 3\nd = 4\nend\n",
            reject: "a = 1\nc = 3\nd = 4\nend\n",
        },
        decision: "The line stays deleted, whatever is decided, and the hunk is marked.",
        reason: "The deletion was the user's own, for ours had not arrived; where both change a line the user's change stands.",
    }
    the_region_is_deleted_under_ours {
        modes: LIVE,
        text: "top\n⟦a = 1\nb = 2\n⟧end\n",
        models: &["return f(x)\na = 1\nb = 2\n"],
        steps: &[Step::InFlight("return f(x)\n", Fate::Dropped, &[("top\n«a = 1\nb = 2\n»end", "")])],
        end: End::Over { state: State::Stale, text: "top\nend\n" },
        decision: "The rewrite ends, and ours is not sent again.",
        reason: "There is no place for it any more.",
    }
}
