//! Whose turn it is to look at a source, where several processes may be at work.

use jiff::Timestamp;

use super::save::Batch;
use super::{SourceRow, Store, StoreError, sql};

impl Store {
    /// Takes the turn to look at a source; false if another process has it, or has looked since it was
    /// last heard that somebody did.
    pub async fn take_look(
        &self,
        feed: &str,
        location: &str,
        seen: Option<Timestamp>,
        (now, until): (Timestamp, Timestamp),
    ) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "INSERT INTO looks (feed, location, held_until, checked_at) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (feed, location) DO UPDATE SET held_until = excluded.held_until \
             WHERE looks.held_until <= $5 AND looks.checked_at <= excluded.checked_at",
        )
        .bind(feed)
        .bind(location)
        .bind(until.as_millisecond())
        .bind(seen.map_or(0, |seen| seen.as_millisecond()))
        .bind(now.as_millisecond())
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected() > 0)
    }

    /// Lets somebody else look at a source of which nothing is put down.
    pub async fn leave_look(&self, feed: &str, location: &str) -> Result<(), StoreError> {
        sqlx::query("UPDATE looks SET held_until = 0 WHERE feed = $1 AND location = $2")
            .bind(feed)
            .bind(location)
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}

impl Batch {
    /// These were looked at.
    pub(super) async fn note_looks(&mut self, rows: &[SourceRow]) -> Result<(), StoreError> {
        for chunk in rows.chunks(sql::VALUES / 4) {
            let query = format!(
                "INSERT INTO looks (feed, location, held_until, checked_at) VALUES {} \
                 ON CONFLICT (feed, location) DO UPDATE SET held_until = excluded.held_until, \
                 checked_at = excluded.checked_at \
                 WHERE looks.checked_at <= excluded.checked_at",
                sql::rows(chunk.len(), 4)
            );
            let query = sqlx::query(sqlx::AssertSqlSafe(query));
            let bound = chunk.iter().fold(query, |query, row| {
                let checked_at = row.checked_at.as_millisecond();
                query.bind(&row.feed).bind(&row.location).bind(0_i64).bind(checked_at)
            });
            bound.execute(self.connection()).await?;
        }
        Ok(())
    }
}
