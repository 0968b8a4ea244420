//! Version numbers as programs print them. Only what choosing an editor needs.

use std::fmt;

/// Major, minor, patch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version(pub(crate) [u32; 3]);

impl Version {
    /// The first dotted number in a line such as `NVIM v0.12.4`, `helix 25.07.1 (a05c151b)` or `tmux 3.3a`.
    pub(crate) fn in_line(line: &str) -> Option<Version> {
        line.split_whitespace().find_map(Version::in_word)
    }

    fn in_word(word: &str) -> Option<Version> {
        let word = word.trim_start_matches(|c: char| !c.is_ascii_digit());
        let (major, rest) = word.split_once('.')?;
        let mut numbers = rest.split('.').map(|part| {
            let end = part
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(part.len());
            part[..end].parse().ok()
        });
        let minor = numbers.next()??;
        let patch = numbers.next().flatten().unwrap_or(0);
        Some(Version([major.parse().ok()?, minor, patch]))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Version([major, minor, patch]) = self;
        // Helix counts months with a leading zero.
        if *major > 20 {
            write!(f, "{major}.{minor:02}.{patch}")
        } else {
            write!(f, "{major}.{minor}.{patch}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: Option<[u32; 3]>) {
        assert_eq!(Version::in_line(line), expected.map(Version), "{line}");
    }

    #[test]
    fn versions_are_read_as_the_programs_print_them() {
        check("NVIM v0.12.4", Some([0, 12, 4]));
        check("NVIM v0.13.0-dev-12+gabcdef", Some([0, 13, 0]));
        check("helix 25.07.1 (a05c151b)", Some([25, 7, 1]));
        check("helix 25.07", Some([25, 7, 0]));
        check("tmux 3.3a", Some([3, 3, 0]));
        check("tmux next-3.5", Some([3, 5, 0]));
        check("vim", None);
    }
}
