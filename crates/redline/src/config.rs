//! `redline config`: the settings' schema, or a file to begin with.

use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::Result;

#[derive(clap::Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Args {
    /// Print the JSON schema of the settings.
    #[arg(long)]
    schema: bool,
    /// Print a settings file with every key, commented, at its default.
    #[arg(long)]
    default: bool,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let text = if args.schema {
        format!("{:#}\n", ::config::schema())
    } else {
        ::config::default_file()
    };
    io::stdout().write_all(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
