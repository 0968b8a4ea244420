//! [`Scope`]: functions, classes, modules and sections; those around a place, and the outline of a text.

use std::ops::Range;

use text::Text;
use tree_sitter::Node;

use crate::grow::with_leading;
use crate::path::{Step, begins_line, line_content, path, trim, with_semicolon};
use crate::{Language, Syntax};

/// Nodes that an outline looks at, at most.
const OUTLINE_NODES: usize = 200_000;

/// Names longer than this are cut off: they are keys or headings, for people to read.
const NAME_BYTES: usize = 120;

/// What a scope is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScopeKind {
    /// A function.
    Function,
    /// A function of a class, trait, impl or the like.
    Method,
    /// A class, struct, enum, union, trait, impl, interface, or type with a body.
    Class,
    /// A module or namespace.
    Module,
    /// A part of a text without code: a heading's section, a table, a key with an object or array.
    Section,
}

impl ScopeKind {
    /// Whether it is a function or a method.
    pub fn is_function(self) -> bool {
        matches!(self, ScopeKind::Function | ScopeKind::Method)
    }
}

/// A function, class, module or section. Ranges are bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// What it is.
    pub kind: ScopeKind,
    /// Its name, where it has one.
    pub name: Option<String>,
    /// With doc comments, attributes, decorators and `export`; from the start of its first line and to the
    /// end of its last line, without its break, where nothing else stands in these lines.
    pub range: Range<usize>,
    /// The node itself.
    pub body: Range<usize>,
    /// The signature: from the start, without doc comments, up to the body in the narrow sense.
    pub header: Range<usize>,
}

impl Syntax {
    /// The scopes around a byte range, the innermost first. O(depth of the tree).
    pub fn scopes(&self, text: &Text, range: Range<usize>) -> Vec<Scope> {
        let Some(root) = self.root() else {
            return Vec::new();
        };
        let range = range.start.min(text.len())..range.end.min(text.len());
        let mut inner = trim(text, range.clone());
        if range.is_empty() {
            // A cursor before or behind the text of its line means that text.
            let content = line_content(text, text.line_of(range.start));
            let last = content.end.saturating_sub(1).max(content.start);
            let at = range.start.clamp(content.start, last);
            inner = at..at;
        }
        let steps = path(root, &inner);
        (0..steps.len())
            .rev()
            .filter_map(|at| self.scope(text, &steps[..=at]))
            .collect()
    }

    /// The scopes of a text in order, without those inside functions; at most `limit`.
    /// Costs the length of the text.
    pub fn outline(&self, text: &Text, limit: usize) -> Vec<Scope> {
        let mut scopes = Vec::new();
        self.visit(text, &mut |scope| {
            let inside = !scope.kind.is_function();
            scopes.push(scope);
            (scopes.len() < limit).then_some(inside)
        });
        scopes.truncate(limit);
        scopes
    }

    /// The first scope of that name, also inside functions; a name with `.` or `::` is looked for by its
    /// last part inside a scope named by the parts before. Costs the length of the text.
    pub fn find(&self, text: &Text, name: &str) -> Option<Scope> {
        let mut parts: Vec<&str> = name
            .split(['.', ':'])
            .filter(|part| !part.is_empty())
            .collect();
        let last = parts.pop()?;
        let mut found = None;
        let mut around: Vec<Scope> = Vec::new();
        self.visit(text, &mut |scope| {
            around.retain(|outer| outer.body.end >= scope.body.end);
            let scope_name = scope.name.as_deref().unwrap_or("");
            let qualified = || {
                let mut outer = around
                    .iter()
                    .rev()
                    .map(|outer| outer.name.as_deref().unwrap_or(""));
                parts
                    .iter()
                    .rev()
                    .all(|part| outer.any(|outer| outer == *part))
            };
            if scope_name == name || (scope_name == last && qualified()) {
                found = Some(scope);
                return None;
            }
            around.push(scope);
            Some(true)
        });
        found
    }

    /// Shows every scope, outer before inner. The visitor says whether to look inside; `None` ends the walk.
    pub(crate) fn visit(&self, text: &Text, visitor: &mut dyn FnMut(Scope) -> Option<bool>) {
        let Some(root) = self.root() else {
            return;
        };
        let mut cursor = root.walk();
        let mut steps = vec![Step {
            node: root,
            field: None,
        }];
        for _ in 0..OUTLINE_NODES {
            let inside = match self.scope(text, &steps) {
                Some(scope) => match visitor(scope) {
                    Some(inside) => inside,
                    None => return,
                },
                None => true,
            };
            if inside && cursor.goto_first_child() {
                steps.push(step(&cursor));
                continue;
            }
            while !cursor.goto_next_sibling() {
                steps.pop();
                if !cursor.goto_parent() {
                    return;
                }
            }
            steps.pop();
            steps.push(step(&cursor));
        }
    }

    /// The scope that the last step is, if it is one.
    fn scope(&self, text: &Text, steps: &[Step<'_>]) -> Option<Scope> {
        let language = self.language();
        let (last, parents) = steps.split_last()?;
        let node = last.node;
        let mut kind = language.scope_kind(node.kind())?;
        if node.end_byte() > text.len() || !node.is_named() {
            return None;
        }
        let wrappers = parents
            .iter()
            .rev()
            .take_while(|step| language.is_wrapper(step.node.kind()))
            .count();
        let wrappers = &parents[parents.len() - wrappers..];
        let outer = wrappers.first().map_or(node, |step| step.node);
        let name = name(language, text, node).or_else(|| {
            wrappers
                .iter()
                .rev()
                .find_map(|step| name(language, text, step.node))
        });
        if language.is_anonymous(node.kind()) && name.is_none() {
            return None;
        }
        let body = body(language, node);
        if body.is_none() && (language.needs_body(node.kind()) || language == Language::Json) {
            return None;
        }
        let owner = parents[..parents.len() - wrappers.len()]
            .iter()
            .rev()
            .find_map(|step| language.scope_kind(step.node.kind()));
        let qualified = |name: &String| match language {
            Language::Cpp => name.contains("::"),
            Language::Lua => name.contains(':'),
            _ => false,
        };
        if kind == ScopeKind::Function
            && (owner == Some(ScopeKind::Class) || name.as_ref().is_some_and(qualified))
        {
            kind = ScopeKind::Method;
        }
        Some(Scope {
            kind,
            range: whole_lines(text, with_leading(language, text, outer)..outer.end_byte()),
            body: trim(text, node.start_byte()..node.end_byte()),
            header: header(language, text, outer, node, body),
            name,
        })
    }
}

fn step<'tree>(cursor: &tree_sitter::TreeCursor<'tree>) -> Step<'tree> {
    Step {
        node: cursor.node(),
        field: cursor.field_name(),
    }
}

/// Extends a range over its first and last line, where only white space stands outside.
fn whole_lines(text: &Text, range: Range<usize>) -> Range<usize> {
    let mut range = with_semicolon(text, trim(text, range));
    if begins_line(text, range.start) {
        range.start = text.line_start(text.line_of(range.start));
    }
    let line = text.line_of(range.end);
    if line_content(text, line).end <= range.end {
        range.end = text.line_end(line).max(range.end);
    }
    range
}

/// What a scope's node holds, behind its signature.
fn body(language: Language, node: Node<'_>) -> Option<Node<'_>> {
    match language {
        Language::Json => node
            .child_by_field_name("value")
            .filter(|value| matches!(value.kind(), "object" | "array")),
        _ => node.child_by_field_name("body"),
    }
}

fn header(
    language: Language,
    text: &Text,
    outer: Node<'_>,
    node: Node<'_>,
    body: Option<Node<'_>>,
) -> Range<usize> {
    let start = match language {
        // A decorated definition begins with its decorators.
        Language::Python => node.start_byte(),
        _ => outer.start_byte(),
    };
    // What a constructor gives its fields is no matter of who calls it.
    let initial = (0..node.named_child_count())
        .filter_map(|at| node.named_child(at as _))
        .find(|it| it.kind() == "field_initializer_list");
    let end = match initial.or(body) {
        Some(body) => body.start_byte(),
        None => text.line_end(text.line_of(trim(text, start..node.end_byte()).start)),
    };
    let one_line = body.is_none() && node.end_byte() < end;
    trim(text, start..if one_line { node.end_byte() } else { end })
}

fn name(language: Language, text: &Text, node: Node<'_>) -> Option<String> {
    let named = match (language, node.kind()) {
        (Language::Rust, "impl_item") => node.child_by_field_name("type"),
        (Language::C | Language::Cpp, "function_definition" | "type_definition") => {
            node.child_by_field_name("declarator").map(declared)
        }
        (Language::JavaScript, "field_definition") => node.child_by_field_name("property"),
        (Language::TypeScript | Language::Tsx | Language::JavaScript, "assignment_expression") => {
            node.child_by_field_name("left")
        }
        (Language::Json, "pair")
        | (Language::TypeScript | Language::Tsx | Language::JavaScript, "pair") => {
            node.child_by_field_name("key")
        }
        (Language::Lua, "assignment_statement") => node.named_child(0),
        (Language::Toml, "table" | "table_array_element") => node.named_child(0),
        (Language::Markdown, "section") => node
            .named_child(0)
            .and_then(|heading| heading.child_by_field_name("heading_content")),
        _ => node.child_by_field_name("name"),
    }?;
    let range = trim(text, named.start_byte()..named.end_byte().min(text.len()));
    let mut end = range.end.min(range.start + NAME_BYTES);
    while !text.is_boundary(end) {
        end -= 1;
    }
    let name = text.slice(range.start..end);
    let name = match language {
        Language::Json | Language::JavaScript | Language::TypeScript | Language::Tsx => {
            name.trim_matches(['"', '\''])
        }
        _ => &name,
    };
    (!name.is_empty()).then(|| name.to_owned())
}

/// What a C declarator declares, inside its pointers, parameters and parentheses.
fn declared(mut declarator: Node<'_>) -> Node<'_> {
    loop {
        let inner = declarator.child_by_field_name("declarator").or_else(|| {
            matches!(
                declarator.kind(),
                "reference_declarator" | "parenthesized_declarator" | "attributed_declarator"
            )
            .then(|| declarator.named_child(0))
            .flatten()
        });
        match inner {
            Some(inner) => declarator = inner,
            None => return declarator,
        }
    }
}

#[cfg(test)]
mod tests;
