//! Items that their listing no longer has.

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};
use sqlx::Row;
use url::Url;

use super::published::note_unpublished;
use super::save::closed_at;
use super::{Store, StoreError, sql};
use crate::model::{Evidence, ItemId, Slug};
use crate::normalize::ledger::Change;
use crate::normalize::whole_second;

/// How long an answer about a missing item holds.
const ASK_AGAIN: SignedDuration = SignedDuration::from_hours(7 * 24);

/// An item that its listing no longer has.
#[derive(Debug)]
pub struct Missing {
    pub id: ItemId,
    pub url: Url,
}

/// What a listing has.
#[derive(Debug)]
pub struct Given {
    items: HashSet<ItemId>,
    /// When the item at its old end was published.
    oldest: Timestamp,
}

impl Given {
    pub fn of(changes: &[Change]) -> Given {
        let items = changes.iter().map(|change| change.item.id).collect();
        Given { items, oldest: oldest(changes) }
    }

    /// How many items it has.
    pub fn count(&self) -> usize {
        self.items.len()
    }
}

impl Store {
    /// The items that a source has not given now, although it gave older ones: what is missing at
    /// the end only made room. The newest first; without those that another source of the feed
    /// gives too, whose date only says when they were first seen, or that were asked about lately.
    pub async fn missing(
        &self,
        feed: &Slug,
        source: &str,
        given: &Given,
        now: Timestamp,
    ) -> Result<Vec<Missing>, StoreError> {
        let since = now.checked_sub(ASK_AGAIN).unwrap_or(Timestamp::MIN);
        let rows = sqlx::query(
            "SELECT items.id AS id, items.url AS url FROM items \
             JOIN listings ON listings.feed = items.feed AND listings.item = items.id \
             WHERE items.feed = $1 AND listings.source = $2 \
             AND (listings.asked_at IS NULL OR listings.asked_at < $3) \
             AND items.published_at > $4 AND items.evidence <> $5 \
             AND items.retracted_at IS NULL AND items.url IS NOT NULL \
             AND NOT EXISTS (SELECT 1 FROM listings AS others WHERE others.feed = items.feed \
             AND others.item = items.id AND others.source <> $2) \
             ORDER BY items.published_at DESC",
        )
        .bind(feed.as_str())
        .bind(source)
        .bind(since.as_millisecond())
        .bind(given.oldest.as_millisecond())
        .bind(Evidence::FirstSeen.as_str())
        .fetch_all(&self.pool)
        .await?;
        let mut missing = Vec::new();
        for row in rows {
            let id = sql::id(row.try_get("id")?)?;
            if !given.items.contains(&id) {
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
        let mut transaction = self.transaction().await?;
        let now = whole_second(now).max(closed_at(&mut transaction).await?).as_millisecond();
        for chunk in texts(asked).chunks(sql::CHUNK) {
            let query = format!(
                "UPDATE listings SET asked_at = $1 WHERE feed = $2 AND source = $3 AND item IN ({})",
                sql::placeholders(4, chunk.len())
            );
            let query = sqlx::query(sqlx::AssertSqlSafe(query)).bind(now);
            let query = query.bind(feed.as_str()).bind(source);
            sql::bind_all(query, chunk).execute(&mut *transaction).await?;
        }
        for chunk in texts(taken_back).chunks(sql::CHUNK) {
            let query = format!(
                "UPDATE items SET retracted_at = $1, updated_at = $1 WHERE id IN ({})",
                sql::placeholders(2, chunk.len())
            );
            let query = sqlx::query(sqlx::AssertSqlSafe(query)).bind(now);
            sql::bind_all(query, chunk).execute(&mut *transaction).await?;
        }
        if !taken_back.is_empty() {
            note_unpublished(&mut *transaction, feed).await?;
        }
        transaction.commit().await?;
        Ok(())
    }
}

/// When the item at the old end of a listing was published; what is pinned at the other end can be
/// older.
fn oldest(given: &[Change]) -> Timestamp {
    let moments: Vec<Timestamp> = given.iter().map(|change| change.item.published.at).collect();
    let rises = moments.windows(2).filter(|pair| pair[0] < pair[1]).count();
    let is_oldest_first = 2 * rises > moments.len();
    let end = if is_oldest_first { moments.first() } else { moments.last() };
    end.copied().unwrap_or(Timestamp::MAX)
}
