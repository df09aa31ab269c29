//! One binary for all tests of behaviour, a module for each subject.

mod bed;
mod body;
mod catalog;
mod charset;
mod commands;
mod config;
mod date_forms;
mod dates;
mod diagnostic;
mod digest;
mod feeds_read;
mod foreign;
mod formats;
mod ledger;
mod normalize;
mod output;
mod pages;
mod readme;
mod refresh;
mod rivals;
mod rules;
mod schema;
mod server;
mod sources;
mod text;
mod text_dates;
