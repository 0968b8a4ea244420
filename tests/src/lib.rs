//! Drivers of the real binary and of real editors, for the tests beside this folder.
