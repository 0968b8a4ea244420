//! Which files never leave the machine: patterns in the manner of `.gitignore`. Masking secrets inside a file is
//! not here.

use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// Patterns of files that are never sent.
#[derive(Clone, Debug)]
pub struct Ignored {
    patterns: Gitignore,
    /// The same without regard to case.
    in_any_case: Gitignore,
    /// There was a pattern that could not be read.
    is_broken: bool,
}

impl Ignored {
    /// Reads the patterns, the later ones winning. Where one cannot be read, every file is ignored: it may have
    /// meant any.
    pub fn new(patterns: &[String]) -> Ignored {
        let exact = read(patterns, false);
        let in_any_case = read(patterns, true);
        let is_broken = exact.is_none() || in_any_case.is_none();
        Ignored {
            patterns: exact.unwrap_or_else(Gitignore::empty),
            in_any_case: in_any_case.unwrap_or_else(Gitignore::empty),
            is_broken,
        }
    }

    /// Whether the file must not be sent. The path is relative to the folder where it is in one, with forward
    /// slashes. It must not where the patterns hold it as they are written, nor where they do without regard to case:
    /// many file systems have none, and a pattern that takes files out again lets no other through by that.
    pub fn holds(&self, path: &str) -> bool {
        let path = path.trim_start_matches(['/', '\\']);
        self.is_broken
            || !path.is_empty()
                && [&self.patterns, &self.in_any_case]
                    .into_iter()
                    .any(|it| it.matched_path_or_any_parents(path, false).is_ignore())
    }
}

/// The patterns; `None` where one cannot be read.
fn read(patterns: &[String], in_any_case: bool) -> Option<Gitignore> {
    let mut builder = GitignoreBuilder::new("");
    builder.case_insensitive(in_any_case).ok()?;
    for pattern in patterns {
        builder.add_line(None, pattern).ok()?;
    }
    builder.build().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(patterns: &[&str], path: &str, expected: bool) {
        let patterns: Vec<String> = patterns.iter().map(|it| (*it).to_owned()).collect();
        assert_eq!(Ignored::new(&patterns).holds(path), expected, "{path}");
    }

    #[test]
    fn patterns_are_read_as_gitignore_reads_them() {
        let built_in = [".env", ".env.*", "*.pem", "id_rsa", "id_ed25519"];
        check(&built_in, ".env", true);
        check(&built_in, "deep/in/.env.local", true);
        check(&built_in, "certificates/a.pem", true);
        check(&built_in, "/home/me/.ssh/id_rsa", true);
        check(&built_in, "src/env.rs", false);
        check(&["secret/"], "secret/a.txt", true);
        check(&["/secret"], "a/secret", false);
        check(&["*.key", "!public.key"], "public.key", false);
        check(&["a/**/b.rs"], "a/x/y/b.rs", true);
        check(&[], "a", false);
        check(&["# a remark", ""], "a", false);
    }

    #[test]
    fn case_lets_nothing_through() {
        check(&["*.pem"], "A.PEM", true);
        check(&["Secrets/"], "secrets/a.txt", true);
        check(&[".env"], ".Env", true);
        // What is taken out again is taken out as it is written.
        check(&["*.key", "!Public.key"], "Public.key", false);
        check(&["*.key", "!Public.key"], "public.key", true);
    }

    #[test]
    fn a_pattern_that_cannot_be_read_ignores_everything() {
        check(&["a{"], "b", true);
    }
}
