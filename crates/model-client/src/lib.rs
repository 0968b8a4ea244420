//! Warm connections to a model server.
