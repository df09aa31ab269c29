//! What went wrong with sources, and what no longer is, as it was told.

use jiff::{SignedDuration, Timestamp};
use sqlx::Row;

use super::{Store, StoreError, sql};
use crate::normalize::whole_second;

/// How long it is kept what was told of a source.
const KEPT: SignedDuration = SignedDuration::from_hours(400 * 24);

/// The health of a source took a turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub feed: String,
    pub source: String,
    pub at: Timestamp,
    /// What was told.
    pub text: String,
    /// It is well again.
    pub is_over: bool,
}

impl Store {
    /// Puts down what was told to be wrong with a source, in short to know it again, and in full.
    pub async fn note_told(
        &self,
        event: &Event,
        id: &str,
        fault: Option<&str>,
    ) -> Result<(), StoreError> {
        let mut transaction = self.transaction().await?;
        sqlx::query("UPDATE sources SET told = $3 WHERE feed = $1 AND location = $2")
            .bind(&event.feed)
            .bind(id)
            .bind(fault)
            .execute(&mut *transaction)
            .await?;
        sqlx::query(
            "INSERT INTO events (feed, source, at, text, is_over) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (feed, source, at) DO UPDATE SET text = excluded.text, \
             is_over = excluded.is_over",
        )
        .bind(&event.feed)
        .bind(&event.source)
        .bind(whole_second(event.at).as_millisecond())
        .bind(&event.text)
        .bind(i64::from(event.is_over))
        .execute(&mut *transaction)
        .await?;
        sqlx::query("DELETE FROM events WHERE feed = $1 AND source = $2 AND at < $3")
            .bind(&event.feed)
            .bind(&event.source)
            .bind((event.at - KEPT).as_millisecond())
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// The last events, the newest first.
    pub async fn events(&self, most: usize) -> Result<Vec<Event>, StoreError> {
        let rows = sqlx::query(
            "SELECT feed, source, at, text, is_over FROM events \
             ORDER BY at DESC, feed, source LIMIT $1",
        )
        .bind(most as i64)
        .fetch_all(&self.pool)
        .await?;
        let event = |row: &sqlx::any::AnyRow| {
            Ok(Event {
                feed: row.try_get("feed")?,
                source: row.try_get("source")?,
                at: sql::time(row.try_get("at")?)?,
                text: row.try_get("text")?,
                is_over: row.try_get::<i64, _>("is_over")? != 0,
            })
        };
        rows.iter().map(event).collect()
    }
}
