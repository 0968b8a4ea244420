//! The life of one rewrite and of a document's set of them: a pure state machine, events in, effects out.
