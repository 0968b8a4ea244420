//! Settings with defaults, documentation and JSON schema; trust rules.
