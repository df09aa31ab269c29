//! What the hub has still to hear of.

use jiff::Timestamp;
use sqlx::Row;

use super::{Store, StoreError, sql};

impl Store {
    /// Puts down that these addresses of feeds have something new for the hub.
    pub async fn note_pings(&self, topics: &[String], now: Timestamp) -> Result<(), StoreError> {
        let mut transaction = self.transaction().await?;
        for chunk in topics.chunks(sql::VALUES / 2) {
            let query = format!(
                "INSERT INTO pings (topic, since_at) VALUES {} ON CONFLICT (topic) DO NOTHING",
                sql::rows(chunk.len(), 2)
            );
            let query = sqlx::query(sqlx::AssertSqlSafe(query));
            let bound = chunk
                .iter()
                .fold(query, |query, topic| query.bind(topic).bind(now.as_millisecond()));
            bound.execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// What the hub has not heard of, that which waits the longest first.
    pub async fn pings(&self) -> Result<Vec<String>, StoreError> {
        let rows = sqlx::query("SELECT topic FROM pings ORDER BY since_at, topic")
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(|row| Ok(row.try_get("topic")?)).collect()
    }

    /// The hub has heard of these.
    pub async fn forget_pings(&self, topics: &[String]) -> Result<(), StoreError> {
        let mut transaction = self.transaction().await?;
        for chunk in topics.chunks(sql::VALUES) {
            let query =
                format!("DELETE FROM pings WHERE topic IN ({})", sql::placeholders(1, chunk.len()));
            let query = sqlx::query(sqlx::AssertSqlSafe(query));
            sql::bind_all(query, chunk).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(())
    }
}
