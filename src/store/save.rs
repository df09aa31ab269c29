//! Writing down what a refresh has found: many sources at once, all of it or nothing.

use jiff::Timestamp;
use sqlx::{AnyConnection, Row};

use super::items::{COLUMNS, known};
use super::published::note_unpublished;
use super::sources::{SourceRow, upsert};
use super::transaction::Transaction;
use super::{Store, StoreError, sql};
use crate::model::{Item, ItemId, Slug};
use crate::normalize::ledger::{Change, Kind, Known, Occasion, settle};
use crate::normalize::sighting::Sighting;

/// Writes that become true together. It is not held while anybody waits for the network.
#[derive(Debug)]
pub struct Batch {
    transaction: Transaction,
    /// What is found now is news after this.
    closed_at: Timestamp,
    is_shared: bool,
    /// Written together at the end.
    sources: Vec<SourceRow>,
}

impl Store {
    pub async fn begin(&self) -> Result<Batch, StoreError> {
        let mut transaction = self.transaction().await?;
        let closed_at = closed_at(&mut transaction).await?;
        Ok(Batch { transaction, closed_at, is_shared: self.is_shared, sources: Vec::new() })
    }
}

/// Lets nobody else put items down, or close a period, before the transaction ends. Says up to when what
/// was announced is in an edition already.
pub(super) async fn closed_at(connection: &mut AnyConnection) -> Result<Timestamp, StoreError> {
    sqlx::query("UPDATE leases SET holder = holder WHERE name = 'items'")
        .execute(&mut *connection)
        .await?;
    let row = sqlx::query("SELECT COALESCE(MAX(closed_at), 0) AS at FROM newsletters")
        .fetch_one(connection)
        .await?;
    sql::time(row.try_get("at")?)
}

impl Batch {
    /// Puts down what a look at a source has shown.
    pub fn note_source(&mut self, row: SourceRow) {
        self.sources.push(row);
    }

    /// Settles the items of a source and puts them down. Says what has become of each, and what is
    /// known of them now.
    pub async fn save(
        &mut self,
        sightings: Vec<Sighting>,
        occasion: Occasion<'_>,
    ) -> Result<(Vec<Change>, Known), StoreError> {
        // An edition may have been made since the look began.
        let occasion = Occasion { now: occasion.now.max(self.closed_at), ..occasion };
        let tx = &mut *self.transaction;
        let mut known = known(tx, &sightings, occasion).await?;
        let changes = settle(sightings, &known, occasion);
        write_items(tx, occasion.feed, &changes).await?;
        write_aliases(tx, occasion.feed, &changes).await?;
        write_listings(tx, occasion, &changes).await?;
        note_details(tx, occasion, &changes).await?;
        if changes.iter().any(|change| change.kind != Kind::Unchanged) {
            note_unpublished(tx, occasion.feed).await?;
        }
        known.learn(&changes);
        Ok((changes, known))
    }

    pub(super) fn connection(&mut self) -> &mut AnyConnection {
        &mut self.transaction
    }

    pub async fn commit(mut self) -> Result<(), StoreError> {
        let sources = std::mem::take(&mut self.sources);
        upsert(&mut self.transaction, &sources).await?;
        if self.is_shared {
            self.note_looks(&sources).await?;
        }
        self.transaction.commit().await
    }
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
    for chunk in changed.chunks(sql::VALUES / COLUMNS.len()) {
        let query = format!(
            "INSERT INTO items ({}) VALUES {} ON CONFLICT (id) DO UPDATE SET {}",
            COLUMNS.join(", "),
            sql::rows(chunk.len(), COLUMNS.len()),
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
    for chunk in new.chunks(sql::VALUES / 3) {
        let query = format!(
            "INSERT INTO aliases (feed, alias, item) VALUES {} ON CONFLICT (feed, alias) DO NOTHING",
            sql::rows(chunk.len(), 3)
        );
        let mut query = sqlx::query(sqlx::AssertSqlSafe(query));
        for (alias, item) in chunk {
            query = query.bind(feed.to_string()).bind((*alias).clone()).bind(item.to_string());
        }
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

async fn write_listings(
    connection: &mut AnyConnection,
    occasion: Occasion<'_>,
    changes: &[Change],
) -> Result<(), StoreError> {
    let learnt: Vec<&Change> = changes.iter().filter(|change| !change.is_as_before).collect();
    for chunk in learnt.chunks(sql::VALUES / 4) {
        let query = format!(
            "INSERT INTO listings (feed, source, item, listed) VALUES {} \
             ON CONFLICT (feed, source, item) DO UPDATE SET listed = excluded.listed",
            sql::rows(chunk.len(), 4)
        );
        let mut query = sqlx::query(sqlx::AssertSqlSafe(query));
        for change in chunk {
            query = query
                .bind(occasion.feed.as_str())
                .bind(occasion.source)
                .bind(change.item.id.to_string())
                .bind(&change.listed);
        }
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

/// Puts down that the own pages of items have been read.
async fn note_details(
    connection: &mut AnyConnection,
    occasion: Occasion<'_>,
    changes: &[Change],
) -> Result<(), StoreError> {
    let read: Vec<String> =
        changes.iter().filter(|c| c.has_detail).map(|c| c.item.id.to_string()).collect();
    for chunk in read.chunks(sql::CHUNK) {
        let query = format!(
            "UPDATE items SET detail_at = $1 WHERE id IN ({})",
            sql::placeholders(2, chunk.len())
        );
        let query = sqlx::query(sqlx::AssertSqlSafe(query)).bind(occasion.now.as_millisecond());
        sql::bind_all(query, chunk).execute(&mut *connection).await?;
    }
    Ok(())
}

fn bind_item<'q>(query: sql::Bound<'q>, feed: &Slug, item: &Item) -> sql::Bound<'q> {
    let image = item.image.as_ref().map(sql::json);
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
        .bind(sql::json(&item.enclosures))
        .bind(sql::json(&item.translations))
        .bind(item.retracted_at.map(|at| at.as_millisecond()))
}
