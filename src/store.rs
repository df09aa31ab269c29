//! What the site remembers: items and their names, sources and their health.
//!
//! One SQL serves SQLite and PostgreSQL: columns are TEXT or BIGINT, placeholders are numbered,
//! time is bound and never asked of the database (but once, where several machines share one: that is
//! the time they go by), and a transaction's first statement writes. How many there are of something is
//! kept with each change, as the last of its transaction; counts are for people, and do not decide who
//! is mailed.

mod consents;
mod copy;
mod deliveries;
mod editions;
mod error;
mod events;
mod hosts;
mod items;
mod leases;
mod looks;
mod missing;
mod objects;
mod pings;
mod published;
mod retention;
mod save;
mod sources;
mod sql;
mod subscribers;
mod tally;
mod transaction;

use std::path::Path;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use sqlx::any::AnyPoolOptions;
use sqlx::migrate::MigrateError;
use sqlx::{AnyPool, Row};

pub use deliveries::{Claimed, Noted, Told, Turn};
pub use editions::Frozen;
pub use error::StoreError;
pub use events::Event;
pub use items::Seen;
pub use missing::{Given, Missing};
pub use objects::{Object, Put};
pub use save::Batch;
pub use sources::{SourceRow, SourceRows, Validators};
pub use sql::{file, is_postgres as is_shared};
pub use subscribers::{Subscribed, Suppression};

/// A site's database.
#[derive(Debug, Clone)]
pub struct Store {
    pool: AnyPool,
    is_shared: bool,
}

/// Connections of one process to a server.
const SHARED: u32 = 4;

/// How often the clock of a server is asked for: the answers come late, some more than others.
const QUESTIONS: usize = 5;

/// How long to wait for another process that writes.
const BUSY: Duration = Duration::from_secs(30);

impl Store {
    /// Opens the database of a site and brings its schema up to date, once however many processes
    /// start. A SQLite file is relative to the site and made if it is not there; one that is corrupt,
    /// or newer than this program, is left as it is.
    pub async fn open(site: &Path, database: &str) -> Result<Store, StoreError> {
        sqlx::any::install_default_drivers();
        let name = sql::told(database);
        let url = sql::address(site, database).ok_or(StoreError::Unsupported(name.clone()))?;
        let pool = AnyPoolOptions::new()
            .max_connections(if sql::is_postgres(database) { SHARED } else { 2 })
            .acquire_timeout(BUSY)
            .after_connect({
                let is_sqlite = url.starts_with("sqlite:");
                move |connection, _| {
                    Box::pin(async move {
                        if is_sqlite {
                            // Another process may be writing; and who is erased has to be gone
                            // from the file, too.
                            let wait = format!(
                                "PRAGMA busy_timeout = {}; PRAGMA secure_delete = ON",
                                BUSY.as_millis()
                            );
                            sqlx::raw_sql(sqlx::AssertSqlSafe(wait)).execute(connection).await?;
                        }
                        Ok(())
                    })
                }
            })
            .connect(&url)
            .await
            .map_err(|error| StoreError::opening(&name, error))?;
        let migrator = sqlx::migrate!("src/store/schema");
        let mut migrated = migrator.run(&pool).await;
        if matches!(migrated, Err(MigrateError::Execute(_) | MigrateError::ExecuteMigration(..))) {
            // Two processes that create one SQLite file at once get in each other's way once.
            migrated = migrator.run(&pool).await;
        }
        migrated.map_err(|error| StoreError::migrating(&name, error))?;
        if url.starts_with("sqlite:") {
            sqlx::query("PRAGMA journal_mode = WAL").execute(&pool).await?;
        }
        Ok(Store { pool, is_shared: sql::is_postgres(database) })
    }

    /// True if other machines may be at work with it: what a lock on a file tells is not all.
    pub fn is_shared(&self) -> bool {
        self.is_shared
    }

    /// How far the clock of the database is ahead of this machine's, if other machines go by it, too:
    /// as it was half way through the quickest of some questions.
    pub async fn skew(&self) -> Result<SignedDuration, StoreError> {
        if !self.is_shared {
            return Ok(SignedDuration::ZERO);
        }
        let mut quickest: Option<(SignedDuration, SignedDuration)> = None;
        for _ in 0..QUESTIONS {
            let began = Timestamp::now();
            let row = sqlx::query(
                "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT) AS now",
            )
            .fetch_one(&self.pool)
            .await?;
            let took = Timestamp::now().duration_since(began);
            let there = Timestamp::from_microsecond(row.try_get("now")?)
                .map_err(|_| StoreError::Foreign("the database has no time".to_owned()))?;
            if quickest.is_none_or(|(least, _)| took < least) {
                quickest = Some((took, there.duration_since(began) - took / 2));
            }
        }
        Ok(quickest.map_or(SignedDuration::ZERO, |(_, ahead)| ahead))
    }

    /// Ends well if the database answers.
    pub async fn has_answered(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT 1").execute(&self.pool).await?;
        Ok(())
    }

    /// Closes the connections, so that the files beside a SQLite file are gone.
    pub async fn close(self) {
        self.pool.close().await;
    }
}
