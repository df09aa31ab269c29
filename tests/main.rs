//! One binary for all tests of behaviour, a module for each subject.

mod bed;
mod catalog;
mod charset;
mod config;
mod dates;
mod diagnostic;
mod ledger;
mod normalize;
mod refresh;
mod rules;
mod text;
