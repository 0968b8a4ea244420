//! The embedded Responses server: WebSocket and SSE on one path, a rule engine, scripts, pacing and faults.
