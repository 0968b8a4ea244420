//! What the nodes of each grammar mean: scopes, statements, comments that lead an item, imports.
//! Only names of nodes; how they are walked lives elsewhere.

use crate::{Language, ScopeKind};

impl Language {
    /// The scope that a node of this kind opens by itself.
    pub(crate) fn scope_kind(self, kind: &str) -> Option<ScopeKind> {
        use ScopeKind::{Class, Function, Method, Module, Section};
        Some(match (self, kind) {
            (Language::Rust, "function_item" | "function_signature_item" | "macro_definition") => {
                Function
            }
            (
                Language::Rust,
                "struct_item" | "enum_item" | "union_item" | "trait_item" | "impl_item",
            ) => Class,
            (Language::Rust, "mod_item" | "foreign_mod_item") => Module,
            (Language::Python, "function_definition") => Function,
            (Language::Python, "class_definition") => Class,
            (
                Language::TypeScript | Language::Tsx | Language::JavaScript,
                "function_declaration"
                | "generator_function_declaration"
                | "function_signature"
                | "arrow_function"
                | "function_expression"
                | "generator_function",
            ) => Function,
            (
                Language::TypeScript | Language::Tsx | Language::JavaScript,
                "method_definition" | "method_signature" | "abstract_method_signature",
            ) => Method,
            (
                Language::TypeScript | Language::Tsx | Language::JavaScript,
                "class_declaration"
                | "abstract_class_declaration"
                | "class"
                | "interface_declaration"
                | "enum_declaration"
                | "type_alias_declaration",
            ) => Class,
            (Language::TypeScript | Language::Tsx, "internal_module" | "module") => Module,
            (Language::Go, "function_declaration") => Function,
            (Language::Go, "method_declaration") => Method,
            (Language::Go, "type_spec") => Class,
            (Language::C | Language::Cpp, "function_definition") => Function,
            (
                Language::C | Language::Cpp,
                "struct_specifier" | "union_specifier" | "enum_specifier" | "class_specifier",
            ) => Class,
            (Language::Cpp, "namespace_definition") => Module,
            (
                Language::Java,
                "method_declaration"
                | "constructor_declaration"
                | "compact_constructor_declaration",
            ) => Method,
            (
                Language::Java,
                "class_declaration"
                | "interface_declaration"
                | "enum_declaration"
                | "record_declaration"
                | "annotation_type_declaration",
            ) => Class,
            (Language::Java, "module_declaration") => Module,
            (Language::Lua, "function_declaration" | "function_definition") => Function,
            (Language::Bash, "function_definition") => Function,
            (Language::Json, "pair") => Section,
            (Language::Toml, "table" | "table_array_element") => Section,
            (Language::Markdown, "section") => Section,
            _ => return None,
        })
    }

    /// Kinds that are a scope only where something around them gives them a name.
    pub(crate) fn is_anonymous(self, kind: &str) -> bool {
        match self {
            Language::TypeScript | Language::Tsx | Language::JavaScript => matches!(
                kind,
                "arrow_function" | "function_expression" | "generator_function" | "class"
            ),
            Language::Lua => kind == "function_definition",
            _ => false,
        }
    }

    /// Kinds that are a scope only if they have a body: elsewhere they name one.
    pub(crate) fn needs_body(self, kind: &str) -> bool {
        match self {
            Language::Rust => kind == "mod_item",
            Language::C | Language::Cpp => kind.ends_with("_specifier"),
            _ => false,
        }
    }

    /// Nodes that belong to the scope which is their child: decorators, `export`, `const f =`.
    pub(crate) fn is_wrapper(self, kind: &str) -> bool {
        match self {
            Language::Python => kind == "decorated_definition",
            Language::TypeScript | Language::Tsx | Language::JavaScript => matches!(
                kind,
                "export_statement"
                    | "ambient_declaration"
                    | "variable_declarator"
                    | "lexical_declaration"
                    | "variable_declaration"
                    | "assignment_expression"
                    | "expression_statement"
                    | "pair"
                    | "field_definition"
                    | "public_field_definition"
            ),
            Language::Go => kind == "type_declaration",
            Language::C | Language::Cpp => matches!(
                kind,
                "template_declaration"
                    | "type_definition"
                    | "declaration"
                    | "field_declaration"
                    | "linkage_specification"
            ),
            Language::Lua => matches!(
                kind,
                "expression_list" | "assignment_statement" | "variable_declaration" | "field"
            ),
            _ => false,
        }
    }

    /// Comments and attributes: right before an item they belong to it.
    pub(crate) fn is_leading(self, kind: &str) -> bool {
        match self {
            Language::Rust => matches!(kind, "line_comment" | "block_comment" | "attribute_item"),
            Language::Java => matches!(kind, "line_comment" | "block_comment"),
            Language::TypeScript | Language::Tsx | Language::JavaScript => {
                matches!(kind, "comment" | "decorator")
            }
            Language::Markdown => false,
            _ => kind == "comment",
        }
    }

    /// Whether a named child, in this field of a parent of this kind, is a statement or an item.
    pub(crate) fn holds_statements(self, parent: &str, field: Option<&str>) -> bool {
        if matches!(
            field,
            Some("condition" | "value" | "name" | "variable" | "redirect" | "pattern")
        ) {
            return false;
        }
        match self {
            Language::Rust => matches!(
                parent,
                "source_file"
                    | "block"
                    | "declaration_list"
                    | "match_block"
                    | "field_declaration_list"
                    | "enum_variant_list"
            ),
            Language::Python => matches!(parent, "module" | "block"),
            Language::TypeScript | Language::Tsx | Language::JavaScript => matches!(
                parent,
                "program"
                    | "statement_block"
                    | "class_body"
                    | "switch_body"
                    | "switch_case"
                    | "switch_default"
                    | "interface_body"
                    | "object_type"
                    | "enum_body"
            ),
            Language::Go => matches!(
                parent,
                "source_file"
                    | "block"
                    | "statement_list"
                    | "field_declaration_list"
                    | "var_spec_list"
            ),
            Language::C | Language::Cpp => matches!(
                parent,
                "translation_unit"
                    | "compound_statement"
                    | "declaration_list"
                    | "field_declaration_list"
                    | "enumerator_list"
                    | "case_statement"
                    | "preproc_if"
                    | "preproc_ifdef"
                    | "preproc_else"
                    | "preproc_elif"
                    | "preproc_elifdef"
            ),
            Language::Java => matches!(
                parent,
                "program"
                    | "block"
                    | "class_body"
                    | "interface_body"
                    | "annotation_type_body"
                    | "enum_body"
                    | "enum_body_declarations"
                    | "constructor_body"
                    | "switch_block"
                    | "switch_block_statement_group"
            ),
            Language::Lua => matches!(parent, "chunk" | "block"),
            Language::Bash => matches!(
                parent,
                "program"
                    | "compound_statement"
                    | "subshell"
                    | "do_group"
                    | "if_statement"
                    | "elif_clause"
                    | "else_clause"
                    | "case_statement"
                    | "case_item"
            ),
            Language::Json => matches!(parent, "document" | "object" | "array"),
            Language::Toml => matches!(parent, "document" | "table" | "table_array_element"),
            Language::Markdown => matches!(parent, "document" | "section" | "list"),
        }
    }

    /// Clauses that are named children of a statement list and yet no statements.
    pub(crate) fn is_clause(self, kind: &str) -> bool {
        match self {
            Language::Bash => matches!(kind, "elif_clause" | "else_clause"),
            Language::C | Language::Cpp => {
                matches!(kind, "preproc_else" | "preproc_elif" | "preproc_elifdef")
            }
            _ => false,
        }
    }

    /// Nodes at the top of a file that bring in names from elsewhere.
    pub(crate) fn is_import(self, kind: &str) -> bool {
        match self {
            Language::Rust => matches!(kind, "use_declaration" | "extern_crate_declaration"),
            Language::Python => matches!(
                kind,
                "import_statement" | "import_from_statement" | "future_import_statement"
            ),
            Language::TypeScript | Language::Tsx | Language::JavaScript => {
                matches!(kind, "import_statement" | "import_alias")
            }
            Language::Go => {
                matches!(
                    kind,
                    "import_declaration" | "package_clause" | "import_spec"
                )
            }
            Language::C | Language::Cpp => matches!(kind, "preproc_include" | "using_declaration"),
            Language::Java => matches!(kind, "import_declaration" | "package_declaration"),
            _ => false,
        }
    }

    /// Nodes at the top of a file that are an import if they hold one of these words.
    pub(crate) fn may_import(self, kind: &str) -> &'static [&'static str] {
        match (self, kind) {
            (
                Language::TypeScript | Language::Tsx | Language::JavaScript,
                "lexical_declaration" | "variable_declaration" | "expression_statement",
            ) => &["require(", "import("],
            (Language::Lua, "variable_declaration" | "assignment_statement" | "function_call") => {
                &["require"]
            }
            (Language::Bash, "command") => &["source ", ". "],
            _ => &[],
        }
    }

    /// Nodes at the top of a file that may hold imports among their children.
    pub(crate) fn may_hold_imports(self, kind: &str) -> bool {
        match self {
            Language::Python => matches!(kind, "if_statement" | "try_statement" | "block"),
            Language::C | Language::Cpp => kind.starts_with("preproc_if"),
            _ => false,
        }
    }
}
