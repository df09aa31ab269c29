//! infocus takes the announcements of an organisation from where it already puts them and
//! publishes them where people read: feed readers and inboxes.
//!
//! # The flow
//!
//! ```text
//! page --detect--> the lists on it, for want of rules, and the list that has the known items
//! feeds/*.toml --catalog--> Feed, Source
//! Source --fetch--> page or file --extract--> Listing of RawItems --normalize--> Sighting
//! Sighting + what the store knows --ledger--> Item: new, updated or unchanged
//! items --publish--> RSS, Atom, JSON Feed, pages, archive
//! items --newsletter--> Digest --> Edition, frozen --> one Delivery to each subscriber --mail--> a relay
//! output, store --serve--> readers, subscribers
//! ```
//!
//! Follow one announcement: [`cli`] makes sure that this is the only [`run`] (or, where machines share a
//! database, leaves it to that who looks at what) and that there is something to do, loads the [`site`], opens the [`store`] and hands both to [`refresh`]. That asks
//! the [`store`] which sources are due, gets their pages by [`fetch`], many at a time and each host as
//! it wishes (in a browser that asks it alone, where scripts make them), or their files by [`catalog`], has [`extract`] find the strings - by rules, or by what a feed or a
//! sitemap is - and [`normalize`] make a sighting of them, with [`dates`] deciding what is a date
//! and what is not. [`normalize::ledger`] says which item the sighting is, and the store puts it
//! down, with others, in one transaction. Then [`publish`] writes the feeds that would be different,
//! the [`hub`], if there is one, hears of them, [`newsletter`] renews the drafts, and [`alert`] tells the
//! operator what took a turn.
//!
//! # The rules
//!
//! 1. Never a worse feed: a source that gives less than it used to ([`normalize::usual`]) leaves its
//!    feed as it is, or its items are found again by what is known of them ([`detect`]). Either is
//!    told ([`refresh::Verdict`]).
//! 2. An item is the same item for ever: its id is issued once and kept under every name that it
//!    has been seen by ([`normalize::ledger`]).
//! 3. No guessed facts: a date is read, concluded from evidence, or marked as first seen
//!    ([`model::Evidence`]); what cannot be decided is refused ([`dates`]).
//! 4. Same input, same bytes: nothing published depends on the clock, and a file that would not
//!    change is not touched ([`publish::Output`]).
//! 5. Each subscriber gets each edition once: that a message is about to leave is on the disk before it
//!    does, and what the relay said before the next ([`newsletter::delivery`]).
//! 6. The middle is pure: `extract`, `detect`, `normalize`, `dates` and the writers read no clock, no file and
//!    no network. `now` is an argument; what lasts goes by a [`clock`] that [`cli`] starts.
//! 7. What came from outside has a type of its own once it is safe: [`normalize::SafeHtml`],
//!    [`mail::Mailbox`], [`newsletter::Token`], [`model::Slug`].
//! 8. A type of another crate stays inside the module that owns it.
//! 9. What goes wrong is told with its place and its remedy ([`diagnostic`]), all of it at once
//!    where it can be.

#[macro_use]
mod tell;

pub mod alert;
pub mod catalog;
pub mod cli;
pub mod clock;
pub mod config;
pub mod dates;
pub mod detect;
pub mod diagnostic;
pub mod extract;
pub mod fetch;
pub mod hash;
pub mod hub;
pub mod kept;
pub mod mail;
pub mod model;
pub mod newsletter;
pub mod normalize;
pub mod offers;
pub mod publish;
pub mod refresh;
pub mod rehearse;
pub mod run;
pub mod serve;
pub mod site;
pub mod status;
pub mod store;
pub mod templates;
pub mod toml_file;
