//! From region, scope and instruction to a model request, and from model output to code.
