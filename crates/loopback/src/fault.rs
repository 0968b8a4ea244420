//! Misbehaviour on demand: what, when, and how it is written on a command line.
//!
//! Not here: doing it (`generate`, `websocket`, `sse`).

use std::str::FromStr;

/// One way to misbehave. The crate's documentation has the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    Drop,
    Silence,
    /// Close code.
    Close(u16),
    Garbage,
    Binary,
    /// Megabytes (of 1,000,000 bytes).
    Oversized(usize),
    WrongType,
    InvalidUtf8,
    SplitUtf8,
    /// HTTP status that the event carries.
    Error(u16),
    /// Milliseconds after which the client may come again.
    Busy(u64),
    /// The hour of the connection is over.
    Limit,
    Failed,
    Incomplete,
    Refusal,
    /// HTTP status of the refused upgrade or POST.
    Upgrade(u16),
    /// Milliseconds.
    SlowUpgrade(u64),
}

impl Fault {
    pub(crate) fn strikes_at_upgrade(self) -> bool {
        matches!(self, Fault::Upgrade(_) | Fault::SlowUpgrade(_))
    }
}

/// A fault with its place in the answer and its turn among the requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FaultRule {
    pub fault: Fault,
    /// Deltas that are sent before.
    pub after: usize,
    pub turn: Turn,
}

/// Which requests a fault strikes; they are counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    Always,
    Only(u64),
    Every(u64),
}

impl Turn {
    pub(crate) fn includes(self, number: u64) -> bool {
        match self {
            Turn::Always => true,
            Turn::Only(only) => only == number,
            Turn::Every(every) => number.is_multiple_of(every),
        }
    }
}

/// A fault that is not written as the crate's documentation says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{spec}` is no fault: write KIND[=VALUE][@DELTAS][#NUMBER or /EVERY], for instance `drop@12` or `error=429/3`; kinds are {KINDS}"
)]
pub struct FaultSyntax {
    spec: String,
}

const KINDS: &str = "drop, silence, close, garbage, binary, oversized, type, utf8, split, error, \
     busy, limit, failed, incomplete, refusal, upgrade, slow-upgrade";

impl FromStr for FaultRule {
    type Err = FaultSyntax;

    fn from_str(spec: &str) -> Result<FaultRule, FaultSyntax> {
        parse(spec.trim()).ok_or_else(|| FaultSyntax {
            spec: spec.to_owned(),
        })
    }
}

fn parse(spec: &str) -> Option<FaultRule> {
    let (rest, turn) = match spec.split_once(['#', '/']) {
        Some((rest, number)) => {
            let number = number.parse().ok().filter(|it| *it > 0)?;
            (
                rest,
                if spec.contains('#') {
                    Turn::Only(number)
                } else {
                    Turn::Every(number)
                },
            )
        }
        None => (spec, Turn::Always),
    };
    let (rest, after) = match rest.split_once('@') {
        Some((rest, after)) => (rest, after.parse().ok()?),
        None => (rest, 0),
    };
    let (kind, value) = match rest.split_once('=') {
        Some((kind, value)) => (kind, Some(value.parse::<u64>().ok()?)),
        None => (rest, None),
    };
    let status = |usual: u16| match value {
        Some(value) => u16::try_from(value)
            .ok()
            .filter(|it| (100..=4999).contains(it)),
        None => Some(usual),
    };
    let fault = match kind {
        "close" => Fault::Close(status(1000)?),
        "error" => Fault::Error(status(500)?),
        "upgrade" => Fault::Upgrade(status(503)?),
        "busy" => Fault::Busy(value.unwrap_or(100)),
        "slow-upgrade" => Fault::SlowUpgrade(value.unwrap_or(1_000)),
        "oversized" => Fault::Oversized(
            usize::try_from(value.unwrap_or(50))
                .ok()
                .filter(|it| *it <= 1_000)?,
        ),
        _ if value.is_some() => return None,
        "drop" => Fault::Drop,
        "silence" => Fault::Silence,
        "garbage" => Fault::Garbage,
        "binary" => Fault::Binary,
        "type" => Fault::WrongType,
        "utf8" => Fault::InvalidUtf8,
        "split" => Fault::SplitUtf8,
        "limit" => Fault::Limit,
        "failed" => Fault::Failed,
        "incomplete" => Fault::Incomplete,
        "refusal" => Fault::Refusal,
        _ => return None,
    };
    Some(FaultRule { fault, after, turn })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_syntax_reads_kind_value_place_and_turn() {
        let rule = |fault, after, turn| Ok(FaultRule { fault, after, turn });
        for (spec, expected) in [
            ("drop", rule(Fault::Drop, 0, Turn::Always)),
            ("silence@3", rule(Fault::Silence, 3, Turn::Always)),
            ("error=429@3/4", rule(Fault::Error(429), 3, Turn::Every(4))),
            ("upgrade=401#1", rule(Fault::Upgrade(401), 0, Turn::Only(1))),
            ("oversized", rule(Fault::Oversized(50), 0, Turn::Always)),
        ] {
            assert_eq!(spec.parse(), expected, "{spec}");
        }
        for spec in [
            "",
            "drip",
            "drop=1",
            "drop@x",
            "drop#0",
            "error=99999",
            "drop@1@2",
        ] {
            assert!(spec.parse::<FaultRule>().is_err(), "{spec}");
        }
    }
}
