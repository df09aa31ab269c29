//! What politeness has to remember of hosts.

use jiff::Timestamp;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::save::Batch;
use super::{Store, StoreError, sql};
use crate::fetch::HostRow;

impl Store {
    pub async fn hosts(&self) -> Result<Vec<HostRow>, StoreError> {
        let rows = sqlx::query("SELECT host, free_at, robots, robots_at, held_until FROM hosts")
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(host).collect()
    }

    /// Takes a host, or goes on having it: nobody else asks it for anything before `until`, unless what
    /// was asked is put down before. If somebody else has it, it is held until another moment.
    pub async fn take_host(
        &self,
        name: &str,
        holder: &str,
        (now, until): (Timestamp, Timestamp),
    ) -> Result<Result<HostRow, Timestamp>, StoreError> {
        let taken = sqlx::query(
            "INSERT INTO hosts (host, free_at, holder, held_until) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (host) DO UPDATE SET holder = excluded.holder, \
             held_until = excluded.held_until \
             WHERE hosts.held_until <= $2 OR hosts.holder = excluded.holder \
             RETURNING host, free_at, robots, robots_at, held_until",
        )
        .bind(name)
        .bind(now.as_millisecond())
        .bind(holder)
        .bind(until.as_millisecond())
        .fetch_optional(&self.pool)
        .await?;
        if let Some(row) = taken {
            return Ok(Ok(host(&row)?));
        }
        let row = sqlx::query("SELECT held_until FROM hosts WHERE host = $1")
            .bind(name)
            .fetch_one(&self.pool)
            .await?;
        Ok(Err(sql::time(row.try_get("held_until")?)?))
    }

    /// Puts down what hosts are owed; whoever else wants to ask one may, unless it was taken again.
    pub async fn note_hosts(&self, hosts: &[HostRow]) -> Result<(), StoreError> {
        let mut transaction = self.transaction().await?;
        note_hosts(&mut transaction, hosts).await?;
        transaction.commit().await
    }
}

fn host(row: &AnyRow) -> Result<HostRow, StoreError> {
    let robots: Option<String> = row.try_get("robots")?;
    let at = row.try_get::<Option<i64>, _>("robots_at")?.map(sql::time).transpose()?;
    Ok(HostRow {
        host: row.try_get("host")?,
        free_at: sql::time(row.try_get("free_at")?)?,
        robots: robots.zip(at),
        held_until: sql::time(row.try_get("held_until")?)?,
    })
}

impl Batch {
    /// The same with all else that is put down.
    pub async fn note_hosts(&mut self, hosts: &[HostRow]) -> Result<(), StoreError> {
        note_hosts(self.connection(), hosts).await
    }
}

async fn note_hosts(connection: &mut AnyConnection, hosts: &[HostRow]) -> Result<(), StoreError> {
    for chunk in hosts.chunks(sql::VALUES / 5) {
        let query = format!(
            "INSERT INTO hosts (host, free_at, robots, robots_at, held_until) VALUES {} \
             ON CONFLICT (host) DO UPDATE SET free_at = CASE \
             WHEN hosts.free_at > excluded.free_at THEN hosts.free_at ELSE excluded.free_at END, \
             robots = excluded.robots, robots_at = excluded.robots_at, held_until = \
             CASE WHEN hosts.held_until = excluded.held_until THEN 0 ELSE hosts.held_until END",
            sql::rows(chunk.len(), 5)
        );
        let mut query = sqlx::query(sqlx::AssertSqlSafe(query));
        for host in chunk {
            let (text, at) = host.robots.as_ref().map(|(text, at)| (text, at)).unzip();
            query = query
                .bind(&host.host)
                .bind(host.free_at.as_millisecond())
                .bind(text)
                .bind(at.map(|at| at.as_millisecond()))
                .bind(host.held_until.as_millisecond());
        }
        query.execute(&mut *connection).await?;
    }
    Ok(())
}
