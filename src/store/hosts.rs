//! What politeness has to remember of hosts.

use sqlx::Row;

use super::save::Batch;
use super::{Store, StoreError, sql};
use crate::fetch::HostRow;

impl Store {
    pub async fn hosts(&self) -> Result<Vec<HostRow>, StoreError> {
        let rows = sqlx::query("SELECT host, free_at, robots, robots_at FROM hosts")
            .fetch_all(&self.pool)
            .await?;
        let host = |row: &sqlx::any::AnyRow| {
            let robots: Option<String> = row.try_get("robots")?;
            let at = row.try_get::<Option<i64>, _>("robots_at")?.map(sql::time).transpose()?;
            Ok(HostRow {
                host: row.try_get("host")?,
                free_at: sql::time(row.try_get("free_at")?)?,
                robots: robots.zip(at),
            })
        };
        rows.iter().map(host).collect()
    }
}

impl Batch {
    pub async fn note_hosts(&mut self, hosts: &[HostRow]) -> Result<(), StoreError> {
        for chunk in hosts.chunks(sql::VALUES / 4) {
            let query = format!(
                "INSERT INTO hosts (host, free_at, robots, robots_at) VALUES {} \
                 ON CONFLICT (host) DO UPDATE SET free_at = excluded.free_at, \
                 robots = excluded.robots, robots_at = excluded.robots_at",
                sql::rows(chunk.len(), 4)
            );
            let mut query = sqlx::query(sqlx::AssertSqlSafe(query));
            for host in chunk {
                let (text, at) = host.robots.as_ref().map(|(text, at)| (text, at)).unzip();
                query = query
                    .bind(&host.host)
                    .bind(host.free_at.as_millisecond())
                    .bind(text)
                    .bind(at.map(|at| at.as_millisecond()));
            }
            query.execute(self.connection()).await?;
        }
        Ok(())
    }
}
