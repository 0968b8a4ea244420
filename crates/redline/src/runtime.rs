//! The tokio runtime of a process.

use std::io;

/// Two workers: one serves the protocol while the other serves the model's socket. A blocked read
/// of stdin does not hold up the end of the process.
pub(crate) fn block_on<F: Future>(future: F) -> io::Result<F::Output> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let output = runtime.block_on(future);
    runtime.shutdown_background();
    Ok(output)
}
