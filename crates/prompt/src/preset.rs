//! Instructions that come with the product. A user's own live in the settings.

use syntax::Language;

/// An instruction with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preset {
    /// What settings and commands call it.
    pub name: &'static str,
    /// What a menu shows.
    pub title: &'static str,
    /// What the model is told.
    pub instruction: &'static str,
    /// The languages that it makes sense in; `None` for all.
    pub languages: Option<&'static [Language]>,
    /// Whether it is offered where the language is not known.
    pub for_unknown: bool,
    /// Whether it is meant to change signatures.
    pub changes_signatures: bool,
}

const CODE: &[Language] = &[
    Language::Rust,
    Language::Python,
    Language::TypeScript,
    Language::Tsx,
    Language::JavaScript,
    Language::Go,
    Language::C,
    Language::Cpp,
    Language::Java,
    Language::Lua,
    Language::Bash,
];

const OPTIONAL_TYPES: &[Language] = &[
    Language::Python,
    Language::TypeScript,
    Language::Tsx,
    Language::JavaScript,
    Language::Lua,
];

static PRESETS: [Preset; 5] = [
    Preset {
        name: "simplify",
        title: "Simplify",
        instruction: "Simplify this without changing what it does: remove repetition, needless variables \
                      and needless branches, and use what the language and the code around already offer.",
        languages: None,
        for_unknown: true,
        changes_signatures: false,
    },
    Preset {
        name: "add-types",
        title: "Add types",
        instruction: "Add type hints to every parameter, return value and field that lacks one, as precise as \
                      the code allows; in JavaScript and Lua as doc comments. Change nothing else.",
        languages: Some(OPTIONAL_TYPES),
        for_unknown: false,
        changes_signatures: true,
    },
    Preset {
        name: "document",
        title: "Document",
        instruction: "Document this: add doc comments (docstrings) in the language's usual form to what has \
                      none and correct those that are wrong. Say what callers need to know. Change no code.",
        languages: Some(CODE),
        for_unknown: true,
        changes_signatures: false,
    },
    Preset {
        name: "handle-errors",
        title: "Handle errors",
        instruction: "Handle errors: find what can fail here and is not handled, and handle it in the way that \
                      the code around does, without hiding failures. Keep the rest as it is.",
        languages: Some(CODE),
        for_unknown: true,
        changes_signatures: false,
    },
    Preset {
        name: "flatten",
        title: "Flatten",
        instruction: "Flatten this: reduce nesting with early returns, guard clauses or small helpers, \
                      without changing what it does.",
        languages: Some(CODE),
        for_unknown: true,
        changes_signatures: false,
    },
];

/// The presets, in the order of a menu.
pub fn presets() -> &'static [Preset] {
    &PRESETS
}

impl Preset {
    /// The preset of that name.
    pub fn named(name: &str) -> Option<&'static Preset> {
        PRESETS.iter().find(|preset| preset.name == name)
    }

    /// Whether it makes sense in a document of that language; `None` is a language that is not known.
    pub fn fits(&self, language: Option<Language>) -> bool {
        match (self.languages, language) {
            (_, None) => self.for_unknown,
            (None, Some(_)) => true,
            (Some(languages), Some(language)) => languages.contains(&language),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_fit_their_languages() {
        let fitting = |language| {
            let fitting = PRESETS.iter().filter(|preset| preset.fits(language));
            fitting
                .map(|preset| preset.name)
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(
            fitting(Some(Language::Python)),
            "simplify add-types document handle-errors flatten"
        );
        assert_eq!(
            fitting(Some(Language::Rust)),
            "simplify document handle-errors flatten"
        );
        assert_eq!(fitting(Some(Language::Markdown)), "simplify");
        assert_eq!(fitting(None), "simplify document handle-errors flatten");
    }

    #[test]
    fn lists_agree_with_the_languages() {
        for language in Language::ALL {
            assert_eq!(
                CODE.contains(&language),
                language.has_functions(),
                "{language:?}"
            );
            assert_eq!(
                OPTIONAL_TYPES.contains(&language),
                language.has_optional_types(),
                "{language:?}"
            );
        }
    }
}
