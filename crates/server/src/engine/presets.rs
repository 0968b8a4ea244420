//! The presets that are offered: those that Redline brings, and those of the settings. What a menu of them looks
//! like is decided where they are shown.

use config::Preset;

use super::checks::Levels;
use super::open_document::OpenDocument;
use crate::protocol::PresetParams;

/// All presets in the order of a menu: the built-in ones, then the user's. One of the user's with the name of a
/// built-in one takes its place.
pub(super) fn all(own: &[Preset]) -> impl Iterator<Item = PresetParams<'_>> {
    let brought = prompt::presets().iter().map(|preset| {
        let same = own.iter().find(|it| it.name == preset.name);
        same.map_or_else(|| PresetParams::from(preset), PresetParams::from)
    });
    let added = own
        .iter()
        .filter(|it| prompt::Preset::named(&it.name).is_none());
    brought.chain(added.map(PresetParams::from))
}

/// Those of [`all`] that make sense in the document.
pub(super) fn fitting<'a>(
    own: &'a [Preset],
    document: &OpenDocument,
) -> impl Iterator<Item = PresetParams<'a>> {
    all(own).filter(|offered| {
        match own.iter().find(|it| it.name == offered.name) {
            // The user names languages as the editor does, also those that have no syntax tree here.
            Some(preset) => {
                preset.languages.is_empty() || preset.languages.contains(&document.language_id)
            }
            None => prompt::Preset::named(offered.name)
                .is_some_and(|preset| preset.fits(document.language)),
        }
    })
}

/// What the preset of that name tells the model.
pub(super) fn instruction<'a>(own: &'a [Preset], name: &str) -> Option<&'a str> {
    let brought = || prompt::Preset::named(name).map(|preset| preset.instruction);
    let preset = own.iter().find(|it| it.name == name);
    preset
        .map(|preset| preset.instruction.as_str())
        .or_else(brought)
}

/// The model that the preset of that name is asked of, unless it is `fast`.
pub(super) fn model(own: &[Preset], name: &str) -> Option<String> {
    own.iter().find(|it| it.name == name)?.model.clone()
}

/// What an instruction means, and which model it is asked of: `/name` is the preset of that name, everything else is
/// itself.
pub(super) fn spelled_out<'a>(
    own: &'a [Preset],
    instruction: &'a str,
) -> (&'a str, Option<String>) {
    let named = named_in(own, instruction);
    let meant = named.and_then(|name| Some((self::instruction(own, name)?, model(own, name))));
    meant.unwrap_or((instruction, None))
}

/// The name of the preset that an instruction is.
pub(super) fn named_in<'a>(own: &[Preset], instruction: &'a str) -> Option<&'a str> {
    let name = instruction.trim().strip_prefix('/')?;
    self::instruction(own, name).map(|_| name)
}

/// What the preset of that name says of guards.
pub(super) fn levels(own: &[Preset], name: &str) -> Levels {
    let preset = own.iter().find(|it| it.name == name);
    let brought = prompt::Preset::named(name).filter(|_| preset.is_none());
    Levels {
        preset: preset.map(|it| it.guards.clone()).unwrap_or_default(),
        changes_signatures: brought.is_some_and(|it| it.changes_signatures),
        ..Levels::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own() -> Vec<Preset> {
        serde_json::from_str(
            r#"[{ "name": "terse", "instruction": "Say it in fewer words.", "model": "slow" },
                { "name": "document", "instruction": "Comment every line.", "title": "Ours" }]"#,
        )
        .expect("presets")
    }

    #[test]
    fn a_slash_and_a_name_mean_the_preset() {
        let own = own();
        for (given, meant) in [
            ("/terse", "Say it in fewer words."),
            (" /terse ", "Say it in fewer words."),
            ("/document", "Comment every line."),
            ("/nobody", "/nobody"),
            ("/terse please", "/terse please"),
            ("terse", "terse"),
        ] {
            assert_eq!(spelled_out(&own, given).0, meant, "{given:?}");
        }
        assert!(spelled_out(&own, "/simplify").0.starts_with("Simplify"));
        assert_eq!(spelled_out(&own, "/terse").1.as_deref(), Some("slow"));
        assert_eq!(spelled_out(&own, "/document").1, None);
    }

    #[test]
    fn own_presets_follow_the_others_or_take_their_place() {
        let own = own();
        let titles: Vec<_> = all(&own).map(|it| it.title).collect();
        let expected = [
            "Simplify",
            "Add types",
            "Ours",
            "Handle errors",
            "Flatten",
            "terse",
        ];
        assert_eq!(titles, expected);
    }
}
