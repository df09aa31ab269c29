//! Items and the names under which they have been seen.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::{Store, StoreError, sql};
use crate::model::{Dated, Evidence, Item, ItemId, Precision, Slug};
use crate::normalize::SafeHtml;
use crate::normalize::ledger::{Known, Occasion, identify, span_of_moments};
use crate::normalize::sighting::Sighting;

pub(super) const COLUMNS: [&str; 21] = [
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
    "enclosures",
    "translations",
    "retracted_at",
];

impl Store {
    /// Which items these sightings would be, without putting anything down.
    pub async fn identify(
        &self,
        sightings: Vec<Sighting>,
        occasion: Occasion<'_>,
    ) -> Result<Vec<(ItemId, Sighting)>, StoreError> {
        let mut connection = self.pool.acquire().await?;
        let known = known(&mut connection, &sightings, occasion).await?;
        Ok(identify(sightings, &known, occasion))
    }

    /// The items of a feed that arrived in a period, its end not included, the newest first. What
    /// came with the first refresh of a source is no news.
    pub async fn seen_in(
        &self,
        feed: &Slug,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Item>, StoreError> {
        let is_new = "first_seen_at >= $2 AND first_seen_at < $3 AND backfilled = 0";
        self.items(feed, is_new, &[from, until]).await
    }

    /// The items of a feed that say something else since a period, having arrived before it and no
    /// earlier than `since`.
    pub async fn edited_in(
        &self,
        feed: &Slug,
        from: Timestamp,
        until: Timestamp,
        since: Timestamp,
    ) -> Result<Vec<Item>, StoreError> {
        let is_edited = "first_seen_at < $2 AND first_seen_at >= $4 AND backfilled = 0 AND \
                         (updated_at >= $2 AND updated_at < $3 AND updated_at > published_at \
                          OR retracted_at >= $2 AND retracted_at < $3)";
        self.items(feed, is_edited, &[from, until, since]).await
    }

    /// Those of these addresses under which one of these feeds had news in a period.
    pub async fn seen_under(
        &self,
        feeds: &[Slug],
        urls: &[String],
        from: Timestamp,
        until: Timestamp,
    ) -> Result<BTreeSet<String>, StoreError> {
        let mut known = BTreeSet::new();
        for feed in feeds {
            for chunk in urls.chunks(sql::CHUNK) {
                let query = format!(
                    "SELECT url FROM items WHERE feed = $1 AND first_seen_at >= $2 \
                     AND first_seen_at < $3 AND backfilled = 0 AND url IN ({})",
                    sql::placeholders(4, chunk.len())
                );
                let query = sqlx::query(sqlx::AssertSqlSafe(query))
                    .bind(feed.as_str())
                    .bind(from.as_millisecond())
                    .bind(until.as_millisecond());
                for row in sql::bind_all(query, chunk).fetch_all(&self.pool).await? {
                    known.insert(row.try_get::<String, _>("url")?);
                }
            }
        }
        Ok(known)
    }

    /// All items of a feed, the newest first.
    pub async fn all(&self, feed: &Slug) -> Result<Vec<Item>, StoreError> {
        self.items(feed, "1 = 1", &[]).await
    }

    async fn items(
        &self,
        feed: &Slug,
        condition: &str,
        moments: &[Timestamp],
    ) -> Result<Vec<Item>, StoreError> {
        let query = format!(
            "SELECT {} FROM items WHERE feed = $1 AND ({condition}) ORDER BY published_at DESC, id",
            COLUMNS.join(", ")
        );
        let query = sqlx::query(sqlx::AssertSqlSafe(query)).bind(feed.as_str());
        let bind =
            |query: sql::Bound<'static>, moment: &Timestamp| query.bind(moment.as_millisecond());
        let rows = moments.iter().fold(query, bind).fetch_all(&self.pool).await?;
        rows.iter().map(item_of).collect()
    }

    /// How many items of these feeds there were before a moment, or before they were news.
    pub async fn count_before(
        &self,
        feeds: &[Slug],
        before: Timestamp,
    ) -> Result<usize, StoreError> {
        let slugs: Vec<String> = feeds.iter().map(Slug::to_string).collect();
        if slugs.is_empty() {
            return Ok(0);
        }
        let query = format!(
            "SELECT COUNT(*) AS n FROM items WHERE (first_seen_at < $1 OR backfilled = 1) \
             AND feed IN ({})",
            sql::placeholders(2, slugs.len())
        );
        let query = sqlx::query(sqlx::AssertSqlSafe(query)).bind(before.as_millisecond());
        let row = sql::bind_all(query, &slugs).fetch_one(&self.pool).await?;
        Ok(row.try_get::<i64, _>("n")? as usize)
    }

    /// How many of these titles stood over an item of these feeds before a moment, or before it was
    /// news.
    pub async fn known_titles(
        &self,
        feeds: &[Slug],
        titles: &[String],
        before: Timestamp,
    ) -> Result<usize, StoreError> {
        let mut known = BTreeSet::new();
        for feed in feeds {
            for chunk in titles.chunks(sql::CHUNK) {
                let query = format!(
                    "SELECT DISTINCT title FROM items WHERE feed = $1 \
                     AND (first_seen_at < $2 OR backfilled = 1) AND title IN ({})",
                    sql::placeholders(3, chunk.len())
                );
                let query = sqlx::query(sqlx::AssertSqlSafe(query))
                    .bind(feed.as_str())
                    .bind(before.as_millisecond());
                for row in sql::bind_all(query, chunk).fetch_all(&self.pool).await? {
                    known.insert(row.try_get::<String, _>("title")?);
                }
            }
        }
        Ok(known.len())
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

    /// What a source gave, the newest first, no more than `most`.
    pub async fn remembered(
        &self,
        feed: &Slug,
        source: &str,
        most: usize,
    ) -> Result<Vec<Item>, StoreError> {
        let query = format!(
            "SELECT {} FROM items WHERE feed = $1 AND id IN \
             (SELECT item FROM listings WHERE feed = $1 AND source = $2) \
             ORDER BY published_at DESC, id LIMIT {most}",
            COLUMNS.join(", ")
        );
        let query = sqlx::query(sqlx::AssertSqlSafe(query)).bind(feed.as_str()).bind(source);
        query.fetch_all(&self.pool).await?.iter().map(item_of).collect()
    }

    /// What is known of these sightings of a source before they are settled.
    pub async fn seen(
        &self,
        feed: &Slug,
        source: &str,
        sightings: &[Sighting],
    ) -> Result<Vec<Seen>, StoreError> {
        let mut connection = self.pool.acquire().await?;
        if is_empty(&mut connection, feed).await? {
            return Ok(sightings.iter().map(|_| Seen::default()).collect());
        }
        let aliases = aliases(&mut connection, feed, sightings).await?;
        let ids: BTreeSet<String> = aliases.values().map(ToString::to_string).collect();
        let mut known = HashMap::new();
        for chunk in ids.into_iter().collect::<Vec<_>>().chunks(sql::CHUNK) {
            let query = format!(
                "SELECT items.id AS id, items.detail_at AS detail_at, listings.listed AS listed, \
                 items.retracted_at AS retracted_at FROM items LEFT JOIN listings ON listings.feed = $1 AND listings.source = $2 \
                 AND listings.item = items.id WHERE items.id IN ({})",
                sql::placeholders(3, chunk.len())
            );
            let query = sqlx::query(sqlx::AssertSqlSafe(query)).bind(feed.as_str()).bind(source);
            for row in sql::bind_all(query, chunk).fetch_all(&mut *connection).await? {
                let has_detail = row.try_get::<Option<i64>, _>("detail_at")?.is_some();
                let is_retracted = row.try_get::<Option<i64>, _>("retracted_at")?.is_some();
                // Whether what was taken back stands again has to be looked at.
                let listed = row.try_get::<Option<String>, _>("listed")?.filter(|_| !is_retracted);
                known.insert(row.try_get::<String, _>("id")?, (has_detail, listed));
            }
        }
        let find = |names: &[String]| names.iter().find_map(|name| aliases.get(name));
        let seen = |sighting: &Sighting| {
            let by_name = find(&sighting.keys);
            let id = by_name.or_else(|| find(&sighting.likeness));
            let (has_detail, listed) =
                id.and_then(|id| known.get(&id.to_string())).cloned().unwrap_or_default();
            Seen { by_name: by_name.is_some(), has_detail, listed }
        };
        Ok(sightings.iter().map(seen).collect())
    }
}

/// What is known of a sighting before it is settled.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// One of its own names is known.
    pub by_name: bool,
    /// The item's own page has been read.
    pub has_detail: bool,
    /// What its listing said of it the last time.
    pub listed: Option<String>,
}

impl Seen {
    /// The source gave it before.
    pub fn is_known(&self) -> bool {
        self.by_name || self.listed.is_some()
    }

    /// The listing says what it said, of an item that it called by this name.
    pub fn is_as_before(&self, sighting: &Sighting) -> bool {
        self.by_name && self.listed.as_ref() == Some(&sighting.listed)
    }
}

/// What is known of the items that these sightings may be.
pub(super) async fn known(
    connection: &mut AnyConnection,
    sightings: &[Sighting],
    occasion: Occasion<'_>,
) -> Result<Known, StoreError> {
    if is_empty(connection, occasion.feed).await? {
        return Ok(Known::default());
    }
    let mut known =
        Known { aliases: aliases(connection, occasion.feed, sightings).await?, ..Known::default() };
    // An item without a name of its own is found under the id that it would be issued again.
    let issued = sightings.iter().map(|sighting| ItemId::issue(occasion.feed, sighting.seed()));
    let ids: BTreeSet<String> =
        known.aliases.values().copied().chain(issued).map(|id| id.to_string()).collect();
    for chunk in ids.into_iter().collect::<Vec<_>>().chunks(sql::CHUNK) {
        let query = format!(
            "SELECT {} FROM items WHERE id IN ({})",
            COLUMNS.join(", "),
            sql::placeholders(1, chunk.len())
        );
        let query = sql::bind_all(sqlx::query(sqlx::AssertSqlSafe(query)), chunk);
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

/// True if a feed has never had an item.
async fn is_empty(connection: &mut AnyConnection, feed: &Slug) -> Result<bool, StoreError> {
    let any = sqlx::query("SELECT alias FROM aliases WHERE feed = $1 LIMIT 1").bind(feed.as_str());
    Ok(any.fetch_optional(connection).await?.is_none())
}

async fn aliases(
    connection: &mut AnyConnection,
    feed: &Slug,
    sightings: &[Sighting],
) -> Result<HashMap<String, ItemId>, StoreError> {
    let names: BTreeSet<String> = sightings
        .iter()
        .flat_map(|sighting| {
            let own = sighting.keys.iter().chain(&sighting.likeness).cloned();
            own.chain(sighting.translation_keys())
        })
        .collect();
    let names: Vec<String> = names.into_iter().collect();
    let mut found = HashMap::new();
    for chunk in names.chunks(sql::CHUNK) {
        let query = format!(
            "SELECT alias, item FROM aliases WHERE feed = $1 AND alias IN ({})",
            sql::placeholders(2, chunk.len())
        );
        let query = sqlx::query(sqlx::AssertSqlSafe(query)).bind(feed.as_str());
        for row in sql::bind_all(query, chunk).fetch_all(&mut *connection).await? {
            found.insert(row.try_get("alias")?, sql::id(row.try_get("item")?)?);
        }
    }
    Ok(found)
}

fn item_of(row: &AnyRow) -> Result<Item, StoreError> {
    let foreign = |what: &str| StoreError::Foreign(format!("`{what}` in an item"));
    let evidence: String = row.try_get("evidence")?;
    let precision: String = row.try_get("precision_of")?;
    let url: Option<String> = row.try_get("url")?;
    let image: Option<String> = row.try_get("image")?;
    Ok(Item {
        id: sql::id(row.try_get("id")?)?,
        source: row.try_get("source")?,
        url: url.map(sql::url).transpose()?,
        title: row.try_get("title")?,
        kicker: row.try_get("kicker")?,
        summary: row.try_get("summary")?,
        content: SafeHtml::from_store(row.try_get("content")?),
        image: image.as_deref().map(sql::parsed).transpose()?,
        enclosures: sql::parsed(row.try_get("enclosures")?)?,
        translations: sql::parsed(row.try_get("translations")?)?,
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
        retracted_at: row.try_get::<Option<i64>, _>("retracted_at")?.map(sql::time).transpose()?,
    })
}
