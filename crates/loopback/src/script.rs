//! Scripted answers, for tests: JSON lines of pattern and output.

use std::path::Path;
use std::time::Duration;

use regex::Regex;
use serde::Deserialize;

use crate::fault::FaultRule;

/// Answers by pattern; the first line that matches the last user text wins.
#[derive(Debug, Clone, Default)]
pub struct Script {
    pub(crate) entries: Vec<Entry>,
}

#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pattern: Regex,
    pub(crate) chunks: Option<Vec<String>>,
    pub(crate) output: String,
    pub(crate) delay: Duration,
    pub(crate) fault: Option<FaultRule>,
}

/// Why a script cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ScriptError {
    #[error("cannot read the script {path}: {source}")]
    Read {
        path: String,
        source: std::io::Error,
    },
    /// `line` counts from 1.
    #[error("line {line} of the script: {reason}")]
    Line { line: usize, reason: String },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Line {
    r#match: String,
    #[serde(default)]
    output: Option<String>,
    #[serde(default)]
    chunks: Option<Vec<String>>,
    #[serde(default)]
    delay_ms: u64,
    #[serde(default)]
    fault: Option<String>,
}

impl Script {
    /// Reads JSON lines of `{ "match", "output", "chunks"?, "delayMs"?, "fault"? }`. `chunks` are
    /// the deltas as they should be cut and stand in for `output`.
    pub fn parse(text: &str) -> Result<Script, ScriptError> {
        let mut entries = Vec::new();
        for (index, line) in text
            .lines()
            .enumerate()
            .filter(|(_, it)| !it.trim().is_empty())
        {
            let entry = entry(line).map_err(|reason| ScriptError::Line {
                line: index + 1,
                reason,
            })?;
            entries.push(entry);
        }
        Ok(Script { entries })
    }

    /// Reads a script from a file.
    pub fn load(path: &Path) -> Result<Script, ScriptError> {
        let text = std::fs::read_to_string(path).map_err(|source| ScriptError::Read {
            path: path.display().to_string(),
            source,
        })?;
        Script::parse(&text)
    }

    pub(crate) fn find(&self, last_user_text: &str) -> Option<&Entry> {
        self.entries
            .iter()
            .find(|it| it.pattern.is_match(last_user_text))
    }
}

fn entry(line: &str) -> Result<Entry, String> {
    let line: Line = serde_json::from_str(line).map_err(|error| error.to_string())?;
    if line.output.is_none() && line.chunks.is_none() && line.fault.is_none() {
        return Err("needs `output`, `chunks` or `fault`".to_owned());
    }
    Ok(Entry {
        pattern: Regex::new(&line.r#match).map_err(|error| error.to_string())?,
        output: line.output.unwrap_or_default(),
        chunks: line.chunks,
        delay: Duration::from_millis(line.delay_ms),
        fault: line
            .fault
            .map(|it| it.parse())
            .transpose()
            .map_err(|error: crate::FaultSyntax| error.to_string())?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_match_wins_and_errors_name_the_line() {
        let script = Script::parse(
            "{\"match\":\"a+\",\"output\":\"1\",\"delayMs\":5,\"fault\":\"drop@2\"}\n\n{\"match\":\"\",\"chunks\":[\"x\",\"y\"]}\n",
        )
        .unwrap();
        assert_eq!(script.find("caat").unwrap().output, "1");
        assert_eq!(
            script.find("b").unwrap().chunks,
            Some(vec!["x".to_owned(), "y".to_owned()])
        );
        for (text, wanted) in [
            ("{\"match\":\"a\",\"output\":\"\"}\n{", "line 2"),
            ("{\"match\":\"(\",\"output\":\"\"}", "line 1"),
            ("{\"match\":\"a\"}", "needs `output`"),
            ("{\"match\":\"a\",\"fault\":\"x\"}", "no fault"),
            ("{\"match\":\"a\",\"output\":\"\",\"typo\":1}", "typo"),
        ] {
            let error = Script::parse(text).unwrap_err().to_string();
            assert!(error.contains(wanted), "{error}");
        }
    }
}
