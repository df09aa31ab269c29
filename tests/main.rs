//! One binary for all tests of behaviour, a module for each subject.

mod dates;
mod diagnostic;
mod normalize;
mod text;
