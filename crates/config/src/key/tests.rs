//! Keys from each source, and that none of them can be shown.

use super::*;

#[track_caller]
fn check(source: KeySource, expected: Result<&str, &str>) {
    let env = |name: &str| match name {
        "SET" => Some(" sk-secret\n".to_owned()),
        "TWO" => Some("sk-secret\r\nX-Header: 1".to_owned()),
        "EMPTY" => Some(String::new()),
        _ => None,
    };
    let found = source.resolve(&env);
    let shown = format!("{found:?}");
    assert!(!shown.contains("secret"), "{source:?} shows the key");
    let found = found.map(|key| {
        assert!(!format!("{key} {key:?}").contains("secret"));
        key.expose().to_owned()
    });
    let found = found.map_err(|error| error.to_string());
    match (&found, expected) {
        (Ok(key), Ok(expected)) => assert_eq!(key, expected),
        (Err(error), Err(part)) => assert!(error.contains(part), "{error}"),
        _ => panic!("{source:?} gave {found:?}, not {expected:?}"),
    }
}

fn env(name: &str) -> KeySource {
    KeySource::Env(name.to_owned())
}

fn command(words: &[&str]) -> KeySource {
    KeySource::Command(words.iter().map(|&word| word.to_owned()).collect())
}

#[test]
fn a_variable_gives_its_trimmed_text() {
    check(env("SET"), Ok("sk-secret"));
    check(env("UNSET"), Err("UNSET is not set"));
    check(env("EMPTY"), Err("EMPTY is not set"));
    check(env("TWO"), Err("is not a key"));
}

#[test]
fn what_the_keychain_says_is_told_without_what_it_holds() {
    use keyring::Error as E;
    let check = |error: E, words: &str| {
        let found = keychain_error("openai", &error);
        let shown = format!("{found} {found:?}");
        assert!(
            shown.contains(words) && !shown.contains("secret"),
            "{shown}"
        );
    };
    let secret = || b"sk-secret".to_vec();
    check(
        E::NoEntry,
        "no password for the account openai of the service redline",
    );
    check(E::BadEncoding(secret()), "is not a key");
    check(E::BadDataFormat(secret(), "bad".into()), "is not a key");
    check(E::NoDefaultStore, "this session has none");
    check(
        E::NoStorageAccess("locked".into()),
        "is it there and unlocked?",
    );
    check(E::Ambiguous(Vec::new()), "several entries");
}

#[test]
fn a_keychain_that_does_not_answer_is_left_alone() {
    let hang = |_: &str| {
        thread::park();
        Err(KeyError::Malformed)
    };
    let found = in_time("openai", Duration::from_millis(20), hang);
    assert!(matches!(found, Err(KeyError::Keychain(_))), "{found:?}");
    let found = in_time("openai", Duration::from_secs(10), |name| {
        Ok(Key(name.to_owned()))
    });
    assert_eq!(
        found.map(|it| it.expose().to_owned()).ok().as_deref(),
        Some("openai")
    );
}

#[cfg(unix)]
#[test]
fn a_command_runs_without_a_shell() {
    check(command(&["printf", "sk-secret\\n"]), Ok("sk-secret"));
    check(command(&["printf", "%s", "$HOME;x"]), Ok("$HOME;x"));
    check(
        command(&["printf", "sk-secret\\nmore"]),
        Err("is not a key"),
    );
    check(command(&["true"]), Err("printed nothing"));
    check(command(&["false"]), Err("ended with exit status: 1"));
    check(
        command(&["redline-no-such-program"]),
        Err("could not be started"),
    );
    check(command(&["cat"]), Err("printed nothing"));
}

#[cfg(unix)]
#[test]
fn a_command_that_does_not_end_is_stopped() {
    let words = ["tail", "-f", "/dev/null"].map(str::to_owned);
    let found = run(&words, Duration::from_millis(50));
    assert!(matches!(found, Err(KeyError::TimedOut(_))), "{found:?}");
    let words = ["cat", "/dev/zero"].map(str::to_owned);
    let found = run(&words, Duration::from_secs(10));
    assert!(matches!(found, Err(KeyError::Failed { .. })), "{found:?}");
}

#[test]
fn pasted_keys_and_paths_into_the_workspace_are_not_sound() {
    let sound = |source: KeySource| source.is_sound();
    assert!(sound(env("OPENAI_API_KEY")));
    assert!(!sound(env("sk-secret")));
    assert!(!sound(env("")));
    assert!(sound(command(&["pass", "show", "openai"])));
    assert!(!sound(command(&["./key"])));
    assert!(!sound(command(&["bin/key"])));
    assert!(!sound(command(&[])));
    assert!(sound(KeySource::Keyring("redline".to_owned())));
}
