//! Subscribers from a table: CSV as people's programs write it.

use std::collections::BTreeSet;
use std::io::Read;

use csv::{ByteRecord, ReaderBuilder, Trim};

use crate::config::Newsletter;
use crate::mail::Mailbox;
use crate::newsletter::Choice;

/// Columns that are read; others are left alone.
const EMAIL: [&str; 5] = ["email", "e-mail", "mail", "email address", "e-mail address"];
const NAME: [&str; 2] = ["name", "full name"];
const LANGUAGE: [&str; 2] = ["language", "lang"];
const FREQUENCY: [&str; 1] = ["frequency"];
const FEEDS: [&str; 2] = ["feeds", "topics"];

/// Bytes of the head that tell by what the columns are parted.
const HEAD: usize = 4096;

/// A line of the table that has a subscriber, or says why it has none.
pub type Line = (u64, Result<(Mailbox, Choice), String>);

/// The lines of a table, one after the other: there may be millions.
pub struct Table<'a> {
    reader: csv::Reader<Box<dyn Read>>,
    columns: Columns,
    newsletter: &'a Newsletter,
}

/// Where each of them stands.
struct Columns {
    email: usize,
    name: Option<usize>,
    language: Option<usize>,
    frequency: Option<usize>,
    feeds: Option<usize>,
}

#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("failed to read the table: {0}")]
    Read(#[from] std::io::Error),
    #[error("line {line}: {reason}")]
    Broken { line: u64, reason: String },
    #[error(
        "there is no column `email`, the first line has: {0}\nhelp: the first line names the columns: `email`, and if you like `name`, `language`, `frequency`, `feeds`"
    )]
    NoEmail(String),
}

impl<'a> Table<'a> {
    /// Reads the first line. Columns are parted by commas, semicolons or tabs; text is UTF-8 or
    /// Windows-1252.
    pub fn open(
        mut source: impl Read + 'static,
        newsletter: &'a Newsletter,
    ) -> Result<Table<'a>, ImportError> {
        let mut head = Vec::new();
        source.by_ref().take(HEAD as u64).read_to_end(&mut head)?;
        let start = if head.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
        let first = head[start..].split(|byte| *byte == b'\n').next().unwrap_or_default();
        let count = |parter: u8| first.iter().filter(|byte| **byte == parter).count();
        let parter = *b",;\t".iter().max_by_key(|parter| count(**parter)).unwrap_or(&b',');
        // Of two that are as frequent the last is taken: with none at all there is one column.
        let parter = if count(parter) == 0 { b',' } else { parter };
        let rest: Box<dyn Read> =
            Box::new(std::io::Cursor::new(head.split_off(start)).chain(source));
        let mut reader =
            ReaderBuilder::new().delimiter(parter).flexible(true).trim(Trim::All).from_reader(rest);
        let names: Vec<String> = reader
            .byte_headers()
            .map_err(broken)?
            .iter()
            .map(|name| text(name).to_lowercase())
            .collect();
        let find = |known: &[&str]| names.iter().position(|name| known.contains(&name.as_str()));
        let columns = Columns {
            email: find(&EMAIL).ok_or_else(|| ImportError::NoEmail(told(&names)))?,
            name: find(&NAME),
            language: find(&LANGUAGE),
            frequency: find(&FREQUENCY),
            feeds: find(&FEEDS),
        };
        Ok(Table { reader, columns, newsletter })
    }

    fn line(&self, record: &ByteRecord) -> Result<(Mailbox, Choice), String> {
        let columns = &self.columns;
        let cell = |column: Option<usize>| {
            column.and_then(|column| record.get(column)).map(text).unwrap_or_default()
        };
        let email = cell(Some(columns.email));
        if email.is_empty() {
            return Err("no address".to_owned());
        }
        let mailbox = Mailbox::parse(&email).ok_or_else(|| format!("`{email}` is no address"))?;
        let name = cell(columns.name);
        let name = if name.is_empty() { mailbox.name().to_owned() } else { name };
        let mailbox = Mailbox::new(&name, mailbox.address()).unwrap_or(mailbox);
        let feeds = cell(columns.feeds);
        let choice = Choice {
            language: cell(columns.language),
            frequency: cell(columns.frequency),
            feeds: feeds
                .split([' ', ',', ';', '|'])
                .filter(|slug| !slug.is_empty())
                .map(str::to_owned)
                .collect(),
        };
        check(&choice, self.newsletter)?;
        Ok((mailbox, choice))
    }
}

impl Iterator for Table<'_> {
    type Item = Result<Line, ImportError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut record = ByteRecord::new();
        match self.reader.read_byte_record(&mut record) {
            Ok(false) => None,
            Ok(true) => {
                let line = record.position().map_or(0, csv::Position::line);
                Some(Ok((line, self.line(&record))))
            }
            Err(error) => Some(Err(broken(error))),
        }
    }
}

/// Says what of a choice the newsletter does not offer.
pub fn check(choice: &Choice, newsletter: &Newsletter) -> Result<(), String> {
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if !choice.language.chars().all(legal) {
        return Err(format!("`{}` is no language, expected such as `de`", choice.language));
    }
    let frequency = &choice.frequency;
    if !frequency.is_empty() && !newsletter.frequencies.contains_key(frequency) {
        let known: BTreeSet<&str> = newsletter.frequencies.keys().map(String::as_str).collect();
        return Err(match known.is_empty() {
            true => format!("there is no frequency `{frequency}`, nor any other to choose"),
            false => format!("there is no frequency `{frequency}`, there is {}", told(known)),
        });
    }
    let stranger = choice.feeds.iter().find(|slug| !newsletter.feeds.contains(slug));
    match stranger {
        Some(slug) if !newsletter.feeds.is_empty() => {
            Err(format!("it carries no feed `{slug}`, it carries {}", told(&newsletter.feeds)))
        }
        _ => Ok(()),
    }
}

fn told<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{}`", name.as_ref())).collect();
    names.join(", ")
}

fn text(cell: &[u8]) -> String {
    match std::str::from_utf8(cell) {
        Ok(text) => text.trim().to_owned(),
        Err(_) => encoding_rs::WINDOWS_1252.decode(cell).0.trim().to_owned(),
    }
}

fn broken(error: csv::Error) -> ImportError {
    let line = error.position().map_or(0, csv::Position::line);
    match error.into_kind() {
        csv::ErrorKind::Io(error) => ImportError::Read(error),
        kind => ImportError::Broken { line, reason: format!("{kind:?}") },
    }
}
