//! Subscribers, and mailboxes that are never mailed again.

use std::collections::{HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::tally::{Kind, Tally, Whose};
use super::{Store, StoreError, sql};
use crate::hash;
use crate::mail::Mailbox;
use crate::newsletter::{Choice, Status, Subscriber, Token};

/// Columns of a subscriber, in the order in which they are bound.
pub(super) const COLUMNS: &str = "token, newsletter, email, mailbox, name, language, frequency, feeds, \
                       status, consent, created_at, changed_at";
const WIDTH: usize = 12;

/// The secret that hashes of mailboxes are made with.
const SALT: &str = "suppressions";

/// After this a bounce says nothing any more.
const FORGOTTEN: SignedDuration = SignedDuration::from_hours(90 * 24);

/// Bytes of such a hash.
const HASH: usize = 16;

/// Why a mailbox is never mailed again, and since when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suppression {
    pub reason: String,
    pub at: Timestamp,
}

/// What became of somebody who was to be subscribed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subscribed {
    Added,
    /// Was there already, with this status.
    Was(Status),
    Suppressed(Suppression),
}

impl Store {
    /// Subscribes those who are not, all of them or none; says in their order what became of each.
    pub async fn subscribe(
        &self,
        newsletter: &str,
        subscribers: &[Subscriber],
    ) -> Result<Vec<Subscribed>, StoreError> {
        let salt = self.secret(SALT).await?;
        let mut transaction = self.transaction().await?;
        sql::write_first(&mut transaction).await?;
        let mailboxes: Vec<String> = subscribers.iter().map(|one| one.mailbox.key()).collect();
        let suppressed = suppressed(&mut transaction, &salt, &mailboxes).await?;
        let wanted: Vec<&Subscriber> = subscribers
            .iter()
            .filter(|subscriber| !suppressed.contains_key(&subscriber.mailbox.key()))
            .collect();
        let mut added = HashSet::new();
        for chunk in wanted.chunks(sql::VALUES / WIDTH) {
            added.extend(insert(&mut transaction, newsletter, chunk).await?);
        }
        let known = statuses(&mut transaction, newsletter, &mailboxes).await?;
        let mut tally = Tally::default();
        // Of two in one file, the first.
        let mut joined = added.clone();
        let joined = wanted.iter().filter(|one| joined.remove(&one.mailbox.key()));
        joined.for_each(|one| tally.joined(newsletter, one));
        tally.put(&mut transaction).await?;
        transaction.commit().await?;
        let outcome = |mailbox: &String| match suppressed.get(mailbox) {
            Some(suppression) => Subscribed::Suppressed(suppression.clone()),
            // The second of two in one file was there already.
            None if added.remove(mailbox) => Subscribed::Added,
            None => Subscribed::Was(known.get(mailbox).copied().unwrap_or(Status::Active)),
        };
        Ok(mailboxes.iter().map(outcome).collect())
    }

    /// Ends or renews a subscription; false if there is none.
    pub async fn set_status(
        &self,
        newsletter: &str,
        mailbox: &Mailbox,
        status: Status,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut change = self.change(Whose::Mailbox(mailbox)).await?;
        let query = format!(
            "UPDATE subscribers SET status = $2, changed_at = $3, to_ask_at = 0 \
             WHERE newsletter = $1 AND {}",
            change.is_one(4)
        );
        let query = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(newsletter)
            .bind(status.as_str())
            .bind(now.as_millisecond());
        let done = sql::bind_all(query, &change.tokens).execute(&mut *change).await?;
        change.commit(now).await?;
        Ok(done.rows_affected() > 0)
    }

    /// Ends the subscription that a token belongs to; says whose it was, of what newsletter.
    pub async fn unsubscribe(
        &self,
        token: &Token,
        now: Timestamp,
    ) -> Result<Option<(String, Subscriber)>, StoreError> {
        let mut change = self.change(Whose::Token(token)).await?;
        let query = format!(
            "UPDATE subscribers SET status = $2, changed_at = $3, to_ask_at = 0 WHERE token = $1 \
             RETURNING {COLUMNS}"
        );
        let row = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(token.as_str())
            .bind(Status::Unsubscribed.as_str())
            .bind(now.as_millisecond())
            .fetch_optional(&mut *change)
            .await?;
        change.commit(now).await?;
        row.map(|row| Ok((row.try_get("newsletter")?, subscriber(&row)?))).transpose()
    }

    /// Whose a token is, of what newsletter.
    pub async fn by_token(
        &self,
        token: &Token,
    ) -> Result<Option<(String, Subscriber)>, StoreError> {
        let query = format!("SELECT {COLUMNS} FROM subscribers WHERE token = $1");
        let row = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(token.as_str())
            .fetch_optional(&self.pool)
            .await?;
        row.map(|row| Ok((row.try_get("newsletter")?, subscriber(&row)?))).transpose()
    }

    /// Counts an edition that was not taken; says how many there were, none of them long ago.
    pub async fn count_soft(&self, token: &Token, now: Timestamp) -> Result<u32, StoreError> {
        let row = sqlx::query(
            "UPDATE subscribers SET soft_at = $2, \
             soft = CASE WHEN soft_at > $3 THEN soft + 1 ELSE 1 END \
             WHERE token = $1 RETURNING soft",
        )
        .bind(token.as_str())
        .bind(now.as_millisecond())
        .bind((now - FORGOTTEN).as_millisecond())
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|row| row.try_get::<i64, _>("soft")).transpose()?.unwrap_or(0) as u32)
    }

    /// Forgets a mailbox: its subscriptions and what was delivered to it. What stays is a hash, by
    /// which it is never mailed again. Says how many subscriptions there were.
    pub async fn erase(&self, mailbox: &Mailbox, now: Timestamp) -> Result<u64, StoreError> {
        self.suppress(mailbox, "erased", now).await?;
        let mut change = self.change(Whose::Mailbox(mailbox)).await?;
        let query = format!(
            "DELETE FROM deliveries WHERE subscriber IN ({}) RETURNING edition, state",
            sql::placeholders(1, change.tokens.len())
        );
        let query = sql::bind_all(sqlx::query(sqlx::AssertSqlSafe(query)), &change.tokens);
        let rows = query.fetch_all(&mut *change).await?;
        for row in &rows {
            change.tally.add(Kind::Deliveries, row.try_get("edition")?, row.try_get("state")?, -1);
        }
        let query = format!("DELETE FROM subscribers WHERE {}", change.is_one(1));
        let query = sql::bind_all(sqlx::query(sqlx::AssertSqlSafe(query)), &change.tokens);
        let done = query.execute(&mut *change).await?;
        change.commit(now).await?;
        if !self.is_shared {
            // What is still written beside the file has the address, too, as long as the file is open.
            sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&self.pool).await?;
        }
        Ok(done.rows_affected())
    }

    /// Never mails a mailbox again; the first reason stays.
    pub async fn suppress(
        &self,
        mailbox: &Mailbox,
        reason: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let salt = self.secret(SALT).await?;
        let mut change = self.change(Whose::Mailbox(mailbox)).await?;
        sqlx::query(
            "INSERT INTO suppressions (mailbox, reason, at) VALUES ($1, $2, $3) \
             ON CONFLICT (mailbox) DO NOTHING",
        )
        .bind(hashed(&salt, &mailbox.key()))
        .bind(reason)
        .bind(now.as_millisecond())
        .execute(&mut *change)
        .await?;
        // Of whom a mailing is just about to mail, too.
        let query = format!(
            "UPDATE subscribers SET status = $1, changed_at = $2, to_ask_at = 0 WHERE {}",
            change.is_one(3)
        );
        let query = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(Status::Unsubscribed.as_str())
            .bind(now.as_millisecond());
        sql::bind_all(query, &change.tokens).execute(&mut *change).await?;
        change.commit(now).await
    }

    /// Those of mailboxes that are never mailed again.
    pub async fn suppressed(
        &self,
        mailboxes: &[String],
    ) -> Result<HashMap<String, Suppression>, StoreError> {
        let salt = self.secret(SALT).await?;
        let mut connection = self.pool.acquire().await?;
        suppressed(&mut connection, &salt, mailboxes).await
    }

    /// A page of the subscribers of a newsletter in the order of their mailboxes, beginning after
    /// one of them.
    pub async fn subscribers(
        &self,
        newsletter: &str,
        after: Option<&Mailbox>,
        most: usize,
    ) -> Result<Vec<Subscriber>, StoreError> {
        let query = format!(
            "SELECT {COLUMNS} FROM subscribers WHERE newsletter = $1 AND mailbox > $2 \
             ORDER BY mailbox LIMIT $3"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(newsletter)
            .bind(after.map(Mailbox::key).unwrap_or_default())
            .bind(most as i64)
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(subscriber).collect()
    }

    /// One subscriber of a newsletter.
    pub async fn subscriber(
        &self,
        newsletter: &str,
        mailbox: &Mailbox,
    ) -> Result<Option<Subscriber>, StoreError> {
        let query =
            format!("SELECT {COLUMNS} FROM subscribers WHERE newsletter = $1 AND mailbox = $2");
        let row = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(newsletter)
            .bind(mailbox.key())
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(subscriber).transpose()
    }

    /// Changes what a subscriber asked for. Who comes to another frequency misses nothing and gets
    /// nothing twice: their next edition begins where their last one ended.
    pub async fn choose(
        &self,
        newsletter: &str,
        mailbox: &Mailbox,
        choice: &Choice,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut change = self.change(Whose::Mailbox(mailbox)).await?;
        let query = format!(
            "UPDATE subscribers SET language = $2, feeds = $4, changed_at = $5, \
             since_at = CASE WHEN frequency = $3 THEN since_at ELSE COALESCE(since_at, \
             (SELECT MAX(until_at) FROM editions WHERE editions.newsletter = $1 \
              AND editions.frequency = subscribers.frequency), \
             (SELECT began_at FROM newsletters WHERE name = $1)) END, frequency = $3 \
             WHERE newsletter = $1 AND {}",
            change.is_one(6)
        );
        let query = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(newsletter)
            .bind(&choice.language)
            .bind(&choice.frequency)
            .bind(sql::json(&choice.feeds))
            .bind(now.as_millisecond());
        let done = sql::bind_all(query, &change.tokens).execute(&mut *change).await?;
        change.commit(now).await?;
        Ok(done.rows_affected() > 0)
    }

    /// How many came to a newsletter less those who left, on each day since 1970 on which that is not 0.
    pub async fn history(&self, newsletter: &str) -> Result<Vec<(i64, i64)>, StoreError> {
        let tally = self.tally(Kind::Days, newsletter).await?;
        let day = |(name, n): (String, i64)| match name.parse() {
            Ok(day) => Ok((day, n)),
            Err(_) => Err(StoreError::Foreign(format!("`{name}` is no day"))),
        };
        let mut days = tally.into_iter().map(day).collect::<Result<Vec<_>, _>>()?;
        days.sort();
        Ok(days)
    }

    /// How many subscribers a newsletter has, by status.
    pub async fn count_subscribers(
        &self,
        newsletter: &str,
    ) -> Result<Vec<(Status, u64)>, StoreError> {
        let tally = self.tally(Kind::Subscribers, newsletter).await?;
        tally.into_iter().map(|(name, n)| Ok((parsed(&name)?, n.unsigned_abs()))).collect()
    }

    /// How often the active subscribers of a newsletter want it, and how many want it so.
    pub async fn frequencies(&self, newsletter: &str) -> Result<Vec<(String, u64)>, StoreError> {
        let tally = self.tally(Kind::Frequencies, newsletter).await?;
        Ok(tally.into_iter().map(|(name, n)| (name, n.unsigned_abs())).collect())
    }

    /// A random value that is drawn once and stays.
    pub async fn secret(&self, name: &str) -> Result<String, StoreError> {
        let drawn = Token::draw();
        sqlx::query(
            "INSERT INTO secrets (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
        )
        .bind(name)
        .bind(drawn.as_str())
        .execute(&self.pool)
        .await?;
        let row = sqlx::query("SELECT value FROM secrets WHERE name = $1")
            .bind(name)
            .fetch_one(&self.pool)
            .await?;
        Ok(row.try_get("value")?)
    }
}

fn hashed(salt: &str, mailbox: &str) -> String {
    hash::keyed(salt, [mailbox], HASH)
}

async fn suppressed(
    connection: &mut AnyConnection,
    salt: &str,
    mailboxes: &[String],
) -> Result<HashMap<String, Suppression>, StoreError> {
    let hashes: HashMap<String, &String> =
        mailboxes.iter().map(|mailbox| (hashed(salt, mailbox), mailbox)).collect();
    let names: Vec<String> = hashes.keys().cloned().collect();
    let mut found = HashMap::new();
    for chunk in names.chunks(sql::CHUNK) {
        let query = format!(
            "SELECT mailbox, reason, at FROM suppressions WHERE mailbox IN ({})",
            sql::placeholders(1, chunk.len())
        );
        let query = sqlx::query(sqlx::AssertSqlSafe(query));
        for row in sql::bind_all(query, chunk).fetch_all(&mut *connection).await? {
            let (reason, at) = (row.try_get("reason")?, sql::time(row.try_get("at")?)?);
            if let Some(mailbox) = hashes.get(&row.try_get::<String, _>("mailbox")?) {
                found.insert((*mailbox).clone(), Suppression { reason, at });
            }
        }
    }
    Ok(found)
}

/// The mailboxes of those that were not there before.
async fn insert(
    connection: &mut AnyConnection,
    newsletter: &str,
    subscribers: &[&Subscriber],
) -> Result<Vec<String>, StoreError> {
    let query = format!(
        "INSERT INTO subscribers ({COLUMNS}) VALUES {} \
         ON CONFLICT (newsletter, mailbox) DO NOTHING RETURNING mailbox",
        sql::rows(subscribers.len(), WIDTH)
    );
    let mut query = sqlx::query(sqlx::AssertSqlSafe(query));
    for one in subscribers {
        query = query
            .bind(one.token.as_str())
            .bind(newsletter)
            .bind(one.mailbox.address())
            .bind(one.mailbox.key())
            .bind(one.mailbox.name())
            .bind(&one.choice.language)
            .bind(&one.choice.frequency)
            .bind(sql::json(&one.choice.feeds))
            .bind(one.status.as_str())
            .bind(sql::json(&one.consent))
            .bind(one.created_at.as_millisecond())
            .bind(one.created_at.as_millisecond());
    }
    let rows = query.fetch_all(connection).await?;
    rows.iter().map(|row| Ok(row.try_get("mailbox")?)).collect()
}

async fn statuses(
    connection: &mut AnyConnection,
    newsletter: &str,
    mailboxes: &[String],
) -> Result<HashMap<String, Status>, StoreError> {
    let mut found = HashMap::new();
    for chunk in mailboxes.chunks(sql::CHUNK) {
        let query = format!(
            "SELECT mailbox, status FROM subscribers WHERE newsletter = $1 AND mailbox IN ({})",
            sql::placeholders(2, chunk.len())
        );
        let query = sqlx::query(sqlx::AssertSqlSafe(query)).bind(newsletter);
        for row in sql::bind_all(query, chunk).fetch_all(&mut *connection).await? {
            found.insert(row.try_get("mailbox")?, status(&row)?);
        }
    }
    Ok(found)
}

fn status(row: &AnyRow) -> Result<Status, StoreError> {
    parsed(row.try_get("status")?)
}

fn parsed(text: &str) -> Result<Status, StoreError> {
    Status::parse(text).ok_or_else(|| StoreError::Foreign(format!("`{text}` is no status")))
}

pub(super) fn subscriber(row: &AnyRow) -> Result<Subscriber, StoreError> {
    let token: String = row.try_get("token")?;
    Ok(Subscriber {
        token: sql::token(&token)?,
        mailbox: sql::mailbox(row.try_get("name")?, row.try_get("email")?)?,
        choice: Choice {
            language: row.try_get("language")?,
            frequency: row.try_get("frequency")?,
            feeds: sql::parsed(row.try_get("feeds")?)?,
        },
        status: status(row)?,
        consent: sql::parsed(row.try_get("consent")?)?,
        created_at: sql::time(row.try_get("created_at")?)?,
    })
}
