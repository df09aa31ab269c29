//! Items that their listing no longer has.

use std::collections::HashSet;

use jiff::Timestamp;
use sqlx::Row;
use url::Url;

use super::{Store, StoreError, sql};
use crate::model::{ItemId, Slug};
use crate::normalize::ledger::Change;
use crate::normalize::whole_second;

/// An item that its listing no longer has.
#[derive(Debug)]
pub struct Missing {
    pub id: ItemId,
    pub url: Url,
}

impl Store {
    /// The items that a source has not given now, although it gave older ones: what is missing at
    /// the end only made room. The newest first; those that were asked about are left out until
    /// they are back.
    pub async fn missing(
        &self,
        feed: &Slug,
        source: &str,
        given: &[Change],
    ) -> Result<Vec<Missing>, StoreError> {
        // The last of the page; what is pinned at its top can be older.
        let oldest = given.last().map_or(Timestamp::MAX, |change| change.item.published.at);
        let given: HashSet<ItemId> = given.iter().map(|change| change.item.id).collect();
        let rows = sqlx::query(
            "SELECT items.id AS id, items.url AS url FROM items \
             JOIN listings ON listings.feed = items.feed AND listings.item = items.id \
             WHERE items.feed = $1 AND listings.source = $2 AND listings.listed <> '' \
             AND items.published_at > $3 AND items.retracted_at IS NULL AND items.url IS NOT NULL \
             ORDER BY items.published_at DESC",
        )
        .bind(feed.as_str())
        .bind(source)
        .bind(oldest.as_millisecond())
        .fetch_all(&self.pool)
        .await?;
        let mut missing = Vec::new();
        for row in rows {
            let id = sql::id(row.try_get("id")?)?;
            if !given.contains(&id) {
                missing.push(Missing { id, url: sql::url(row.try_get("url")?)? });
            }
        }
        Ok(missing)
    }

    /// Puts down what came of asking about missing items, some of which were taken back.
    pub async fn note_missing(
        &self,
        feed: &Slug,
        source: &str,
        asked: &[ItemId],
        taken_back: &[ItemId],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if asked.is_empty() {
            return Ok(());
        }
        let texts = |ids: &[ItemId]| ids.iter().map(ItemId::to_string).collect::<Vec<_>>();
        let mut transaction = self.pool.begin().await?;
        for chunk in texts(asked).chunks(sql::CHUNK) {
            let query = format!(
                "UPDATE listings SET listed = '' WHERE feed = $1 AND source = $2 AND item IN ({})",
                sql::placeholders(3, chunk.len())
            );
            let query = sqlx::query(sqlx::AssertSqlSafe(query)).bind(feed.as_str()).bind(source);
            sql::bind_all(query, chunk).execute(&mut *transaction).await?;
        }
        for chunk in texts(taken_back).chunks(sql::CHUNK) {
            let query = format!(
                "UPDATE items SET retracted_at = $1 WHERE id IN ({})",
                sql::placeholders(2, chunk.len())
            );
            let query =
                sqlx::query(sqlx::AssertSqlSafe(query)).bind(whole_second(now).as_millisecond());
            sql::bind_all(query, chunk).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(())
    }
}
