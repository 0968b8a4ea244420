//! Secrets that this process has come to know, and texts without them: for logs and for what is said of
//! a panic, whose words nobody has chosen. Messages to people are made without secrets in the first place.

use std::borrow::Cow;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What is shorter is no secret worth its name, and would tear words apart.
const LEAST: usize = 6;
/// Keys that change all day must not fill the memory; the newest are kept.
const MOST: usize = 256;

static KNOWN: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn known() -> MutexGuard<'static, Vec<String>> {
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// From now on this is shown nowhere.
pub(crate) fn learn(secret: &str) {
    let secret = secret.trim();
    let mut known = known();
    if secret.len() < LEAST || known.iter().any(|it| it == secret) {
        return;
    }
    if known.len() == MOST {
        known.remove(0);
    }
    known.push(secret.to_owned());
}

/// The text with `[secret]` in place of every secret that is known. Costs a search for each of them.
pub fn without_secrets(text: &str) -> Cow<'_, str> {
    let known = known();
    let mut found: Vec<&String> = known
        .iter()
        .filter(|it| text.contains(it.as_str()))
        .collect();
    if found.is_empty() {
        return Cow::Borrowed(text);
    }
    // One may hold another, and no part of it may stay.
    found.sort_by_key(|it| std::cmp::Reverse(it.len()));
    let cleaned = found.into_iter().fold(text.to_owned(), |text, it| {
        text.replace(it.as_str(), "[secret]")
    });
    Cow::Owned(cleaned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_secrets_are_taken_out() {
        for secret in ["sk-within", "a sk-within b", " sk-padded\n", "short"] {
            learn(secret);
        }
        for (text, expected) in [
            ("no secret", "no secret"),
            (
                "sk-within, a sk-within b, sk-padded, short",
                "[secret], [secret], [secret], short",
            ),
        ] {
            assert_eq!(without_secrets(text), expected);
        }
    }
}
