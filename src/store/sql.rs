//! Small things that every statement needs.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use sqlx::any::AnyArguments;
use sqlx::query::Query;
use sqlx::{Any, AnyConnection};
use url::Url;

use super::StoreError;
use crate::mail::Mailbox;
use crate::model::ItemId;
use crate::newsletter::{State, Token};

/// The most values that one statement may bind is 32,766 in SQLite; stay well below.
pub const CHUNK: usize = 500;

/// Values that one statement puts down at most: looking the next one up takes the longer the more
/// there are.
pub const VALUES: usize = 120;

/// The file of a SQLite database.
pub fn file(site: &Path, database: &str) -> Option<PathBuf> {
    let path = database.strip_prefix("sqlite:")?;
    let path = path.strip_prefix("//").unwrap_or(path);
    std::path::absolute(site.join(path)).ok()
}

/// The database's address for the driver: a SQLite path made absolute, and that of a PostgreSQL server
/// as it is.
pub fn address(site: &Path, database: &str) -> Option<String> {
    if is_postgres(database) {
        return Url::parse(database).ok().map(String::from);
    }
    let file = file(site, database)?;
    let url = Url::from_file_path(file).ok()?;
    Some(format!("sqlite://{}?mode=rwc", url.path()))
}

pub fn is_postgres(database: &str) -> bool {
    database.starts_with("postgres://") || database.starts_with("postgresql://")
}

/// The address of a database as it may be told: without a password.
pub fn told(database: &str) -> String {
    match Url::parse(database) {
        Ok(mut url) if url.password().is_some() => match url.set_password(Some("...")) {
            Ok(()) => url.into(),
            Err(()) => database.to_owned(),
        },
        _ => database.to_owned(),
    }
}

/// `$3, $4, $5`
pub fn placeholders(from: usize, count: usize) -> String {
    (from..from + count).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ")
}

/// `($1, $2), ($3, $4)`
pub fn rows(count: usize, width: usize) -> String {
    let row = |row| format!("({})", placeholders(row * width + 1, width));
    (0..count).map(row).collect::<Vec<_>>().join(", ")
}

pub type Bound<'q> = Query<'q, Any, AnyArguments>;

pub fn bind_all<'q>(query: Bound<'q>, values: &[String]) -> Bound<'q> {
    values.iter().fold(query, |query, value| query.bind(value.clone()))
}

pub fn time(milliseconds: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(milliseconds)
        .map_err(|_| StoreError::Foreign(format!("`{milliseconds}` is no time")))
}

pub fn id(text: String) -> Result<ItemId, StoreError> {
    ItemId::parse(&text).ok_or_else(|| StoreError::Foreign(format!("`{text}` is no id")))
}

pub fn url(text: String) -> Result<Url, StoreError> {
    text.parse().map_err(|_| StoreError::Foreign(format!("`{text}` is no address")))
}

pub fn token(text: &str) -> Result<Token, StoreError> {
    Token::parse(text).ok_or_else(|| StoreError::Foreign(format!("`{text}` is no token")))
}

pub fn state(text: &str) -> Result<State, StoreError> {
    State::parse(text).ok_or_else(|| StoreError::Foreign(format!("`{text}` is no state")))
}

pub fn mailbox(name: String, address: String) -> Result<Mailbox, StoreError> {
    Mailbox::new(&name, &address)
        .ok_or_else(|| StoreError::Foreign(format!("`{address}` is no mail address")))
}

/// The nouns are plain enough to have no way of failing.
pub fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

pub fn parsed<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|_| StoreError::Foreign(format!("`{text}`")))
}

/// A transaction that reads before it writes can fail on SQLite: this writes.
pub async fn write_first(connection: &mut AnyConnection) -> Result<(), StoreError> {
    sqlx::query("UPDATE sources SET found = found WHERE feed = ''").execute(connection).await?;
    Ok(())
}
