//! The health of sources.

use std::collections::HashSet;

use futures_util::TryStreamExt;
use jiff::Timestamp;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::{Store, StoreError, sql};
use crate::model::Slug;
use crate::normalize::usual::Usual;

/// What is remembered of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceRow {
    pub feed: String,
    pub location: String,
    pub checked_at: Timestamp,
    /// The last time it gave items.
    pub succeeded_at: Option<Timestamp>,
    pub next_check_at: Timestamp,
    pub verdict: String,
    /// What was wrong, a line each.
    pub message: Option<String>,
    /// Items found at the last look.
    pub found: usize,
    pub validators: Validators,
    /// What its first page gave when all was well.
    pub usual: Option<Usual>,
    /// Its listing is in another order at every request.
    pub moves: bool,
    /// A table of rules that find its items where those of its definition do not.
    pub proposal: Option<String>,
    /// What was last told to be wrong with it.
    pub told: Option<String>,
    /// Looks that failed since the last that did not.
    pub failures: usize,
    /// When it last gave something new.
    pub changed_at: Option<Timestamp>,
    /// How the last look came out, in a word.
    pub outcome: String,
}

/// What a server said to recognise a page by (RFC 9110, 8.8), exactly as received.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Validators {
    pub etag: Option<String>,
    pub last_modified: Option<String>,
    /// The rules under which the page was read: others have not seen it yet.
    pub read_with: Option<String>,
}

/// Marks the rules of a look that has left something over.
const UNFINISHED: char = '!';

impl Validators {
    /// What is remembered of a look that has left something over: the page is to be read again,
    /// changed or not.
    pub fn unfinished(rules: &str) -> Validators {
        Validators { read_with: Some(format!("{rules}{UNFINISHED}")), ..Validators::default() }
    }
}

impl SourceRow {
    /// It did not give what it should.
    pub fn is_bad(&self) -> bool {
        matches!(self.verdict.as_str(), "degraded" | "failed")
    }

    /// When a page was last looked at, if that was under other rules than these or not to the end.
    pub fn unread_since(&self, rules: &str) -> Option<Timestamp> {
        let is_read = self.validators.read_with.as_deref() == Some(rules);
        self.succeeded_at.filter(|_| !is_read && self.validators.read_with.is_some())
    }

    /// True if a page was last looked at under other rules than these.
    pub fn was_read_otherwise(&self, rules: &str) -> bool {
        let read_with = self.validators.read_with.as_deref();
        read_with.is_some_and(|read| read.trim_end_matches(UNFINISHED) != rules)
    }
}

const COLUMNS: [&str; 18] = [
    "feed",
    "location",
    "checked_at",
    "succeeded_at",
    "next_check_at",
    "verdict",
    "message",
    "found",
    "etag",
    "last_modified",
    "validated_for",
    "usual",
    "moves",
    "proposal",
    "told",
    "failures",
    "changed_at",
    "outcome",
];

impl Store {
    pub async fn source(
        &self,
        feed: &Slug,
        location: &str,
    ) -> Result<Option<SourceRow>, StoreError> {
        let columns = COLUMNS.join(", ");
        let query = format!("SELECT {columns} FROM sources WHERE feed = $1 AND location = $2");
        sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(feed.as_str())
            .bind(location)
            .fetch_optional(&self.pool)
            .await?
            .as_ref()
            .map(source_of)
            .transpose()
    }

    /// What is remembered of all sources, by feed and id.
    pub async fn sources(&self) -> Result<SourceRows, StoreError> {
        let columns = COLUMNS.join(", ");
        let query = format!("SELECT {columns} FROM sources");
        // One by one: as they come from the database they are several times as large.
        let mut found = sqlx::query(sqlx::AssertSqlSafe(query)).fetch(&self.pool);
        let mut rows = Vec::new();
        while let Some(row) = found.try_next().await? {
            rows.push(source_of(&row)?);
        }
        rows.sort_by(|one, other| one.key().cmp(&other.key()));
        rows.shrink_to_fit();
        Ok(SourceRows(rows))
    }
}

impl SourceRow {
    fn key(&self) -> (&str, &str) {
        (&self.feed, &self.location)
    }
}

/// What is remembered of sources, in the order of their keys.
#[derive(Debug, Default)]
pub struct SourceRows(Vec<SourceRow>);

impl SourceRows {
    pub fn get(&self, feed: &Slug, location: &str) -> Option<&SourceRow> {
        let at = self.0.binary_search_by(|row| row.key().cmp(&(feed.as_str(), location)));
        at.ok().map(|at| &self.0[at])
    }
}

impl Store {
    /// Which of these names a source passes over.
    pub async fn passed(
        &self,
        feed: &Slug,
        source: &str,
        names: &[String],
    ) -> Result<HashSet<String>, StoreError> {
        let mut passed = HashSet::new();
        for chunk in names.chunks(sql::CHUNK) {
            let query = format!(
                "SELECT name FROM passed WHERE feed = $1 AND source = $2 AND name IN ({})",
                sql::placeholders(3, chunk.len())
            );
            let mut query =
                sqlx::query(sqlx::AssertSqlSafe(query)).bind(feed.as_str()).bind(source);
            for name in chunk {
                query = query.bind(name);
            }
            for row in query.fetch_all(&self.pool).await? {
                passed.insert(row.try_get::<String, _>("name")?);
            }
        }
        Ok(passed)
    }

    /// Lets a source pass over these names from now on.
    pub async fn pass_over(
        &self,
        feed: &Slug,
        source: &str,
        names: &[String],
    ) -> Result<(), StoreError> {
        for chunk in names.chunks(sql::CHUNK) {
            let rows: Vec<String> = (0..chunk.len())
                .map(|row| format!("({})", sql::placeholders(row * 3 + 1, 3)))
                .collect();
            let query = format!(
                "INSERT INTO passed (feed, source, name) VALUES {} \
                 ON CONFLICT (feed, source, name) DO NOTHING",
                rows.join(", ")
            );
            let mut query = sqlx::query(sqlx::AssertSqlSafe(query));
            for name in chunk {
                query = query.bind(feed.as_str()).bind(source).bind(name);
            }
            query.execute(&self.pool).await?;
        }
        Ok(())
    }
}

pub(super) async fn upsert(
    connection: &mut AnyConnection,
    rows: &[SourceRow],
) -> Result<(), StoreError> {
    for chunk in rows.chunks(sql::VALUES / COLUMNS.len()) {
        let updates: Vec<String> =
            COLUMNS[2..].iter().map(|column| format!("{column} = excluded.{column}")).collect();
        let query = format!(
            "INSERT INTO sources ({}) VALUES {} ON CONFLICT (feed, location) DO UPDATE SET {}",
            COLUMNS.join(", "),
            sql::rows(chunk.len(), COLUMNS.len()),
            updates.join(", ")
        );
        let bound = chunk.iter().fold(sqlx::query(sqlx::AssertSqlSafe(query)), bind);
        bound.execute(&mut *connection).await?;
    }
    Ok(())
}

fn bind<'q>(query: sql::Bound<'q>, row: &'q SourceRow) -> sql::Bound<'q> {
    query
        .bind(&row.feed)
        .bind(&row.location)
        .bind(row.checked_at.as_millisecond())
        .bind(row.succeeded_at.map(|at| at.as_millisecond()))
        .bind(row.next_check_at.as_millisecond())
        .bind(&row.verdict)
        .bind(&row.message)
        .bind(row.found as i64)
        .bind(&row.validators.etag)
        .bind(&row.validators.last_modified)
        .bind(&row.validators.read_with)
        .bind(row.usual.as_ref().and_then(|usual| serde_json::to_string(usual).ok()))
        .bind(i64::from(row.moves))
        .bind(&row.proposal)
        .bind(&row.told)
        .bind(row.failures as i64)
        .bind(row.changed_at.map(|at| at.as_millisecond()))
        .bind(&row.outcome)
}

fn source_of(row: &AnyRow) -> Result<SourceRow, StoreError> {
    Ok(SourceRow {
        feed: row.try_get("feed")?,
        location: row.try_get("location")?,
        checked_at: sql::time(row.try_get("checked_at")?)?,
        succeeded_at: row.try_get::<Option<i64>, _>("succeeded_at")?.map(sql::time).transpose()?,
        next_check_at: sql::time(row.try_get("next_check_at")?)?,
        verdict: row.try_get("verdict")?,
        message: row.try_get("message")?,
        found: row.try_get::<i64, _>("found")?.try_into().unwrap_or_default(),
        validators: Validators {
            etag: row.try_get("etag")?,
            last_modified: row.try_get("last_modified")?,
            read_with: row.try_get("validated_for")?,
        },
        // What cannot be read is learnt again at the next look.
        usual: row
            .try_get::<Option<String>, _>("usual")?
            .and_then(|usual| serde_json::from_str(&usual).ok()),
        moves: row.try_get::<i64, _>("moves")? != 0,
        proposal: row.try_get("proposal")?,
        told: row.try_get("told")?,
        failures: row.try_get::<i64, _>("failures")?.try_into().unwrap_or_default(),
        changed_at: row.try_get::<Option<i64>, _>("changed_at")?.map(sql::time).transpose()?,
        outcome: row.try_get("outcome")?,
    })
}
