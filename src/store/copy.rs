//! From one database to another: all that is remembered, row by row, and whether it came over.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use sqlx::any::{AnyRow, AnyTypeInfoKind};
use sqlx::{Column, Row, ValueRef};

use super::{Store, StoreError, sql};

/// What is remembered, by tables and their keys. What only holds while a process runs stays behind.
const TABLES: [(&str, &[&str]); 20] = [
    ("sources", &["feed", "location"]),
    ("items", &["id"]),
    ("aliases", &["feed", "alias"]),
    ("listings", &["feed", "source", "item"]),
    ("passed", &["feed", "source", "name"]),
    ("published", &["feed"]),
    ("objects", &["output", "name"]),
    ("hosts", &["host"]),
    ("events", &["feed", "source", "at"]),
    ("pings", &["topic"]),
    ("newsletters", &["name"]),
    ("secrets", &["name"]),
    ("suppressions", &["mailbox"]),
    ("subscribers", &["token"]),
    ("wishes", &["token"]),
    ("editions", &["id"]),
    ("variants", &["edition", "number"]),
    ("exclusions", &["newsletter", "item"]),
    ("deliveries", &["subscriber", "edition"]),
    ("tallies", &["kind", "owner", "name"]),
];

/// Rows that are read at once.
const PAGE: usize = 500;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Value {
    Null,
    Text(String),
    Number(i64),
}

/// How many rows a table has, and a sum over them that does not go by their order.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Sum {
    rows: u64,
    hash: [u8; 16],
}

impl Sum {
    fn add(&mut self, row: &[Value]) {
        let mut hash = Sha256::new();
        for value in row {
            match value {
                Value::Null => hash.update([0]),
                Value::Text(text) => {
                    hash.update([1]);
                    hash.update((text.len() as u64).to_le_bytes());
                    hash.update(text);
                }
                Value::Number(number) => {
                    hash.update([2]);
                    hash.update(number.to_le_bytes());
                }
            }
        }
        self.rows += 1;
        self.hash.iter_mut().zip(hash.finalize()).for_each(|(sum, byte)| *sum ^= byte);
    }
}

impl Store {
    /// Copies all that is remembered, and reads both again to see that it is the same. Goes on where it
    /// was broken off, as what is there already is put down again. Says how many rows each table has.
    pub async fn copy_to(&self, other: &Store) -> Result<BTreeMap<&'static str, u64>, StoreError> {
        for (table, key) in TABLES {
            let mut after = None;
            loop {
                let (columns, rows) = self.page(table, key, after.as_deref()).await?;
                let Some(last) = rows.last() else { break };
                after = Some(key_of(&columns, key, last));
                other.put(table, key, &columns, &rows).await?;
            }
        }
        let mut counts = BTreeMap::new();
        for (table, key) in TABLES {
            let (here, there) = (self.sum(table, key).await?, other.sum(table, key).await?);
            if here != there {
                return Err(StoreError::Different(table, here.rows, there.rows));
            }
            counts.insert(table, here.rows);
        }
        Ok(counts)
    }

    async fn sum(&self, table: &str, key: &[&str]) -> Result<Sum, StoreError> {
        let (mut sum, mut after) = (Sum::default(), None);
        loop {
            let (columns, rows) = self.page(table, key, after.as_deref()).await?;
            let Some(last) = rows.last() else { return Ok(sum) };
            after = Some(key_of(&columns, key, last));
            rows.iter().for_each(|row| sum.add(row));
        }
    }

    /// Rows in the order of their keys, beginning after one of them.
    async fn page(
        &self,
        table: &str,
        key: &[&str],
        after: Option<&[Value]>,
    ) -> Result<(Vec<String>, Vec<Vec<Value>>), StoreError> {
        let keys = key.join(", ");
        let from = match after {
            Some(_) => format!("WHERE ({keys}) > ({})", sql::placeholders(1, key.len())),
            None => String::new(),
        };
        let query = format!("SELECT * FROM {table} {from} ORDER BY {keys} LIMIT {PAGE}");
        let query = sqlx::query(sqlx::AssertSqlSafe(query));
        let bound = after.unwrap_or_default().iter().fold(query, bind);
        let rows = bound.fetch_all(&self.pool).await?;
        let columns = rows.first().map(|row| row.columns().to_vec()).unwrap_or_default();
        let columns = columns.iter().map(|column| column.name().to_owned()).collect();
        Ok((columns, rows.iter().map(values).collect::<Result<_, StoreError>>()?))
    }

    async fn put(
        &self,
        table: &str,
        key: &[&str],
        columns: &[String],
        rows: &[Vec<Value>],
    ) -> Result<(), StoreError> {
        let updates = columns.iter().map(|column| format!("{column} = excluded.{column}"));
        let updates = updates.collect::<Vec<_>>().join(", ");
        let mut transaction = self.transaction().await?;
        for chunk in rows.chunks((sql::VALUES / columns.len().max(1)).max(1)) {
            let mut bound = Vec::new();
            let row = |row: &'_ Vec<Value>, bound: &mut Vec<Value>| {
                let value = |value: &Value| match value {
                    // A parameter would need a type.
                    Value::Null => "NULL".to_owned(),
                    value => {
                        bound.push(value.clone());
                        format!("${}", bound.len())
                    }
                };
                format!("({})", row.iter().map(value).collect::<Vec<_>>().join(", "))
            };
            let values: Vec<String> = chunk.iter().map(|one| row(one, &mut bound)).collect();
            let query = format!(
                "INSERT INTO {table} ({}) VALUES {} ON CONFLICT ({}) DO UPDATE SET {updates}",
                columns.join(", "),
                values.join(", "),
                key.join(", ")
            );
            let query = sqlx::query(sqlx::AssertSqlSafe(query));
            bound.iter().fold(query, bind).execute(&mut *transaction).await?;
        }
        transaction.commit().await
    }
}

fn bind<'q>(query: sql::Bound<'q>, value: &Value) -> sql::Bound<'q> {
    match value {
        Value::Null => query.bind(None::<String>),
        Value::Text(text) => query.bind(text.clone()),
        Value::Number(number) => query.bind(*number),
    }
}

fn values(row: &AnyRow) -> Result<Vec<Value>, StoreError> {
    let value = |at: usize| {
        let raw = row.try_get_raw(at)?;
        if raw.is_null() {
            return Ok(Value::Null);
        }
        Ok(match raw.type_info().kind() {
            AnyTypeInfoKind::Text => Value::Text(row.try_get(at)?),
            _ => Value::Number(row.try_get(at)?),
        })
    };
    (0..row.len()).map(value).collect()
}

fn key_of(columns: &[String], key: &[&str], row: &[Value]) -> Vec<Value> {
    let at = |name: &&str| columns.iter().position(|column| column == name);
    key.iter().filter_map(at).map(|at| row[at].clone()).collect()
}
