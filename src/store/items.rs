//! Items and the names under which they have been seen.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;
use sqlx::any::{AnyArguments, AnyRow};
use sqlx::query::Query;
use sqlx::{Any, AnyConnection, Row};

use super::sources::{SourceRow, upsert};
use super::{Store, StoreError, sql};
use crate::model::{Dated, Evidence, Item, ItemId, Precision, Slug};
use crate::normalize::SafeHtml;
use crate::normalize::ledger::{Change, Kind, Known, Occasion, settle, span_of_moments};
use crate::normalize::sighting::Sighting;

const COLUMNS: [&str; 18] = [
    "id",
    "feed",
    "source",
    "url",
    "title",
    "kicker",
    "summary",
    "content",
    "image",
    "author",
    "language",
    "published_at",
    "precision_of",
    "evidence",
    "date_text",
    "first_seen_at",
    "updated_at",
    "backfilled",
];

/// Rows to one statement: 18 values each.
const ROWS: usize = 100;

impl Store {
    /// Settles what a look at a source has shown, and puts it down together with the state of the
    /// source: all of it or nothing.
    pub async fn save(
        &self,
        source: &SourceRow,
        sightings: Vec<Sighting>,
        occasion: Occasion<'_>,
    ) -> Result<Vec<Change>, StoreError> {
        let mut tx = self.pool.begin().await?;
        // A transaction that reads before it writes can fail on SQLite: this one writes first.
        upsert(&mut *tx, source).await?;
        let known = known(&mut tx, &sightings, occasion).await?;
        let changes = settle(sightings, &known, occasion);
        write_items(&mut tx, occasion.feed, &changes).await?;
        write_aliases(&mut tx, occasion.feed, &changes).await?;
        tx.commit().await?;
        Ok(changes)
    }

    /// The newest items of a feed, the newest first.
    pub async fn newest(&self, feed: &Slug, limit: usize) -> Result<Vec<Item>, StoreError> {
        self.items(feed, limit).await
    }

    /// The items of a feed that arrived at or after a moment, the newest first. What came with the
    /// first refresh of a source is no news.
    pub async fn seen_since(&self, feed: &Slug, since: Timestamp) -> Result<Vec<Item>, StoreError> {
        let query = format!(
            "SELECT {} FROM items WHERE feed = $1 AND first_seen_at >= $2 AND backfilled = 0 \
             ORDER BY published_at DESC, id",
            COLUMNS.join(", ")
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(feed.as_str())
            .bind(since.as_millisecond())
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(item_of).collect()
    }

    /// All items of a feed, the newest first.
    pub async fn all(&self, feed: &Slug) -> Result<Vec<Item>, StoreError> {
        self.items(feed, usize::MAX).await
    }

    async fn items(&self, feed: &Slug, limit: usize) -> Result<Vec<Item>, StoreError> {
        let query = format!(
            "SELECT {} FROM items WHERE feed = $1 ORDER BY published_at DESC, id LIMIT $2",
            COLUMNS.join(", ")
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(feed.as_str())
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(item_of).collect()
    }

    /// How many items a feed has had, and when the newest of them was published.
    pub async fn count(&self, feed: &Slug) -> Result<(usize, Option<Timestamp>), StoreError> {
        let row = sqlx::query(
            "SELECT COUNT(*) AS items, MAX(published_at) AS newest FROM items WHERE feed = $1",
        )
        .bind(feed.as_str())
        .fetch_one(&self.pool)
        .await?;
        let newest = row.try_get::<Option<i64>, _>("newest")?.map(sql::time).transpose()?;
        Ok((row.try_get::<i64, _>("items")?.try_into().unwrap_or_default(), newest))
    }

    /// Which of these sightings have been seen before, and have had their own page read.
    pub async fn seen(&self, feed: &Slug, sightings: &[Sighting]) -> Result<Vec<Seen>, StoreError> {
        let mut connection = self.pool.acquire().await?;
        let aliases = aliases(&mut connection, feed, sightings).await?;
        let ids: BTreeSet<String> = aliases.values().map(ToString::to_string).collect();
        let mut read = BTreeSet::new();
        for chunk in ids.into_iter().collect::<Vec<_>>().chunks(sql::CHUNK) {
            let query = format!(
                "SELECT id FROM items WHERE detail_at IS NOT NULL AND id IN ({})",
                sql::placeholders(1, chunk.len())
            );
            let query = bind_all(sqlx::query(sqlx::AssertSqlSafe(query)), chunk);
            for row in query.fetch_all(&mut *connection).await? {
                read.insert(row.try_get::<String, _>("id")?);
            }
        }
        let seen = |sighting: &Sighting| match sighting
            .keys
            .iter()
            .chain(&sighting.likeness)
            .find_map(|alias| aliases.get(alias))
        {
            None => Seen::Never,
            Some(id) if read.contains(&id.to_string()) => Seen::WithDetail,
            Some(_) => Seen::Listed,
        };
        Ok(sightings.iter().map(seen).collect())
    }

    /// Puts down that the own pages of these items have been read.
    pub async fn note_details(&self, ids: &[ItemId], now: Timestamp) -> Result<(), StoreError> {
        for chunk in ids.chunks(sql::CHUNK) {
            let query = format!(
                "UPDATE items SET detail_at = $1 WHERE id IN ({})",
                sql::placeholders(2, chunk.len())
            );
            let ids: Vec<String> = chunk.iter().map(ToString::to_string).collect();
            let query = sqlx::query(sqlx::AssertSqlSafe(query)).bind(now.as_millisecond());
            bind_all(query, &ids).execute(&self.pool).await?;
        }
        Ok(())
    }
}

/// What is known of a sighting before it is settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    Never,
    /// In a listing, its own page not yet read.
    Listed,
    WithDetail,
}

async fn known(
    connection: &mut AnyConnection,
    sightings: &[Sighting],
    occasion: Occasion<'_>,
) -> Result<Known, StoreError> {
    let mut known =
        Known { aliases: aliases(connection, occasion.feed, sightings).await?, ..Known::default() };
    let ids: BTreeSet<String> = known.aliases.values().map(ToString::to_string).collect();
    for chunk in ids.into_iter().collect::<Vec<_>>().chunks(sql::CHUNK) {
        let query = format!(
            "SELECT {} FROM items WHERE id IN ({})",
            COLUMNS.join(", "),
            sql::placeholders(1, chunk.len())
        );
        let query = bind_all(sqlx::query(sqlx::AssertSqlSafe(query)), chunk);
        for row in query.fetch_all(&mut *connection).await? {
            let item = item_of(&row)?;
            known.items.insert(item.id, item);
        }
    }
    if let Some((from, until)) = span_of_moments(sightings, &known, occasion) {
        let rows = sqlx::query(
            "SELECT published_at FROM items \
             WHERE feed = $1 AND published_at >= $2 AND published_at < $3",
        )
        .bind(occasion.feed.as_str())
        .bind(from.as_millisecond())
        .bind(until.as_millisecond())
        .fetch_all(&mut *connection)
        .await?;
        for row in rows {
            known.moments.insert(sql::time(row.try_get("published_at")?)?);
        }
    }
    Ok(known)
}

async fn aliases(
    connection: &mut AnyConnection,
    feed: &Slug,
    sightings: &[Sighting],
) -> Result<HashMap<String, ItemId>, StoreError> {
    let names: BTreeSet<&String> = sightings
        .iter()
        .flat_map(|sighting| sighting.keys.iter().chain(&sighting.likeness))
        .collect();
    let names: Vec<String> = names.into_iter().cloned().collect();
    let mut found = HashMap::new();
    for chunk in names.chunks(sql::CHUNK) {
        let query = format!(
            "SELECT alias, item FROM aliases WHERE feed = $1 AND alias IN ({})",
            sql::placeholders(2, chunk.len())
        );
        let query = sqlx::query(sqlx::AssertSqlSafe(query)).bind(feed.as_str());
        for row in bind_all(query, chunk).fetch_all(&mut *connection).await? {
            found.insert(row.try_get("alias")?, id_of(row.try_get("item")?)?);
        }
    }
    Ok(found)
}

async fn write_items(
    connection: &mut AnyConnection,
    feed: &Slug,
    changes: &[Change],
) -> Result<(), StoreError> {
    let changed: Vec<&Item> =
        changes.iter().filter(|c| c.kind != Kind::Unchanged).map(|change| &change.item).collect();
    let updates: Vec<String> =
        COLUMNS[3..].iter().map(|column| format!("{column} = excluded.{column}")).collect();
    for chunk in changed.chunks(ROWS) {
        let rows: Vec<String> = (0..chunk.len())
            .map(|row| format!("({})", sql::placeholders(row * COLUMNS.len() + 1, COLUMNS.len())))
            .collect();
        let query = format!(
            "INSERT INTO items ({}) VALUES {} ON CONFLICT (id) DO UPDATE SET {}",
            COLUMNS.join(", "),
            rows.join(", "),
            updates.join(", ")
        );
        let mut query = sqlx::query(sqlx::AssertSqlSafe(query));
        for item in chunk {
            query = bind_item(query, feed, item);
        }
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

async fn write_aliases(
    connection: &mut AnyConnection,
    feed: &Slug,
    changes: &[Change],
) -> Result<(), StoreError> {
    let new: Vec<(&String, ItemId)> = changes
        .iter()
        .flat_map(|change| change.aliases.iter().map(|alias| (alias, change.item.id)))
        .collect();
    for chunk in new.chunks(sql::CHUNK) {
        let rows: Vec<String> = (0..chunk.len())
            .map(|row| format!("({})", sql::placeholders(row * 3 + 1, 3)))
            .collect();
        let query = format!(
            "INSERT INTO aliases (feed, alias, item) VALUES {} ON CONFLICT (feed, alias) DO NOTHING",
            rows.join(", ")
        );
        let mut query = sqlx::query(sqlx::AssertSqlSafe(query));
        for (alias, item) in chunk {
            query = query.bind(feed.to_string()).bind((*alias).clone()).bind(item.to_string());
        }
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

type Bound<'q> = Query<'q, Any, AnyArguments>;

fn bind_all<'q>(query: Bound<'q>, values: &[String]) -> Bound<'q> {
    values.iter().fold(query, |query, value| query.bind(value.clone()))
}

fn bind_item<'q>(query: Bound<'q>, feed: &Slug, item: &Item) -> Bound<'q> {
    let image = item.image.as_ref().and_then(|image| serde_json::to_string(image).ok());
    query
        .bind(item.id.to_string())
        .bind(feed.to_string())
        .bind(item.source.clone())
        .bind(item.url.as_ref().map(ToString::to_string))
        .bind(item.title.clone())
        .bind(item.kicker.clone())
        .bind(item.summary.clone())
        .bind(item.content.as_str().to_owned())
        .bind(image)
        .bind(item.author.clone())
        .bind(item.language.clone())
        .bind(item.published.at.as_millisecond())
        .bind(item.published.precision.as_str())
        .bind(item.published.evidence.as_str())
        .bind(item.published.text.clone())
        .bind(item.first_seen_at.as_millisecond())
        .bind(item.updated_at.as_millisecond())
        .bind(i64::from(item.backfilled))
}

fn item_of(row: &AnyRow) -> Result<Item, StoreError> {
    let foreign = |what: &str| StoreError::Foreign(format!("`{what}` in an item"));
    let evidence: String = row.try_get("evidence")?;
    let precision: String = row.try_get("precision_of")?;
    let url: Option<String> = row.try_get("url")?;
    let image: Option<String> = row.try_get("image")?;
    Ok(Item {
        id: id_of(row.try_get("id")?)?,
        source: row.try_get("source")?,
        url: url.map(|url| url.parse().map_err(|_| foreign(&url))).transpose()?,
        title: row.try_get("title")?,
        kicker: row.try_get("kicker")?,
        summary: row.try_get("summary")?,
        content: SafeHtml::from_store(row.try_get("content")?),
        image: image
            .map(|image| serde_json::from_str(&image).map_err(|_| foreign(&image)))
            .transpose()?,
        author: row.try_get("author")?,
        language: row.try_get("language")?,
        published: Dated {
            at: sql::time(row.try_get("published_at")?)?,
            precision: Precision::ALL
                .into_iter()
                .find(|known| known.as_str() == precision)
                .ok_or_else(|| foreign(&precision))?,
            evidence: Evidence::ALL
                .into_iter()
                .find(|known| known.as_str() == evidence)
                .ok_or_else(|| foreign(&evidence))?,
            text: row.try_get("date_text")?,
        },
        first_seen_at: sql::time(row.try_get("first_seen_at")?)?,
        updated_at: sql::time(row.try_get("updated_at")?)?,
        backfilled: row.try_get::<i64, _>("backfilled")? != 0,
    })
}

fn id_of(text: String) -> Result<ItemId, StoreError> {
    ItemId::parse(&text).ok_or_else(|| StoreError::Foreign(format!("`{text}` is no id")))
}
