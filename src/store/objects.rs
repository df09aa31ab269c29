//! What was put into a bucket, so that it need not be asked for.

use sqlx::Row;
use sqlx::any::AnyRow;

use super::{Store, StoreError};

/// An object as it was put.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Of its bytes and of what is said of it.
    pub hash: String,
    /// What the store knows it by.
    pub etag: Option<String>,
    pub version: Option<String>,
}

/// What was put: its name, what was known before, and what is there now.
pub type Put = (String, Option<Object>, Object);

impl Store {
    /// What leads to everything else in a bucket: the files in no directory, and the RSS of each feed.
    pub async fn entrances(&self, output: &str) -> Result<Vec<(String, Object)>, StoreError> {
        // In the words of the index.
        let rows = sqlx::query(
            "SELECT name, hash, etag, version FROM objects \
             WHERE output = $1 AND (directory = '' OR name LIKE '%/feed.xml')",
        )
        .bind(output)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(named).collect()
    }

    /// The objects of a directory, with those of the directories in it.
    pub async fn objects(
        &self,
        output: &str,
        directory: &str,
    ) -> Result<Vec<(String, Object)>, StoreError> {
        let rows = sqlx::query(
            "SELECT name, hash, etag, version FROM objects WHERE output = $1 AND directory = $2",
        )
        .bind(output)
        .bind(directory)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(named).collect()
    }

    pub async fn object(&self, output: &str, name: &str) -> Result<Option<Object>, StoreError> {
        let row = sqlx::query(
            "SELECT name, hash, etag, version FROM objects WHERE output = $1 AND name = $2",
        )
        .bind(output)
        .bind(name)
        .fetch_optional(&self.pool)
        .await?;
        row.as_ref().map(object).transpose()
    }

    /// Puts down what is in a bucket now; false if somebody else has put down something meanwhile, which
    /// stays.
    pub async fn note_objects(&self, output: &str, put: &[Put]) -> Result<bool, StoreError> {
        let (mut transaction, mut are_all_noted) = (self.transaction().await?, true);
        for (name, before, now) in put {
            let before = before.as_ref().and_then(|before| before.etag.as_deref());
            let done = sqlx::query(
                "INSERT INTO objects (output, name, hash, etag, version, directory) \
                 VALUES ($1, $2, $3, $4, $5, $7) ON CONFLICT (output, name) DO UPDATE SET hash = excluded.hash, etag = excluded.etag, \
                 version = excluded.version WHERE objects.etag = $6 OR objects.etag = $4",
            )
            .bind(output)
            .bind(name)
            .bind(&now.hash)
            .bind(now.etag.as_deref().unwrap_or_default())
            .bind(now.version.as_deref().unwrap_or_default())
            .bind(before.unwrap_or_default())
            .bind(name.split_once('/').map_or("", |(directory, _)| directory))
            .execute(&mut *transaction)
            .await?;
            are_all_noted &= done.rows_affected() > 0;
        }
        transaction.commit().await?;
        Ok(are_all_noted)
    }
}

fn named(row: &AnyRow) -> Result<(String, Object), StoreError> {
    Ok((row.try_get("name")?, object(row)?))
}

fn object(row: &AnyRow) -> Result<Object, StoreError> {
    let (etag, version): (String, String) = (row.try_get("etag")?, row.try_get("version")?);
    let known = |text: String| (!text.is_empty()).then_some(text);
    Ok(Object { hash: row.try_get("hash")?, etag: known(etag), version: known(version) })
}
