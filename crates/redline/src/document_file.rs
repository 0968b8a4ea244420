//! A document on disk: read as an editor reads it, written back whole or not at all.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

const BOM: &str = "\u{feff}";

/// A text file and the form that it must keep.
#[derive(Debug)]
pub(crate) struct DocumentFile {
    /// Absolute, links resolved.
    pub(crate) path: PathBuf,
    /// Without the byte order mark.
    pub(crate) text: String,
    has_bom: bool,
}

impl DocumentFile {
    /// Reads a UTF-8 file, with or without a byte order mark.
    pub(crate) fn read(path: &Path) -> Result<DocumentFile> {
        let shown = path.display();
        let path = fs::canonicalize(path).with_context(|| format!("cannot find {shown}"))?;
        let bytes = fs::read(&path).with_context(|| format!("cannot read {shown}"))?;
        let Ok(text) = String::from_utf8(bytes) else {
            bail!("{shown} is not UTF-8 text");
        };
        let (text, has_bom) = match text.strip_prefix(BOM) {
            Some(rest) => (rest.to_owned(), true),
            None => (text, false),
        };
        Ok(DocumentFile {
            path,
            text,
            has_bom,
        })
    }

    /// What the file is to hold for this text.
    pub(crate) fn bytes(&self, text: &str) -> Vec<u8> {
        let bom = if self.has_bom { BOM } else { "" };
        [bom.as_bytes(), text.as_bytes()].concat()
    }

    /// Whether the file holds exactly this text now.
    pub(crate) fn holds(&self, text: &str) -> bool {
        fs::read(&self.path).is_ok_and(|it| it == self.bytes(text))
    }

    /// Replaces the file's content in one step; permissions stay. Refuses when the file is no
    /// longer what was read.
    pub(crate) fn write(&self, text: &str) -> Result<()> {
        let shown = self.path.display();
        if !self.holds(&self.text) {
            bail!("{shown} was changed by another program meanwhile; it was left as it is");
        }
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let written = || -> std::io::Result<()> {
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            file.write_all(&self.bytes(text))?;
            file.as_file().sync_all()?;
            fs::set_permissions(file.path(), fs::metadata(&self.path)?.permissions())?;
            file.persist(&self.path)?;
            Ok(())
        };
        written().with_context(|| format!("cannot write {shown}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_stays_and_a_changed_file_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        fs::write(&path, "\u{feff}one\r\n").unwrap();
        let file = DocumentFile::read(&path).unwrap();
        assert_eq!(file.text, "one\r\n");
        file.write("two\r\n").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "\u{feff}two\r\n");
        assert!(file.holds("two\r\n"));
        assert!(file.write("three").is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "\u{feff}two\r\n");
        fs::write(&path, [0xff]).unwrap();
        assert!(DocumentFile::read(&path).is_err());
    }
}
