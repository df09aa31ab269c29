//! infocus takes the announcements of an organisation from where it already puts them and
//! publishes them where people read: feed readers and inboxes.
//!
//! What stands so far:
//!
//! - [`config`]: the settings of a site, with problems that name the line;
//! - [`catalog`]: the definitions of its feeds, compiled, all problems told at once;
//! - [`model`]: the nouns;
//! - [`extract`]: files and pages to raw items, the strings as found;
//! - [`normalize`]: legal characters, clean absolute addresses, harmless HTML, a summary;
//! - [`store`]: what is remembered, in one SQL for SQLite and PostgreSQL;
//! - [`dates`]: dates as organisations write them, read from text and never guessed;
//! - [`diagnostic`]: what goes wrong, told to a person with its place and its remedy.
//!
//! The middle is pure: `extract`, `normalize` and `dates` read no clock, no file and no network, so
//! the same input gives the same answer on any day.

pub mod catalog;
pub mod cli;
pub mod config;
pub mod dates;
pub mod diagnostic;
pub mod extract;
pub mod fetch;
pub mod mail;
pub mod model;
pub mod newsletter;
pub mod normalize;
pub mod publish;
pub mod refresh;
pub mod site;
pub mod store;
pub mod templates;
pub mod toml_file;
