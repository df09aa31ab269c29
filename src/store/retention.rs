//! What is not kept for ever: who got an edition long ago, and what was mailed to whom. How many got it
//! stays, and so does its page.

use jiff::Timestamp;
use sqlx::Row;

use super::deliveries::lock_edition;
use super::{Store, StoreError};
use crate::newsletter::EditionState;

/// Deliveries that one statement forgets: others may be writing.
const BATCH: i64 = 5_000;

impl Store {
    /// Forgets the deliveries of editions that were made before a moment and for which nobody waits any
    /// more, and what was delivered; says how many. If it is broken off, it goes on the next time.
    pub async fn forget_deliveries(&self, before: Timestamp) -> Result<u64, StoreError> {
        let rows = sqlx::query(
            "SELECT id FROM editions WHERE state = $1 AND until_at < $2 AND EXISTS \
             (SELECT 1 FROM variants WHERE edition = editions.id) ORDER BY id",
        )
        .bind(EditionState::Sent.as_str())
        .bind(before.as_millisecond())
        .fetch_all(&self.pool)
        .await?;
        let mut forgotten = 0;
        for row in rows {
            let id: String = row.try_get("id")?;
            loop {
                let mut transaction = self.transaction().await?;
                lock_edition(&mut transaction, &id).await?;
                let done = sqlx::query(
                    "DELETE FROM deliveries WHERE edition = $1 AND subscriber IN \
                     (SELECT subscriber FROM deliveries WHERE edition = $1 LIMIT $2) \
                     AND EXISTS (SELECT 1 FROM editions WHERE id = $1 AND state = $3)",
                )
                .bind(&id)
                .bind(BATCH)
                .bind(EditionState::Sent.as_str())
                .execute(&mut *transaction)
                .await?;
                transaction.commit().await?;
                if done.rows_affected() == 0 {
                    break;
                }
                forgotten += done.rows_affected();
            }
            // By them it is known that there is something to forget: they go last.
            sqlx::query(
                "DELETE FROM variants WHERE edition = $1 \
                 AND NOT EXISTS (SELECT 1 FROM deliveries WHERE edition = $1)",
            )
            .bind(&id)
            .execute(&self.pool)
            .await?;
        }
        Ok(forgotten)
    }
}
