//! What is taken for a secret, that nothing of it is in what leaves, and that it comes back as it was.

use model_protocol::{Message, Request};
use text::Text;

use super::*;

/// The secrets in the text are these.
#[track_caller]
fn check(text: &str, expected: &[&str]) {
    let found = find::secrets(text);
    let words: Vec<&str> = found.into_iter().map(|it| &text[it]).collect();
    assert_eq!(words, expected, "{text}");
}

#[test]
fn keys_are_known_by_their_form() {
    check(
        "key sk-proj-abc123DEF456ghi here",
        &["sk-proj-abc123DEF456ghi"],
    );
    check("class=\"sk-spinner-wave-large\"", &[]);
    check("AKIAIOSFODNN7EXAMPLE", &["AKIAIOSFODNN7EXAMPLE"]);
    let token = "ghp_16C7e42F292c6912E7710c838347Ae178B4a";
    check(&format!("x = f({token})"), &[token]);
    let jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N";
    check(&format!("Cookie: s={jwt};"), &[jwt]);
    check("xoxb-1234567890-abcdef", &["xoxb-1234567890-abcdef"]);
    check("SKILL = skip-the-1st", &[]);
}

#[test]
fn keys_are_known_behind_whatever_stands_before_them() {
    for key in [
        "sk-proj-Ab3dEf6hIj9lMn2pQr5t",
        "sk-Ab3dEf6hIj9lMn2pQr5t",
        "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
        "AKIAIOSFODNN7EXAMPLE",
        "xoxb-1234567890-abcdef",
    ] {
        for before in [
            "密钥是",
            "キーは",
            "키는",
            "ключ",
            "é",
            "\\n",
            "\\t",
            "\\x20",
            "%20",
            "_",
            "1",
            "x=",
        ] {
            check(&format!("{before}{key} "), &[key]);
        }
    }
    check(
        "a密钥是Bearer abcdef0123456789xyz",
        &["abcdef0123456789xyz"],
    );
    for none in [
        "disk-2025-01-01-backup",
        "task-1234567890",
        "half_1234567890123456789012",
    ] {
        check(none, &[]);
    }
}

#[test]
fn long_words_cost_their_length() {
    for word in ["ask-", "AIza", "disk-1"] {
        find::secrets(&word.repeat(200_000));
    }
}

#[test]
fn passwords_are_known_by_their_place() {
    check("postgres://app:hunter2@db/x", &["hunter2"]);
    check("http://localhost:8080/@me", &[]);
    check("https://app:${PASSWORD}@db/x", &[]);
    check(
        "Authorization: Bearer abcdef0123456789xyz",
        &["abcdef0123456789xyz"],
    );
    check("password = \"correct-horse\"", &["correct-horse"]);
    check("{\"db_password\": 'pa55word'}", &["pa55word"]);
    check("let password: &'static str = \"pa55word\";", &["pa55word"]);
    check("client_secret => \"Zm9vYmFy\"", &["Zm9vYmFy"]);
    check("API_KEY=abcd1234efgh5678", &["abcd1234efgh5678"]);
    check(
        "setToken(\"token\", \"abc123def456ghi\")",
        &["abc123def456ghi"],
    );
    check("password = \"half-typ1\nx = 1", &["half-typ1"]);
    check("password = os.environ[\"DB_PASSWORD\"]", &[]);
    check("password = \"${DB_PASSWORD}\"", &[]);
    check("password = \"DB_PASSWORD\"", &[]);
    check("token = \"identifier\"", &[]);
    check("token = next_token_of_line2", &[]);
    check("let token = self.tokens.peek_nth_token_1;", &[]);
    check("password = get_password(user_name_1)", &[]);
    check("<input type=\"password\" name=\"password\">", &[]);
    check("secret = \"short\"", &[]);
}

#[test]
fn a_private_key_is_masked_line_by_line() {
    let text = "  -----BEGIN RSA PRIVATE KEY-----\n  MIIEowIBAAKCAQEA\n  abcdefgh12345678\n  x9==\n  -----END RSA PRIVATE KEY-----\n";
    check(text, &["MIIEowIBAAKCAQEA", "abcdefgh12345678\n  x9=="]);
    let one = "\"-----BEGIN PRIVATE KEY-----\\nMIIEowIBAAKCAQEA\\n-----END PRIVATE KEY-----\"";
    let mut masks = Masks::default();
    let masked = masks.text(one).into_owned();
    assert!(!masked.contains("MIIE"), "{masked}");
    assert_eq!(masks.undo(&masked), one);
}

#[test]
fn a_stand_in_is_as_long_as_its_secret_and_always_the_same() {
    let text = "password = \"pässwörd-of-mine\" # ü\ntoken: 'abc123def456ghi'";
    let (mut one, mut two) = (Masks::default(), Masks::default());
    let masked = one.text(text).into_owned();
    assert_eq!(masked.len(), text.len());
    assert!(
        masked.contains("REDACTED") && !masked.contains("mine"),
        "{masked}"
    );
    assert_eq!(masked, two.text(text));
    // What is masked already stays as it is.
    assert_eq!(one.text(&masked), masked);
    assert_eq!(one.undo(&masked), text);
}

#[test]
fn a_known_secret_is_masked_wherever_it_stands() {
    let mut masks = Masks::default();
    let masked = masks
        .text("password = 'hunter2x'; try('hunter2x')")
        .into_owned();
    assert!(!masked.contains("hunter2x"), "{masked}");
    assert!(!masks.text("is hunter2x good?").contains("hunter2x"));
}

#[test]
fn a_region_must_not_cut_a_secret() {
    let text = Text::from("password = \"hunter2x\"\n");
    let check = |region: Range<usize>, is_fine: bool| {
        let mut masks = Masks::default();
        let secrets = masks.look(&text, &region, 0);
        let (masked, whole) = masks.document(&text, &secrets, &region);
        assert_eq!(whole.is_ok(), is_fine, "{region:?}");
        assert!(!masked.to_string().contains("hunter"));
    };
    check(0..21, true);
    check(11..21, true);
    check(12..20, true);
    check(0..15, false);
    check(15..22, false);
}

#[test]
fn of_a_large_text_the_part_around_the_region_is_masked() {
    let filler = "x = 1 + 1 # nothing\n".repeat(100_000);
    let text = Text::from(format!("{filler}password = 'hunter2x'\n{filler}").as_str());
    let at = filler.len();
    let mut masks = Masks::default();
    let region = at..at + 5;
    let secrets = masks.look(&text, &region, 1_000);
    assert!(!secrets.is_of_all());
    let (masked, whole) = masks.document(&text, &secrets, &region);
    assert_eq!(whole, Ok(()));
    assert_eq!(masked.len(), text.len());
    assert!(!masked.slice(at..at + 30).contains("hunter2x"));
    // What of it stands farther off in a request is looked at there.
    let request = Request {
        input: vec![Message::user("token = 'abc123def456ghi' and hunter2x")],
        prediction: Some("hunter2x".to_owned()),
        ..Request::default()
    };
    let request = format!("{:?}", masks.request(request));
    assert!(
        !request.contains("hunter2x") && !request.contains("abc123"),
        "{request}"
    );
}

#[test]
fn secrets_come_back_whatever_the_pieces() {
    let seed = std::env::var("SEED").ok().and_then(|it| it.parse().ok());
    let seed = seed.unwrap_or_else(|| fastrand::u64(..));
    let mut random = fastrand::Rng::with_seed(seed);
    let text = "a = 'sk-abc123def456ghi7'\npassword: 'hunter2x'\nREDACT ü REDACTED\nb = 'sk-abc123def456ghi7'\n";
    let mut masks = Masks::default();
    let masked = masks.text(text).into_owned();
    for _ in 0..1_000 {
        let mut undo = Undo::new(masks.clone());
        let mut whole = String::new();
        let mut rest = masked.as_str();
        while !rest.is_empty() {
            let mut at = random.usize(1..=rest.len().min(12));
            while !rest.is_char_boundary(at) {
                at += 1;
            }
            whole += &undo.push(&rest[..at]);
            rest = &rest[at..];
        }
        whole += &undo.finish();
        assert_eq!(whole, text, "SEED={seed}");
    }
}

#[test]
fn nothing_is_held_back_longer_than_it_may_be_a_stand_in() {
    let mut masks = Masks::default();
    masks.text("sk-abc123def456ghi7");
    let mut undo = Undo::new(masks);
    assert_eq!(undo.push("a RED"), "a ");
    assert_eq!(undo.push("ACTION"), "REDACTION");
    assert_eq!(undo.push("x"), "x");
}
