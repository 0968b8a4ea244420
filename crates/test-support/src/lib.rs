//! Seeded edit generator, fixture notation, scripted model; for tests only.
