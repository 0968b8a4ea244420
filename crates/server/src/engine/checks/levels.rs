//! [`Levels`]: what a fault leads to, by the settings, a rewrite's preset and whoever asked for it.

use config::{GuardLevel, Guards, PresetGuards, Settings};
use guards::Guard;

/// What a rewrite says of guards, beside the settings.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::engine) struct Levels {
    /// Instead of the settings: from its preset.
    pub(in crate::engine) preset: PresetGuards,
    /// At least: from who asked for it.
    pub(in crate::engine) least: PresetGuards,
    /// To change signatures is what it is for; then they are no reason to warn.
    pub(in crate::engine) changes_signatures: bool,
}

impl Levels {
    pub(in crate::engine) fn in_force(&self, settings: &Settings) -> Guards {
        let mut guards = settings.guards.with(&self.preset);
        if self.changes_signatures && guards.signature == GuardLevel::Warn {
            guards.signature = GuardLevel::Off;
        }
        let at_least =
            |level: GuardLevel, least: Option<GuardLevel>| least.map_or(level, |it| it.max(level));
        Guards {
            signature: at_least(guards.signature, self.least.signature),
            imports: at_least(guards.imports, self.least.imports),
            syntax: at_least(guards.syntax, self.least.syntax),
            elision: at_least(guards.elision, self.least.elision),
        }
    }
}

pub(in crate::engine) fn level(guards: &Guards, guard: Guard) -> GuardLevel {
    match guard {
        Guard::Signature => guards.signature,
        Guard::Imports => guards.imports,
        Guard::Syntax => guards.syntax,
        Guard::Elision => guards.elision,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rewrite_makes_guards_stricter_and_its_preset_may_do_anything() {
        use GuardLevel::{Block, Off, Warn};
        let settings = Settings::default();
        let levels = Levels {
            preset: PresetGuards {
                elision: Some(Warn),
                imports: Some(Off),
                ..PresetGuards::default()
            },
            least: PresetGuards {
                syntax: Some(Block),
                imports: Some(Warn),
                elision: Some(Off),
                ..PresetGuards::default()
            },
            changes_signatures: true,
        };
        let expected = Guards {
            signature: Off,
            imports: Warn,
            syntax: Block,
            elision: Warn,
        };
        assert_eq!(levels.in_force(&settings), expected);
        let strict = Settings {
            guards: Guards {
                signature: Block,
                ..Guards::default()
            },
            ..Settings::default()
        };
        assert_eq!(levels.in_force(&strict).signature, Block);
    }
}
