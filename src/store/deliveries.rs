//! The ledger of deliveries: what is about to leave, what has, and what the relay said.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use jiff::Timestamp;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::tally::{Kind, Tally};
use super::{Store, StoreError, sql};
use crate::mail::Mailbox;
use crate::newsletter::{EditionState, State, Status, Token};

/// A delivery that was claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    pub edition: String,
    pub token: Token,
    pub mailbox: Mailbox,
    pub variant: i64,
    /// This one included.
    pub attempts: u32,
}

impl Claimed {
    /// It takes a turn at a moment.
    pub fn turn(&self, state: State, now: Timestamp) -> Turn {
        Turn {
            edition: self.edition.clone(),
            token: self.token.clone(),
            state,
            due_at: now,
            handed_at: None,
            reply: None,
            is_no_attempt: false,
            attempt: self.attempts,
        }
    }
}

/// A delivery takes a turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    pub edition: String,
    pub token: Token,
    pub state: State,
    /// When it is next to be tried.
    pub due_at: Timestamp,
    /// When it left, if it did now.
    pub handed_at: Option<Timestamp>,
    /// What the relay said, or what went wrong.
    pub reply: Option<String>,
    /// It counts as if it had not been tried.
    pub is_no_attempt: bool,
    /// Which attempt it is of: what was claimed by another meanwhile is theirs.
    pub attempt: u32,
}

/// A delivery as people are told of it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Told {
    pub address: String,
    pub state: State,
    pub attempts: u32,
    pub due_at: Timestamp,
    pub reply: Option<String>,
}

/// Editions and subscribers whose deliveries took a turn, and of which attempt: a process may have claimed
/// one again that another took from it.
pub type Noted = HashSet<(String, Token, u32)>;

/// Columns of a turn that are bound.
const WIDTH: usize = 8;

impl Store {
    /// Editions that somebody got or was to get, and what became of each, the newest first.
    pub async fn received(&self, token: &Token) -> Result<Vec<(String, State)>, StoreError> {
        let rows = sqlx::query(
            "SELECT edition, state FROM deliveries WHERE subscriber = $1 ORDER BY due_at DESC, edition",
        )
        .bind(token.as_str())
        .fetch_all(&self.pool)
        .await?;
        let one = |row: &AnyRow| Ok((row.try_get("edition")?, sql::state(row.try_get("state")?)?));
        rows.iter().map(one).collect()
    }

    /// Claims deliveries of an edition that are due; those of subscribers who have left, or are
    /// never mailed again, are put down as suppressed instead. Says how many were taken in all:
    /// none, if none is due.
    pub async fn claim(
        &self,
        edition: &str,
        now: Timestamp,
        until: Timestamp,
        most: usize,
    ) -> Result<(usize, Vec<Claimed>), StoreError> {
        let mut taken = Vec::new();
        for state in [State::Due, State::Deferred] {
            if taken.len() < most {
                let left = most - taken.len();
                taken.extend(self.take(edition, state, now, until, left).await?);
            }
        }
        let tokens: Vec<String> = taken.iter().map(|(token, ..)| token.clone()).collect();
        let query = format!(
            "SELECT token, name, email, status FROM subscribers WHERE token IN ({})",
            sql::placeholders(1, tokens.len().max(1))
        );
        let query = sqlx::query(sqlx::AssertSqlSafe(query));
        let query = if tokens.is_empty() { query.bind("") } else { sql::bind_all(query, &tokens) };
        let mut people = std::collections::HashMap::new();
        for row in query.fetch_all(&self.pool).await? {
            let mailbox = sql::mailbox(row.try_get("name")?, row.try_get("email")?)?;
            let status: String = row.try_get("status")?;
            people.insert(row.try_get::<String, _>("token")?, (mailbox, status));
        }
        let mailboxes: Vec<String> = people.values().map(|(mailbox, _)| mailbox.key()).collect();
        let never = self.suppressed(&mailboxes).await?;
        let count = taken.len();
        let (mut claimed, mut turns) = (Vec::new(), Vec::new());
        for (token, variant, attempts) in taken {
            let token = sql::token(&token)?;
            let reason = match people.remove(token.as_str()) {
                Some((mailbox, status)) => match never.get(&mailbox.key()) {
                    None if status == Status::Active.as_str() => {
                        let edition = edition.to_owned();
                        claimed.push(Claimed { edition, token, mailbox, variant, attempts });
                        continue;
                    }
                    None => "has left".to_owned(),
                    Some(suppression) => format!("is never mailed again: {}", suppression.reason),
                },
                None => "has left".to_owned(),
            };
            turns.push(Turn {
                edition: edition.to_owned(),
                token,
                state: State::Suppressed,
                due_at: now,
                handed_at: None,
                reply: Some(reason),
                is_no_attempt: true,
                attempt: attempts,
            });
        }
        self.note_turns(&turns).await?;
        Ok((count, claimed))
    }

    async fn take(
        &self,
        edition: &str,
        state: State,
        now: Timestamp,
        until: Timestamp,
        most: usize,
    ) -> Result<Vec<(String, i64, u32)>, StoreError> {
        // Whoever claims at the same time takes others.
        let apart = if self.is_shared { "FOR UPDATE SKIP LOCKED" } else { "" };
        let query = format!(
            "WITH next AS (SELECT subscriber FROM deliveries \
             WHERE edition = $1 AND state = $2 AND due_at <= $3 ORDER BY due_at LIMIT $6 {apart}) \
             UPDATE deliveries SET was = state, state = $4, claimed_until = $5, \
             attempts = attempts + 1 \
             WHERE edition = $1 AND subscriber IN (SELECT subscriber FROM next) \
             AND state = $2 AND EXISTS (SELECT 1 FROM editions WHERE id = $1 AND editions.state = $7 \
             AND editions.release_at <= $3) \
             RETURNING subscriber, variant, attempts"
        );
        let mut transaction = self.transaction().await?;
        let rows = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(edition)
            .bind(state.as_str())
            .bind(now.as_millisecond())
            .bind(State::Claimed.as_str())
            .bind(until.as_millisecond())
            .bind(most as i64)
            .bind(EditionState::Open.as_str())
            .fetch_all(&mut *transaction)
            .await?;
        let mut tally = Tally::default();
        tally.turned(edition, state, State::Claimed, rows.len() as u64);
        tally.put(&mut transaction).await?;
        transaction.commit().await?;
        let taken = |row: &AnyRow| {
            let attempts = row.try_get::<i64, _>("attempts")? as u32;
            Ok((row.try_get("subscriber")?, row.try_get("variant")?, attempts))
        };
        rows.iter().map(taken).collect()
    }

    /// Puts down what deliveries have come to: all of it or nothing. Says which of them did: what is
    /// about to leave may not, if the subscriber has left meanwhile, the edition is held, or another
    /// process has claimed it.
    pub async fn note_turns(&self, turns: &[Turn]) -> Result<Noted, StoreError> {
        let mut noted = Noted::new();
        if turns.is_empty() {
            return Ok(noted);
        }
        let mut transaction = self.transaction().await?;
        let mut tally = Tally::default();
        if self.is_shared {
            // Nobody takes an edition back of which something is about to leave.
            let editions: BTreeSet<&String> = turns.iter().map(|turn| &turn.edition).collect();
            for edition in editions {
                sqlx::query("SELECT id FROM editions WHERE id = $1 FOR SHARE")
                    .bind(edition)
                    .execute(&mut *transaction)
                    .await?;
            }
        }
        for chunk in turns.chunks(sql::VALUES / WIDTH) {
            // Both databases name the columns of VALUES alike.
            let row = |n: usize| {
                let p = |k: usize| n * WIDTH + k;
                format!(
                    "(${}, ${}, ${}, CAST(${} AS BIGINT), CAST(${} AS BIGINT), ${}, \
                     CAST(${} AS BIGINT), CAST(${} AS BIGINT))",
                    p(1),
                    p(2),
                    p(3),
                    p(4),
                    p(5),
                    p(6),
                    p(7),
                    p(8)
                )
            };
            let rows: Vec<String> = (0..chunk.len()).map(row).collect();
            let query = format!(
                "UPDATE deliveries SET was = state, state = v.column3, due_at = v.column4, \
                 handed_at = COALESCE(v.column5, handed_at), reply = COALESCE(v.column6, reply), \
                 attempts = attempts - v.column7 \
                 FROM (VALUES {}) AS v \
                 WHERE edition = v.column1 AND subscriber = v.column2 AND attempts = v.column8 \
                 AND (v.column3 <> '{}' OR \
                 (deliveries.state = '{}' AND EXISTS (SELECT 1 FROM subscribers WHERE token = v.column2 AND status = '{}') \
                 AND EXISTS (SELECT 1 FROM editions WHERE id = v.column1 AND editions.state = '{}'))) \
                 RETURNING edition, subscriber, attempts, was, state",
                rows.join(", "),
                State::Handed.as_str(),
                State::Claimed.as_str(),
                Status::Active.as_str(),
                EditionState::Open.as_str()
            );
            let mut query = sqlx::query(sqlx::AssertSqlSafe(query));
            for turn in chunk {
                query = query
                    .bind(&turn.edition)
                    .bind(turn.token.as_str())
                    .bind(turn.state.as_str())
                    .bind(turn.due_at.as_millisecond())
                    .bind(turn.handed_at.map(|at| at.as_millisecond()))
                    .bind(&turn.reply)
                    .bind(i64::from(turn.is_no_attempt))
                    .bind(i64::from(turn.attempt));
            }
            for row in query.fetch_all(&mut *transaction).await? {
                let token: String = row.try_get("subscriber")?;
                let attempts = row.try_get::<i64, _>("attempts")? as u32;
                let edition: String = row.try_get("edition")?;
                let (was, is) = (row.try_get("was")?, row.try_get("state")?);
                tally.turned(&edition, sql::state(was)?, sql::state(is)?, 1);
                noted.insert((edition, sql::token(&token)?, attempts));
            }
        }
        tally.put(&mut transaction).await?;
        transaction.commit().await?;
        Ok(noted)
    }

    /// Settles what a run that is no more has left: what it had only claimed is due again, what it
    /// had handed over becomes `handed` - uncertain, unless the way it left by tells. Only claims
    /// that have run out, or all if it is known that nobody else is at work.
    pub async fn recover(
        &self,
        handed: State,
        now: Timestamp,
        nobody_works: bool,
    ) -> Result<u64, StoreError> {
        let ran_out = if nobody_works { Timestamp::MAX } else { now };
        let mut transaction = self.transaction().await?;
        let mut tally = Tally::default();
        let mut unsettled = 0;
        for (from, to) in [(State::Handed, handed), (State::Claimed, State::Due)] {
            let rows = sqlx::query(
                "UPDATE deliveries SET was = state, state = $2 WHERE state = $1 \
                 AND claimed_until <= $3 \
                 AND edition IN (SELECT id FROM editions WHERE state <> 'sent') RETURNING edition",
            )
            .bind(from.as_str())
            .bind(to.as_str())
            .bind(ran_out.as_millisecond())
            .fetch_all(&mut *transaction)
            .await?;
            for row in &rows {
                tally.turned(row.try_get("edition")?, from, to, 1);
            }
            if from == State::Handed {
                unsettled = rows.len() as u64;
            }
        }
        tally.put(&mut transaction).await?;
        transaction.commit().await?;
        Ok(unsettled)
    }

    /// Makes deliveries of an edition due that are in one of these states, and opens it; says how many.
    pub async fn try_again(
        &self,
        edition: &str,
        states: &[State],
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let mut count = 0;
        let mut tally = Tally::default();
        let mut transaction = self.transaction().await?;
        // Nobody forgets what is tried again.
        lock_edition(&mut transaction, edition).await?;
        for state in states {
            let done = sqlx::query(
                "UPDATE deliveries SET was = state, state = $3, due_at = $4 \
                 WHERE edition = $1 AND state = $2",
            )
            .bind(edition)
            .bind(state.as_str())
            .bind(State::Due.as_str())
            .bind(now.as_millisecond())
            .execute(&mut *transaction)
            .await?;
            tally.turned(edition, *state, State::Due, done.rows_affected());
            count += done.rows_affected();
        }
        if count > 0 {
            sqlx::query("UPDATE editions SET state = $2 WHERE id = $1")
                .bind(edition)
                .bind(EditionState::Open.as_str())
                .execute(&mut *transaction)
                .await?;
        }
        tally.put(&mut transaction).await?;
        transaction.commit().await?;
        Ok(count)
    }

    /// When messages left since a moment, the latest first, no more than `most`.
    pub async fn handed_since(
        &self,
        since: Timestamp,
        most: usize,
    ) -> Result<Vec<Timestamp>, StoreError> {
        let rows = sqlx::query(
            "SELECT handed_at FROM deliveries WHERE handed_at > $1 ORDER BY handed_at DESC LIMIT $2",
        )
        .bind(since.as_millisecond())
        .bind(most as i64)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(|row| sql::time(row.try_get("handed_at")?)).collect()
    }

    /// How many deliveries of an edition there are, by state, or were, if they are not kept any more.
    pub async fn count_deliveries(&self, id: &str) -> Result<BTreeMap<State, u64>, StoreError> {
        let tally = self.tally(Kind::Deliveries, id).await?;
        tally.into_iter().map(|(name, n)| Ok((sql::state(&name)?, n.unsigned_abs()))).collect()
    }

    /// Some deliveries of an edition in a state, by address.
    pub async fn deliveries(
        &self,
        edition: &str,
        state: State,
        most: usize,
    ) -> Result<Vec<Told>, StoreError> {
        let rows = sqlx::query(
            "SELECT email, state, attempts, due_at, reply FROM \
             (SELECT subscriber, state, attempts, due_at, reply FROM deliveries \
              WHERE edition = $1 AND state = $2 ORDER BY due_at LIMIT $3) AS first \
             JOIN subscribers ON token = subscriber",
        )
        .bind(edition)
        .bind(state.as_str())
        .bind(most as i64)
        .fetch_all(&self.pool)
        .await?;
        let told = |row: &AnyRow| {
            Ok(Told {
                address: row.try_get("email")?,
                state: sql::state(row.try_get("state")?)?,
                attempts: row.try_get::<i64, _>("attempts")? as u32,
                due_at: sql::time(row.try_get("due_at")?)?,
                reply: row.try_get("reply")?,
            })
        };
        let mut told = rows.iter().map(told).collect::<Result<Vec<_>, StoreError>>()?;
        told.sort_by(|one, other| one.address.cmp(&other.address));
        Ok(told)
    }

    /// The editions that left for a subscriber, the latest first.
    pub async fn editions_of(&self, token: &Token) -> Result<Vec<String>, StoreError> {
        // Asked for those that left, a server may look through all that ever did, of whomever.
        let rows = sqlx::query("SELECT edition, handed_at FROM deliveries WHERE subscriber = $1")
            .bind(token.as_str())
            .fetch_all(&self.pool)
            .await?;
        let one = |row: &AnyRow| Ok((row.try_get("handed_at")?, row.try_get("edition")?));
        let mut editions: Vec<(Option<i64>, String)> =
            rows.iter().map(one).collect::<Result<_, StoreError>>()?;
        editions.retain(|(handed_at, _)| handed_at.is_some());
        editions.sort_by(|one, other| other.cmp(one));
        Ok(editions.into_iter().map(|(_, edition)| edition).collect())
    }

    /// Puts down that what had left came back; false if that is known.
    pub async fn note_bounce(
        &self,
        edition: &str,
        token: &Token,
        reply: &str,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.transaction().await?;
        let row = sqlx::query(
            "UPDATE deliveries SET was = state, state = $3, reply = $4 \
             WHERE edition = $1 AND subscriber = $2 AND state IN ($5, $6) RETURNING was",
        )
        .bind(edition)
        .bind(token.as_str())
        .bind(State::Failed.as_str())
        .bind(reply)
        .bind(State::Accepted.as_str())
        .bind(State::Uncertain.as_str())
        .fetch_optional(&mut *transaction)
        .await?;
        let mut tally = Tally::default();
        if let Some(row) = &row {
            tally.turned(edition, sql::state(row.try_get("was")?)?, State::Failed, 1);
        }
        tally.put(&mut transaction).await?;
        transaction.commit().await?;
        Ok(row.is_some())
    }
}

/// Whoever settles something about an edition waits until the transaction ends.
pub(super) async fn lock_edition(
    connection: &mut AnyConnection,
    edition: &str,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE editions SET state = state WHERE id = $1")
        .bind(edition)
        .execute(connection)
        .await?;
    Ok(())
}
