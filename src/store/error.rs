//! What can go wrong with the database.

use sqlx::migrate::MigrateError;

use super::sql;

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error(
        "`database = \"{0}\"` is not supported\nhelp: write `sqlite:infocus.db`, a path relative to the site, or `postgres://user@host/name`"
    )]
    Unsupported(String),
    #[error(
        "database `{0}` is corrupt: {1}; it was left as it is\nhelp: put a backup in its place, or move it away to start anew: addresses keep their ids"
    )]
    Corrupt(String, String),
    #[error(
        "database `{0}` was written by a newer infocus; it was left as it is\nhelp: use that version, or a copy from before the update"
    )]
    Newer(String),
    #[error(
        "failed to open database `{0}`: {1}\nhelp: its path is relative to the site; its directory has to be there, and writable"
    )]
    Open(String, String),
    #[error(
        "failed to open database `{0}`: {1}\nhelp: the server has to answer there, and the database has to be there: `createdb`"
    )]
    Server(String, String),
    #[error("the database holds what this program never wrote: {0}")]
    Foreign(String),
    #[error(
        "there is no room for the database\nhelp: make some; what is published stays as it is until then"
    )]
    Full,
    #[error(
        "`{0}` has {1} rows here, and {2} there that are others\nhelp: let nobody write meanwhile, begin with an empty database, and try again"
    )]
    Different(&'static str, u64, u64),
    #[error("the database failed: {0}")]
    Sql(String),
}

/// SQLite's result codes for a damaged file and for a file that is none of its own.
const SQLITE_CORRUPT: &str = "11";
const SQLITE_NOTADB: &str = "26";

/// The same for a disk that is full.
const SQLITE_FULL: &str = "13";

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> StoreError {
        match error.as_database_error() {
            Some(error) if error.code().as_deref() == Some(SQLITE_FULL) => StoreError::Full,
            Some(error) => StoreError::Sql(error.message().to_owned()),
            None => StoreError::Sql(error.to_string()),
        }
    }
}

impl StoreError {
    pub(super) fn opening(name: &str, error: sqlx::Error) -> StoreError {
        let code = error.as_database_error().and_then(|error| error.code());
        let message = error.as_database_error().map(|error| error.message().to_owned());
        match code.as_deref() {
            Some(SQLITE_CORRUPT | SQLITE_NOTADB) => {
                StoreError::Corrupt(name.to_owned(), message.unwrap_or_default())
            }
            _ => {
                let message = message.unwrap_or_else(|| error.to_string());
                match sql::is_postgres(name) {
                    true => StoreError::Server(name.to_owned(), message),
                    false => StoreError::Open(name.to_owned(), message),
                }
            }
        }
    }

    pub(super) fn migrating(name: &str, error: MigrateError) -> StoreError {
        match error {
            MigrateError::VersionMissing(_)
            | MigrateError::VersionMismatch(_)
            | MigrateError::VersionTooNew(..) => StoreError::Newer(name.to_owned()),
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
                StoreError::opening(name, error)
            }
            other => StoreError::Open(name.to_owned(), other.to_string()),
        }
    }
}
