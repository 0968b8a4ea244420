//! What a user sees in single situations. Exactness under random input is in `exactness.rs`.

use diff::{Splice, StreamingDiff, hunks, refine};

/// Streams `new` line by line and compares every splice, written as `at -deleted +inserted`.
#[track_caller]
fn check(old: &str, new: &str, expected: &[&str]) {
    check_pieces(
        old,
        &new.split_inclusive('\n').collect::<Vec<_>>(),
        expected,
    );
}

#[track_caller]
fn check_pieces(old: &str, pieces: &[&str], expected: &[&str]) {
    let mut diff = StreamingDiff::new(old);
    let mut shown = old.to_owned();
    let mut seen = Vec::new();
    let mut out = Vec::new();
    for piece in pieces {
        diff.push(piece, &mut out);
        note(&mut out, &mut shown, &mut seen);
    }
    diff.finish(&mut out);
    note(&mut out, &mut shown, &mut seen);
    assert_eq!(shown, pieces.concat());
    assert_eq!(seen, expected, "shown splices differ");
}

fn note(out: &mut Vec<Splice>, shown: &mut String, seen: &mut Vec<String>) {
    for splice in out.drain(..) {
        let deleted = &shown[splice.at..splice.at + splice.delete];
        seen.push(format!("{} -{deleted:?} +{:?}", splice.at, splice.insert));
        splice.apply(shown);
    }
}

const FUNCTIONS: &str = "\
fn load(path: &str) -> Text {
    let bytes = read_all(path);
    decode_text(bytes)
}

fn save(path: &str, text: &Text) {
    let bytes = encode_text(text);
    write_all(path, bytes);
}

fn close(text: Text) {
    drop_views(&text);
    forget_path(text);
}
";

/// The three of them, the first two with the blank line behind.
fn functions() -> [&'static str; 3] {
    let second = FUNCTIONS.find("fn save").unwrap_or_default();
    let third = FUNCTIONS.find("fn close").unwrap_or_default();
    [
        &FUNCTIONS[..second],
        &FUNCTIONS[second..third],
        &FUNCTIONS[third..],
    ]
}

#[test]
fn text_that_stays_sends_nothing() {
    check(FUNCTIONS, FUNCTIONS, &[]);
}

#[test]
fn a_changed_word_sends_that_word_only() {
    let new = FUNCTIONS.replace("encode_text(text)", "encode_all(text)");
    let at = FUNCTIONS.find("text(text)").unwrap_or_default();
    check(FUNCTIONS, &new, &[&format!("{at} -\"text\" +\"all\"")]);
}

#[test]
fn a_line_between_similar_ones_leaves_them_alone() {
    let old = "match it {\n    Kind::Red => 1,\n    Kind::Green => 2,\n    Kind::Blue => 3,\n}\n";
    let new = "match it {\n    Kind::Red => 1,\n    Kind::Grey => 4,\n    Kind::Green => 2,\n    Kind::Blue => 3,\n}\n";
    check(old, new, &["31 -\"\" +\"    Kind::Grey => 4,\\n\""]);
}

const SIZES: &str = "\
size_of_box = 6170
size_of_bag = 6170
size_of_crate = 7404
size_of_barrel = 9872
size_of_tin = 3702
";

#[test]
fn a_line_that_stays_behind_deleted_ones_stays_where_those_behind_it_are_changed() {
    check(
        SIZES,
        "size_of_crate = 7404\nlength_of_barrel = 9872\nlength_of_tin = 3702\n",
        &[
            "0 -\"size_of_box = 6170\\nsize_of_bag = 6170\\n\" +\"\"",
            "21 -\"size\" +\"length\"",
            "45 -\"size\" +\"length\"",
        ],
    );
}

#[test]
fn a_line_that_stays_behind_deleted_ones_stays_where_one_comes_behind_it() {
    check(
        SIZES,
        "size_of_crate = 7404\n# the rest\nlength_of_barrel = 9872\nsize_of_tin = 3702\n",
        &[
            "0 -\"size_of_box = 6170\\nsize_of_bag = 6170\\n\" +\"\"",
            "21 -\"size\" +\"# the rest\\nlength\"",
        ],
    );
}

#[test]
fn a_deleted_function_goes_in_one_splice() {
    let [load, save, close] = functions();
    let gone = format!("{} -{save:?} +\"\"", load.len());
    check(FUNCTIONS, &format!("{load}{close}"), &[&gone]);
}

#[test]
fn a_function_moved_up_is_not_preceded_by_deletion() {
    let [load, save, close] = functions();
    let old = format!("{load}{save}{close}\n");
    let new = format!("{close}\n{load}{save}");
    let come = format!("0 -\"\" +\"{}\\n\"", close.escape_debug());
    let gone = format!("{} -\"{}\\n\" +\"\"", new.len(), close.escape_debug());
    check(&old, &new, &[&come, &gone]);
}

#[test]
fn a_copy_in_front_of_a_function_leaves_it_alone() {
    let [load, save, close] = functions();
    let copy = save
        .replace("fn save", "fn save_all")
        .replace("write_all", "append");
    let new = format!("{load}{copy}{save}{close}");
    let mut diff = StreamingDiff::new(FUNCTIONS);
    let mut out = Vec::new();
    diff.push(&new, &mut out);
    diff.finish(&mut out);
    assert!(out.iter().all(|splice| splice.delete == 0), "{out:?}");
}

#[test]
fn a_wrapped_block_sends_its_indentation_only() {
    let old = "let first = one();\nlet second = two();\nlet third = three();\n";
    let new = "if ready {\n    let first = one();\n    let second = two();\n    let third = three();\n}\n";
    let expected = [
        "0 -\"\" +\"if ready {\\n\"",
        "11 -\"\" +\"    \"",
        "34 -\"\" +\"    \"",
        "58 -\"\" +\"    \"",
        "83 -\"\" +\"}\\n\"",
    ];
    check(old, new, &expected);
}

#[test]
fn a_new_line_is_shown_while_it_grows_and_touches_no_old_line() {
    let old = "first(1);\r\nsecond(2);\r\n";
    let pieces = [
        "first(1);\r\n",
        "unlike anything",
        " that was",
        " here;\r",
        "\nsecond(2);\r\n",
    ];
    let expected = [
        "11 -\"\" +\"unlike anything\\r\\n\"",
        "26 -\"\" +\" that was\"",
        "35 -\"\" +\" here;\"",
    ];
    check_pieces(old, &pieces, &expected);
}

#[test]
fn a_line_that_may_be_a_changed_one_waits_for_its_end() {
    let old = "let total = compute(items, 3);\nreturn total;\n";
    let pieces = [
        "let total = comp",
        "ute(items, ",
        "4);\n",
        "return total;\n",
    ];
    check_pieces(old, &pieces, &["27 -\"3\" +\"4\""]);
}

#[test]
fn a_missing_final_newline_comes_and_goes() {
    check("one\ntwo", "one\ntwo\n", &["7 -\"\" +\"\\n\""]);
    check("one\ntwo\n", "one\ntwo", &["7 -\"\\n\" +\"\""]);
    check("", "one", &["0 -\"\" +\"one\""]);
    check("one\ntwo\n", "", &["0 -\"one\\ntwo\\n\" +\"\""]);
}

#[test]
fn an_interrupted_stream_takes_the_incomplete_line_back() {
    let old = "alpha_function();\nbeta_function();\n";
    let mut diff = StreamingDiff::new(old);
    let mut shown = old.to_owned();
    let mut out = Vec::new();
    diff.push(
        "alpha_function();\nsomething else entirely;\nand half a li",
        &mut out,
    );
    out.drain(..).for_each(|splice| splice.apply(&mut shown));
    assert_eq!(
        shown,
        "alpha_function();\nsomething else entirely;\nand half a li\nbeta_function();\n"
    );
    diff.interrupt(&mut out);
    out.drain(..).for_each(|splice| splice.apply(&mut shown));
    assert_eq!(
        shown,
        "alpha_function();\nsomething else entirely;\nbeta_function();\n"
    );
    assert_eq!((diff.consumed_old(), diff.new_len()), (18, 43));
}

#[test]
fn the_lengths_split_the_shown_text_between_new_and_old() {
    let mut diff = StreamingDiff::new("one();\ntwo();\n");
    let mut out = Vec::new();
    assert_eq!((diff.consumed_old(), diff.new_len()), (0, 0));
    diff.push("one();\n", &mut out);
    assert_eq!((diff.consumed_old(), diff.new_len()), (7, 7));
    diff.finish(&mut out);
    assert_eq!((diff.consumed_old(), diff.new_len()), (14, 7));
}

#[test]
fn hunks_keep_as_many_lines_as_they_can() {
    // The blank line is there once, too, and is no reason to change two others.
    let old = "first = 1\nkept = 2\nthird = 3\nalso kept\nfifth = 5\n\nsixth = 6\nend\n";
    let new = "\nkept = 2\nalso kept\nSIXTH = 6\nend\n";
    let gone: Vec<&str> = hunks(old, new).into_iter().map(|it| &old[it.old]).collect();
    assert_eq!(
        gone,
        ["first = 1\n", "third = 3\n", "fifth = 5\n\nsixth = 6\n"]
    );
}

#[test]
fn hunks_stand_where_the_indentation_suggests() {
    let old = "fn one() {\n    a();\n}\n\nfn three() {\n    a();\n}\n";
    let new = "fn one() {\n    a();\n}\n\nfn two() {\n    a();\n}\n\nfn three() {\n    a();\n}\n";
    let found = hunks(old, new);
    assert_eq!(found.len(), 1);
    assert_eq!(&new[found[0].new.clone()], "fn two() {\n    a();\n}\n\n");
    assert_eq!(
        (
            found[0].old.clone(),
            found[0].old_lines.clone(),
            found[0].new_lines.clone()
        ),
        (23..23, 4..4, 4..8)
    );
}

#[test]
fn a_refined_hunk_names_words_and_the_ends_of_words() {
    let check = |old: &str, new: &str, expected: &[(&str, &str)]| {
        let found: Vec<_> = refine(old, new)
            .into_iter()
            .map(|(before, after)| (&old[before], &new[after]))
            .collect();
        assert_eq!(found, expected, "{old:?} to {new:?}");
    };
    check("same", "same", &[]);
    check("let a = one(b);", "let a = two(b);", &[("one", "two")]);
    check("call(first, second);", "call(second);", &[("first, ", "")]);
    check(
        "old_name = old_name + 1",
        "new_name = new_name + 1",
        &[("old", "new"), ("old", "new")],
    );
    check("größe", "größte", &[("", "t")]);
    check("🦀é", "🦀e", &[("é", "e")]);
    check("日本🦀", "日木🦁", &[("本🦀", "木🦁")]);
    check("line\r\n", "line\n", &[("\r\n", "\n")]);
    check("a\r\nb\r\n", "a\r\nc\r\n", &[("b", "c")]);
}

#[test]
fn a_large_difference_is_one_range() {
    let old: String = (0..20_000).map(|n| format!("{} ", n * 7)).collect();
    let new: String = (0..20_000).map(|n| format!("{} ", n * 11 + 1)).collect();
    assert_eq!(refine(&old, &new).len(), 1);
}

#[test]
fn a_line_of_a_megabyte_streams_in_small_pieces() {
    let old = "some words in one line, ".repeat(1 << 15);
    let (before, after) = old.split_at(old.len() / 2);
    let new = format!("{before}{}", after.replacen("words", "other words", 1));
    let mut diff = StreamingDiff::new(&old);
    let mut out = Vec::new();
    for piece in new.as_bytes().chunks(4) {
        diff.push(std::str::from_utf8(piece).unwrap(), &mut out);
    }
    diff.finish(&mut out);
    let mut shown = old;
    out.iter().for_each(|splice| splice.apply(&mut shown));
    assert_eq!(shown, new);
    assert!(out.iter().map(|splice| splice.insert.len()).sum::<usize>() < 100);
}

#[test]
fn a_lone_return_in_a_growing_line_never_meets_the_line_break() {
    let pieces = ["unlike anything\r", "\r", "else\r\r", "\n"];
    let expected = [
        "0 -\"\" +\"unlike anything\\n\"",
        "15 -\"\" +\"\\r\\relse\"",
        "21 -\"\\n\" +\"\\r\\r\\n\"",
        "24 -\"old_line(1);\\n\" +\"\"",
    ];
    check_pieces("old_line(1);\n", &pieces, &expected);
}
