//! Tree-sitter trees kept in step with the text; languages, scopes, imports.
