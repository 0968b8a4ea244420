//! The splices of one call, while they are collected.

use crate::Splice;

/// Collects the splices of one call, joined where one continues the other.
pub(super) struct Output<'a> {
    splices: &'a mut Vec<Splice>,
    /// Splices before this one belong to earlier calls and may be carried out already.
    first: usize,
}

impl<'a> Output<'a> {
    pub(super) fn new(splices: &'a mut Vec<Splice>) -> Self {
        let first = splices.len();
        Output { splices, first }
    }

    pub(super) fn splice(&mut self, at: usize, delete: usize, insert: &str) {
        if delete == 0 && insert.is_empty() {
            return;
        }
        if let Some(last) = self.splices[self.first..].last_mut()
            && last.at + last.insert.len() == at
        {
            last.insert.push_str(insert);
            last.delete += delete;
            return;
        }
        self.splices.push(Splice {
            at,
            delete,
            insert: insert.to_owned(),
        });
    }
}
