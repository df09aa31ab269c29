//! How many there are of what is too many to be counted each time somebody asks: kept with every change,
//! in the transaction that makes it.

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};

use jiff::Timestamp;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::transaction::Transaction;
use super::{Store, StoreError, sql};
use crate::clock;
use crate::mail::Mailbox;
use crate::newsletter::{State, Status, Subscriber, Token};

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Deliveries of an edition, by state.
    Deliveries,
    /// Subscribers of a newsletter, by status.
    Subscribers,
    /// Active subscribers of a newsletter, by frequency.
    Frequencies,
    /// How many more active subscribers a newsletter had after a day than before, by the number of
    /// the day since 1970.
    Days,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Kind::Deliveries => "deliveries",
            Kind::Subscribers => "subscribers",
            Kind::Frequencies => "frequencies",
            Kind::Days => "days",
        }
    }
}

/// How many more or fewer there are.
#[derive(Debug, Default)]
pub struct Tally(BTreeMap<(Kind, String, String), i64>);

impl Tally {
    pub fn add(&mut self, kind: Kind, owner: &str, name: &str, n: i64) {
        *self.0.entry((kind, owner.to_owned(), name.to_owned())).or_default() += n;
    }

    /// Deliveries of an edition went from one state to another.
    pub fn turned(&mut self, edition: &str, from: State, to: State, n: u64) {
        self.add(Kind::Deliveries, edition, from.as_str(), -(n as i64));
        self.add(Kind::Deliveries, edition, to.as_str(), n as i64);
    }

    /// There is one more or one fewer who stands so with a newsletter.
    fn stands(&mut self, standing: &Standing, n: i64, now: Timestamp) {
        let Standing { newsletter, status, frequency } = standing;
        self.add(Kind::Subscribers, newsletter, status, n);
        if status == Status::Active.as_str() {
            self.add(Kind::Frequencies, newsletter, frequency, n);
            let day = clock::day(now);
            self.add(Kind::Days, newsletter, &day.to_string(), n);
        }
    }

    /// Somebody is subscribed who was not.
    pub fn joined(&mut self, newsletter: &str, subscriber: &Subscriber) {
        let standing = Standing {
            newsletter: newsletter.to_owned(),
            status: subscriber.status.as_str().to_owned(),
            frequency: subscriber.choice.frequency.clone(),
        };
        self.stands(&standing, 1, subscriber.created_at);
    }

    /// Puts it down, as the last thing before the end of a transaction: whoever counts the same waits
    /// until then. All do in one order, so that none waits for another that waits for it.
    pub async fn put(self, connection: &mut AnyConnection) -> Result<(), StoreError> {
        let changes: Vec<_> = self.0.into_iter().filter(|(_, n)| *n != 0).collect();
        for chunk in changes.chunks(sql::VALUES / 4) {
            let query = format!(
                "INSERT INTO tallies (kind, owner, name, n) VALUES {} \
                 ON CONFLICT (kind, owner, name) DO UPDATE SET n = tallies.n + excluded.n",
                sql::rows(chunk.len(), 4)
            );
            let mut query = sqlx::query(sqlx::AssertSqlSafe(query));
            for ((kind, owner, name), n) in chunk {
                query = query.bind(kind.as_str()).bind(owner).bind(name).bind(n);
            }
            query.execute(&mut *connection).await?;
        }
        Ok(())
    }
}

/// Whose subscriptions change: all of one mailbox, of whatever newsletter.
#[derive(Debug, Clone, Copy)]
pub enum Whose<'a> {
    /// Of whom this is one.
    Token(&'a Token),
    Mailbox(&'a Mailbox),
}

/// How somebody stands with a newsletter.
#[derive(Debug, PartialEq, Eq)]
struct Standing {
    newsletter: String,
    status: String,
    frequency: String,
}

/// A transaction in which the subscriptions of somebody change, who are counted before and after. They
/// are those that were there when it began: what another process adds meanwhile is its own to count.
#[derive(Debug)]
pub struct Change {
    transaction: Transaction,
    /// The tokens of the subscriptions, for [`sql::bind_all`]; an empty one, if there is none.
    pub tokens: Vec<String>,
    before: Vec<Standing>,
    /// What else is counted.
    pub tally: Tally,
}

impl Store {
    /// Begins to change subscriptions; nobody else changes them until that ends.
    pub(super) async fn change(&self, whose: Whose<'_>) -> Result<Change, StoreError> {
        let mut transaction = self.transaction().await?;
        let (condition, value) = match whose {
            Whose::Token(token) => (
                "mailbox = (SELECT mailbox FROM subscribers WHERE token = $1)",
                token.as_str().to_owned(),
            ),
            Whose::Mailbox(mailbox) => ("mailbox = $1", mailbox.key()),
        };
        let query = format!(
            "UPDATE subscribers SET mailbox = mailbox WHERE {condition} \
             RETURNING token, newsletter, status, frequency"
        );
        let query = sqlx::query(sqlx::AssertSqlSafe(query)).bind(value);
        let rows = query.fetch_all(&mut *transaction).await?;
        let before = rows.iter().map(standing).collect::<Result<_, StoreError>>()?;
        let token = |row: &AnyRow| Ok(row.try_get("token")?);
        let mut tokens = rows.iter().map(token).collect::<Result<Vec<String>, StoreError>>()?;
        if tokens.is_empty() {
            tokens.push(String::new());
        }
        Ok(Change { transaction, tokens, before, tally: Tally::default() })
    }

    /// What was counted of an edition or a newsletter, by name; what there is none of is left out.
    pub(super) async fn tally(
        &self,
        kind: Kind,
        owner: &str,
    ) -> Result<Vec<(String, i64)>, StoreError> {
        let rows =
            sqlx::query("SELECT name, n FROM tallies WHERE kind = $1 AND owner = $2 AND n <> 0")
                .bind(kind.as_str())
                .bind(owner)
                .fetch_all(&self.pool)
                .await?;
        let one = |row: &AnyRow| Ok((row.try_get("name")?, row.try_get("n")?));
        let mut tally = rows.iter().map(one).collect::<Result<Vec<(String, i64)>, StoreError>>()?;
        // Databases do not agree on the order of texts.
        tally.sort();
        Ok(tally)
    }
}

impl Change {
    /// True of these subscriptions, in SQL; the first of their tokens is bound as this parameter.
    pub fn is_one(&self, from: usize) -> String {
        format!("token IN ({})", sql::placeholders(from, self.tokens.len()))
    }

    pub async fn commit(mut self, now: Timestamp) -> Result<(), StoreError> {
        let query = format!(
            "SELECT newsletter, status, frequency FROM subscribers WHERE {}",
            self.is_one(1)
        );
        let query = sql::bind_all(sqlx::query(sqlx::AssertSqlSafe(query)), &self.tokens);
        let rows = query.fetch_all(&mut *self.transaction).await?;
        self.before.iter().for_each(|standing| self.tally.stands(standing, -1, now));
        for row in &rows {
            self.tally.stands(&standing(row)?, 1, now);
        }
        self.tally.put(&mut self.transaction).await?;
        self.transaction.commit().await
    }
}

impl Deref for Change {
    type Target = AnyConnection;

    fn deref(&self) -> &AnyConnection {
        &self.transaction
    }
}

impl DerefMut for Change {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        &mut self.transaction
    }
}

fn standing(row: &AnyRow) -> Result<Standing, StoreError> {
    Ok(Standing {
        newsletter: row.try_get("newsletter")?,
        status: row.try_get("status")?,
        frequency: row.try_get("frequency")?,
    })
}
