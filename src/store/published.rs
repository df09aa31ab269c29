//! What the output was last made from.

use std::collections::HashMap;

use sqlx::{Any, Executor, Row};

use super::{Store, StoreError, sql};
use crate::model::Slug;
use crate::newsletter::Token;

impl Store {
    /// What each feed was last published from, by its slug; absent if that is not what it would be
    /// published from now.
    pub async fn published(&self) -> Result<HashMap<String, String>, StoreError> {
        let rows =
            sqlx::query("SELECT feed, made_from FROM published").fetch_all(&self.pool).await?;
        rows.iter().map(|row| Ok((row.try_get("feed")?, row.try_get("made_from")?))).collect()
    }

    /// What one of them was last published from.
    pub async fn published_of(&self, feed: &str) -> Result<Option<String>, StoreError> {
        let row = sqlx::query("SELECT made_from FROM published WHERE feed = $1")
            .bind(feed)
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.map(|row| row.try_get("made_from")).transpose()?)
    }

    /// Puts down that these feeds are about to be written, before their items are read, and who does: if
    /// the items change meanwhile, or somebody else begins, that is forgotten.
    pub async fn note_publishing(
        &self,
        feeds: &[String],
        writer: &Token,
    ) -> Result<(), StoreError> {
        let writer = format!("?{writer}");
        if feeds.is_empty() {
            return Ok(());
        }
        let mut transaction = self.transaction().await?;
        for chunk in feeds.chunks(sql::VALUES / 2) {
            let query = format!(
                "INSERT INTO published (feed, made_from) VALUES {} \
                 ON CONFLICT (feed) DO UPDATE SET made_from = excluded.made_from",
                sql::rows(chunk.len(), 2)
            );
            let query = sqlx::query(sqlx::AssertSqlSafe(query));
            let bound = chunk.iter().fold(query, |query, feed| query.bind(feed).bind(&writer));
            bound.execute(&mut *transaction).await?;
        }
        transaction.commit().await
    }

    /// Puts down that the output of these feeds is on the disk, and what it was made from; nothing of
    /// those whose items have changed since it was begun, or that somebody else writes by now.
    pub async fn note_published(
        &self,
        made: &[(String, String)],
        writer: &Token,
    ) -> Result<(), StoreError> {
        let mut transaction = self.transaction().await?;
        for chunk in made.chunks(sql::VALUES / 2 - 1) {
            // Both databases name the columns of VALUES alike.
            let query = format!(
                "UPDATE published SET made_from = v.column2 FROM (VALUES {}) AS v \
                 WHERE feed = v.column1 AND made_from = ${}",
                sql::rows(chunk.len(), 2),
                chunk.len() * 2 + 1
            );
            let query = sqlx::query(sqlx::AssertSqlSafe(query));
            let bound = chunk.iter().fold(query, |query, (feed, made)| query.bind(feed).bind(made));
            bound.bind(format!("?{writer}")).execute(&mut *transaction).await?;
        }
        transaction.commit().await
    }
}

/// The items of a feed are others than those in its output.
pub(super) async fn note_unpublished<'e>(
    executor: impl Executor<'e, Database = Any>,
    feed: &Slug,
) -> Result<(), StoreError> {
    let query = sqlx::query("DELETE FROM published WHERE feed = $1");
    query.bind(feed.as_str()).execute(executor).await?;
    Ok(())
}
