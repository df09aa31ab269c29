//! Wishes and consents: who wants a newsletter, is asked by mail whether it was them, and says so.

use jiff::{SignedDuration, Timestamp};
use sqlx::Row;
use sqlx::any::AnyRow;

use super::subscribers::{COLUMNS, subscriber};
use super::tally::Whose;
use super::{Store, StoreError, sql};
use crate::mail::Mailbox;
use crate::newsletter::{Consent, Status, Subscriber, Token};

/// Wishes that are kept at most, until they are settled.
const WISHES: i64 = 1_000;

impl Store {
    /// Puts a wish down, whosever it is; false if there are too many that are not settled.
    pub async fn wish(&self, newsletter: &str, wish: &Subscriber) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "INSERT INTO wishes (token, newsletter, email, choice, consent, at) \
             SELECT $1, $2, $3, $4, $5, $6 WHERE (SELECT COUNT(*) FROM wishes) < $7",
        )
        .bind(wish.token.as_str())
        .bind(newsletter)
        .bind(wish.mailbox.address())
        .bind(sql::json(&wish.choice))
        .bind(sql::json(&wish.consent))
        .bind(wish.created_at.as_millisecond())
        .bind(WISHES)
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected() > 0)
    }

    /// The wishes that are not settled, in their order, each with its newsletter.
    pub async fn wishes(&self) -> Result<Vec<(String, Subscriber)>, StoreError> {
        let rows = sqlx::query(
            "SELECT token, newsletter, email, choice, consent, at FROM wishes ORDER BY at, token",
        )
        .fetch_all(&self.pool)
        .await?;
        let one = |row: &AnyRow| {
            let token: String = row.try_get("token")?;
            let wish = Subscriber {
                token: sql::token(&token)?,
                mailbox: sql::mailbox(String::new(), row.try_get("email")?)?,
                choice: sql::parsed(row.try_get("choice")?)?,
                status: Status::Pending,
                consent: sql::parsed(row.try_get("consent")?)?,
                created_at: sql::time(row.try_get("at")?)?,
            };
            Ok((row.try_get("newsletter")?, wish))
        };
        rows.iter().map(one).collect()
    }

    /// A wish is settled.
    pub async fn forget_wish(&self, token: &Token) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM wishes WHERE token = $1")
            .bind(token.as_str())
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Somebody who does not get a newsletter is to be asked whether they want it, with what was chosen
    /// now; a wait before they are asked goes on. Nothing if they get it, or were asked about it since
    /// a moment and may still answer. They keep their token, and who has left has until they are asked.
    pub async fn want(
        &self,
        newsletter: &str,
        wish: &Subscriber,
        since: Timestamp,
    ) -> Result<Option<Subscriber>, StoreError> {
        let query = format!(
            "UPDATE subscribers SET consent = $4, changed_at = $5, language = $6, \
             frequency = $7, feeds = $8, \
             to_ask_at = CASE WHEN to_ask_at > 0 THEN to_ask_at ELSE $5 END \
             WHERE newsletter = $1 AND mailbox = $2 AND status <> $9 \
             AND (status <> $3 OR asked_at <= $10) \
             RETURNING {COLUMNS}"
        );
        let row = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(newsletter)
            .bind(wish.mailbox.key())
            .bind(Status::Pending.as_str())
            .bind(sql::json(&wish.consent))
            .bind(wish.consent.asked_at.as_millisecond())
            .bind(&wish.choice.language)
            .bind(&wish.choice.frequency)
            .bind(sql::json(&wish.choice.feeds))
            .bind(Status::Active.as_str())
            .bind(since.as_millisecond())
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(subscriber).transpose()
    }

    /// Puts down that a mail is about to leave that asks somebody whether it was them, in these words;
    /// false if they did confirm, or if their mailbox was asked since a moment, for whatever newsletter.
    /// If whoever mails it dies, it is tried again when the lease ends.
    pub async fn ask(
        &self,
        token: &Token,
        consent: &Consent,
        (since, now, lease): (Timestamp, Timestamp, Timestamp),
    ) -> Result<bool, StoreError> {
        // Whoever asks the same mailbox about something else waits, and sees that it was asked.
        let mut change = self.change(Whose::Token(token)).await?;
        let done = sqlx::query(
            "UPDATE subscribers SET consent = $2, asked_at = $3, to_ask_at = $4, status = $5 \
             WHERE token = $1 AND status <> $7 AND NOT EXISTS \
             (SELECT 1 FROM subscribers AS other \
              WHERE other.mailbox = subscribers.mailbox AND other.asked_at > $6)",
        )
        .bind(token.as_str())
        .bind(sql::json(consent))
        .bind(now.as_millisecond())
        .bind(lease.as_millisecond())
        .bind(Status::Pending.as_str())
        .bind(since.as_millisecond())
        .bind(Status::Active.as_str())
        .execute(&mut *change)
        .await?;
        change.commit(now).await?;
        Ok(done.rows_affected() > 0)
    }

    /// Somebody is asked when their mailbox was not for so long, by whatever newsletter; as if they had
    /// wished it then.
    pub async fn ask_after(&self, token: &Token, wait: SignedDuration) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE subscribers SET to_ask_at = last.at + $2, changed_at = last.at + $2 \
             FROM (SELECT MAX(other.asked_at) AS at FROM subscribers AS other WHERE other.mailbox = \
             (SELECT mailbox FROM subscribers WHERE token = $1)) AS last \
             WHERE token = $1 AND to_ask_at > 0",
        )
        .bind(token.as_str())
        .bind(wait.as_millis() as i64)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Nothing has left to ask somebody: they are asked from a moment on, if another has not by then.
    pub async fn ask_at(&self, token: &Token, again: Timestamp) -> Result<(), StoreError> {
        sqlx::query("UPDATE subscribers SET to_ask_at = $2 WHERE token = $1 AND to_ask_at > 0")
            .bind(token.as_str())
            .bind(again.as_millisecond())
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// The mail that was to ask somebody has left.
    pub async fn was_asked(&self, token: &Token) -> Result<(), StoreError> {
        sqlx::query("UPDATE subscribers SET to_ask_at = 0 WHERE token = $1")
            .bind(token.as_str())
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// A mail was leaving that asks somebody, and has not left: they may be asked at once, and are from a
    /// moment on.
    pub async fn was_not_asked(&self, token: &Token, again: Timestamp) -> Result<(), StoreError> {
        sqlx::query("UPDATE subscribers SET asked_at = 0, to_ask_at = $2 WHERE token = $1")
            .bind(token.as_str())
            .bind(again.as_millisecond())
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Who is to be asked next, of those who are by now, with their newsletter; nobody else takes them
    /// before the lease ends. Whoever wanted it before `since` is left alone.
    pub async fn next_to_ask(
        &self,
        now: Timestamp,
        lease: Timestamp,
        since: Timestamp,
    ) -> Result<Option<(String, Subscriber)>, StoreError> {
        let query = format!(
            "UPDATE subscribers SET to_ask_at = $2 WHERE token = \
             (SELECT token FROM subscribers WHERE to_ask_at > 0 AND to_ask_at <= $1 \
              AND status <> $4 AND changed_at >= $3 ORDER BY to_ask_at, token LIMIT 1) \
             AND to_ask_at <= $1 RETURNING {COLUMNS}"
        );
        let row = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(now.as_millisecond())
            .bind(lease.as_millisecond())
            .bind(since.as_millisecond())
            .bind(Status::Active.as_str())
            .fetch_optional(&self.pool)
            .await?;
        row.map(|row| Ok((row.try_get("newsletter")?, subscriber(&row)?))).transpose()
    }

    /// What somebody was asked about, in other newsletters than one, and has not confirmed.
    pub async fn pending_of(
        &self,
        mailbox: &Mailbox,
        newsletter: &str,
    ) -> Result<Vec<(String, Token)>, StoreError> {
        let rows = sqlx::query(
            "SELECT newsletter, token FROM subscribers \
             WHERE mailbox = $1 AND status = $2 AND newsletter <> $3 ORDER BY newsletter",
        )
        .bind(mailbox.key())
        .bind(Status::Pending.as_str())
        .bind(newsletter)
        .fetch_all(&self.pool)
        .await?;
        rows.iter()
            .map(|row| {
                let token: String = row.try_get("token")?;
                Ok((row.try_get("newsletter")?, sql::token(&token)?))
            })
            .collect()
    }

    /// Puts down what somebody agreed to now.
    pub async fn set_consent(&self, token: &Token, consent: &Consent) -> Result<(), StoreError> {
        sqlx::query("UPDATE subscribers SET consent = $2 WHERE token = $1")
            .bind(token.as_str())
            .bind(sql::json(consent))
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Puts down that somebody has confirmed, and what they were shown if that is not known; false if
    /// nobody was asked.
    pub async fn confirm(
        &self,
        token: &Token,
        shown: Option<&str>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let Some((_, known)) = self.by_token(token).await? else { return Ok(false) };
        let text = known.consent.text.or_else(|| shown.map(str::to_owned));
        let consent = Consent { confirmed_at: Some(now), text, ..known.consent };
        let mut change = self.change(Whose::Token(token)).await?;
        let done = sqlx::query(
            "UPDATE subscribers SET status = $2, consent = $3, changed_at = $4 \
             WHERE token = $1 AND status = $5",
        )
        .bind(token.as_str())
        .bind(Status::Active.as_str())
        .bind(sql::json(&consent))
        .bind(now.as_millisecond())
        .bind(Status::Pending.as_str())
        .execute(&mut *change)
        .await?;
        change.commit(now).await?;
        Ok(done.rows_affected() > 0)
    }
}
