//! Every file of some folders as if a model had just written it: prints what the guard `elision` takes for code left
//! out. `cargo run --release -p guards --example corpus FOLDER…`; in code that people wrote it should find nothing.

use std::path::{Path, PathBuf};

use guards::{Change, Guard, check};
use syntax::Language;
use text::Text;

fn main() {
    let mut files = Vec::new();
    for folder in std::env::args_os().skip(1) {
        collect(Path::new(&folder), &mut files);
    }
    let (mut count, mut lines, mut found) = (0_usize, 0_usize, 0_usize);
    for file in files {
        let Some(language) = Language::detect("", &file.to_string_lossy()) else {
            continue;
        };
        let Ok(new) = std::fs::read_to_string(&file) else {
            continue;
        };
        count += 1;
        lines += new.lines().count();
        let before = Text::from("");
        let change = Change {
            language: Some(language),
            before: &before,
            region: 0..0,
            new: &new,
        };
        for fault in check(&change, &[Guard::Elision]) {
            found += 1;
            report(&format!("{}: {}", file.display(), fault.message));
        }
    }
    report(&format!("{found} of {count} files, {lines} lines"));
}

#[allow(clippy::print_stdout, reason = "that is what it is for")]
fn report(line: &str) {
    println!("{line}");
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) {
    if path.is_file() {
        return files.push(path.to_owned());
    }
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    let mut entries: Vec<PathBuf> = entries.map(|it| it.path()).collect();
    entries.sort();
    entries.iter().for_each(|entry| collect(entry, files));
}
