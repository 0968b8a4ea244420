//! [`Syntax::imports`]: what a file brings in from elsewhere.

use std::ops::Range;

use text::Text;
use tree_sitter::{Node, TreeCursor};

use crate::path::trim;
use crate::{Language, Syntax};

/// Imports that are given, at most.
const IMPORTS: usize = 64;

/// Nodes at the top of a file that are looked at: imports stand in front.
const NODES: usize = 2_000;

impl Syntax {
    /// The `use`, `import`, `#include`, `require`, `package` lines at the top level, in order; at most 64, of
    /// the first 2,000 items. Byte ranges without the final line break; neighbouring lines stay apart.
    pub fn imports(&self, text: &Text) -> Vec<Range<usize>> {
        let Some(root) = self.root() else {
            return Vec::new();
        };
        let mut imports = Vec::new();
        let mut left = NODES;
        collect(
            self.language(),
            text,
            &mut root.walk(),
            &mut imports,
            &mut left,
        );
        imports
    }
}

fn collect(
    language: Language,
    text: &Text,
    cursor: &mut TreeCursor<'_>,
    imports: &mut Vec<Range<usize>>,
    left: &mut usize,
) {
    if !cursor.goto_first_child() {
        return;
    }
    loop {
        if *left == 0 || imports.len() == IMPORTS {
            break;
        }
        *left -= 1;
        let node = cursor.node();
        if is_import(language, text, node) {
            imports.push(trim(
                text,
                node.start_byte()..node.end_byte().min(text.len()),
            ));
        } else if language.may_hold_imports(node.kind()) {
            collect(language, text, cursor, imports, left);
        }
        if !cursor.goto_next_sibling() {
            break;
        }
    }
    cursor.goto_parent();
}

impl Syntax {
    /// The statements that bring in names from elsewhere and touch a byte range, also those inside functions; in order.
    /// A Go block is given import by import. Costs the nodes of the range.
    pub fn imports_in(&self, text: &Text, range: &Range<usize>) -> Vec<Range<usize>> {
        let language = self.language();
        let mut imports = Vec::new();
        let Some(root) = self.root() else {
            return imports;
        };
        let mut cursor = root.walk();
        loop {
            let node = cursor.node();
            let touches = node.start_byte() < range.end && range.start < node.end_byte();
            let is_import = touches && is_import(language, text, node) && !is_more(text, node);
            if is_import && node.named_child(0).is_none_or(|it| it.kind() != SPECS) {
                imports.push(trim(
                    text,
                    node.start_byte()..node.end_byte().min(text.len()),
                ));
            } else if touches && cursor.goto_first_child() {
                continue;
            }
            while !cursor.goto_next_sibling() {
                if !cursor.goto_parent() {
                    return imports;
                }
            }
        }
    }
}

/// Whether a statement has a function in it, and imports in there.
fn is_more(text: &Text, node: Node<'_>) -> bool {
    let statement = text.slice(node.start_byte()..node.end_byte().min(text.len()));
    statement.contains('\n') && (statement.contains("=>") || statement.contains("function"))
}

/// Go's imports in parentheses.
const SPECS: &str = "import_spec_list";

fn is_import(language: Language, text: &Text, node: Node<'_>) -> bool {
    if language.is_import(node.kind()) {
        return true;
    }
    let words = language.may_import(node.kind());
    let range = node.start_byte()..node.end_byte();
    // A statement that spans much text is more than an import.
    if words.is_empty() || range.len() > 400 || range.end > text.len() {
        return false;
    }
    let statement = text.slice(range);
    words.iter().any(|word| match language {
        Language::Bash => statement.starts_with(word),
        _ => has_word(&statement, word),
    })
}

/// Whether a word, which may end in a parenthesis, stands in a statement by itself.
fn has_word(statement: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    statement.match_indices(word).any(|(at, _)| {
        let before = statement[..at].chars().next_back();
        let behind = statement[at + word.len()..].chars().next();
        let goes_on = !word.ends_with('(') && behind.is_some_and(is_part);
        !before.is_some_and(|it| is_part(it) || it == '.') && !goes_on
    })
}

#[cfg(test)]
mod tests;
