//! Editions: frozen once, delivered until nobody waits for them.

use std::collections::HashSet;

use jiff::Timestamp;
use sqlx::Row;
use sqlx::any::AnyRow;

use super::deliveries::lock_edition;
use super::save::closed_at;
use super::tally::{Kind, Tally};
use super::{Store, StoreError, sql};
use crate::model::ItemId;
use crate::newsletter::archive::Page;
use crate::newsletter::{Choice, Edition, EditionState, Group, State, Status, Variant};

const COLUMNS: &str = "id, newsletter, frequency, from_at, until_at, state, reason, release_at, \
                       opened_at, fresh";

/// Something of an edition has left, or may have.
const HAS_LEFT: &str = "EXISTS (SELECT 1 FROM tallies WHERE kind = 'deliveries' \
                        AND owner = editions.id AND name IN ('handed', 'accepted', 'uncertain'))";

/// Editions of a newsletter of which something has left, those that come with it alone.
fn is_mailed() -> String {
    format!("newsletter = $1 AND frequency = '' AND page <> '' AND (state = $2 OR {HAS_LEFT})")
}

/// Which subscribers a variant is for.
const IS_FOR: &str = "variants.language = subscribers.language \
                      AND variants.feeds = subscribers.feeds \
                      AND COALESCE(variants.since_at, -1) = COALESCE(subscribers.since_at, -1)";

/// How an edition was put down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frozen {
    /// With so many deliveries.
    Opened(u64),
    /// Another process has made it.
    Made,
    /// Somebody chose something that none of the variants is for; nothing was put down.
    Changed,
}

impl Store {
    /// Since when there is a newsletter: since it was first asked.
    pub async fn began(&self, newsletter: &str, now: Timestamp) -> Result<Timestamp, StoreError> {
        sqlx::query(
            "INSERT INTO newsletters (name, began_at) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
        )
        .bind(newsletter)
        .bind(now.as_millisecond())
        .execute(&self.pool)
        .await?;
        Ok(self.has_begun(newsletter).await?.unwrap_or(now))
    }

    /// Ends a period: what was put down before is in the edition, and what is put down from now on is
    /// news after it, whenever it was found.
    pub async fn close_period(&self, newsletter: &str, until: Timestamp) -> Result<(), StoreError> {
        let mut transaction = self.transaction().await?;
        closed_at(&mut transaction).await?;
        sqlx::query("UPDATE newsletters SET closed_at = $2 WHERE name = $1 AND closed_at < $2")
            .bind(newsletter)
            .bind(until.as_millisecond())
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await
    }

    /// Since when there is a newsletter, if there is.
    pub async fn has_begun(&self, newsletter: &str) -> Result<Option<Timestamp>, StoreError> {
        let row = sqlx::query("SELECT began_at FROM newsletters WHERE name = $1")
            .bind(newsletter)
            .fetch_optional(&self.pool)
            .await?;
        row.map(|row| sql::time(row.try_get("began_at")?)).transpose()
    }

    /// Puts down that an edition was missed; false if that is known.
    pub async fn note_missed(&self, newsletter: &str, slot: Timestamp) -> Result<bool, StoreError> {
        let done =
            sqlx::query("UPDATE newsletters SET missed_at = $2 WHERE name = $1 AND missed_at < $2")
                .bind(newsletter)
                .bind(slot.as_millisecond())
                .execute(&self.pool)
                .await?;
        Ok(done.rows_affected() > 0)
    }

    /// When the last edition of a newsletter ended, of those that come with a frequency.
    pub async fn last_edition_until(
        &self,
        newsletter: &str,
        frequency: &str,
    ) -> Result<Option<Timestamp>, StoreError> {
        let row = sqlx::query(
            "SELECT MAX(until_at) AS until_at FROM editions WHERE newsletter = $1 AND frequency = $2",
        )
        .bind(newsletter)
        .bind(frequency)
        .fetch_one(&self.pool)
        .await?;
        row.try_get::<Option<i64>, _>("until_at")?.map(sql::time).transpose()
    }

    /// The last editions of a newsletter, the newest first.
    pub async fn editions(
        &self,
        newsletter: &str,
        most: usize,
    ) -> Result<Vec<Edition>, StoreError> {
        let query = format!(
            "SELECT {COLUMNS} FROM editions WHERE newsletter = $1 \
             ORDER BY until_at DESC, id LIMIT $2"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(newsletter)
            .bind(most as i64)
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(edition).collect()
    }

    pub async fn edition(&self, id: &str) -> Result<Option<Edition>, StoreError> {
        let query = format!("SELECT {COLUMNS} FROM editions WHERE id = $1");
        let query = sqlx::query(sqlx::AssertSqlSafe(query)).bind(id);
        query.fetch_optional(&self.pool).await?.as_ref().map(edition).transpose()
    }

    /// True if an active subscriber of a newsletter has chosen a frequency.
    pub async fn is_wanted(&self, newsletter: &str, frequency: &str) -> Result<bool, StoreError> {
        // The first of them is at the front of an index.
        let row = sqlx::query(
            "SELECT MIN(language) AS language FROM subscribers \
             WHERE newsletter = $1 AND status = $2 AND frequency = $3",
        )
        .bind(newsletter)
        .bind(Status::Active.as_str())
        .bind(frequency)
        .fetch_one(&self.pool)
        .await?;
        Ok(row.try_get::<Option<String>, _>("language")?.is_some())
    }

    /// What the active subscribers of a newsletter with a frequency have chosen.
    pub async fn groups(
        &self,
        newsletter: &str,
        frequency: &str,
    ) -> Result<Vec<Group>, StoreError> {
        let rows = sqlx::query(
            "SELECT language, feeds, since_at, COUNT(*) AS subscribers FROM subscribers \
             WHERE newsletter = $1 AND status = $2 AND frequency = $3 \
             GROUP BY language, feeds, since_at ORDER BY language, feeds, since_at",
        )
        .bind(newsletter)
        .bind(Status::Active.as_str())
        .bind(frequency)
        .fetch_all(&self.pool)
        .await?;
        let group = |row: &AnyRow| {
            let choice = Choice {
                language: row.try_get("language")?,
                frequency: frequency.to_owned(),
                feeds: sql::parsed(row.try_get("feeds")?)?,
            };
            let since = row.try_get::<Option<i64>, _>("since_at")?.map(sql::time).transpose()?;
            Ok(Group { choice, since, subscribers: row.try_get::<i64, _>("subscribers")? as u64 })
        };
        rows.iter().map(group).collect()
    }

    /// Puts an edition down with its variants, and with one delivery for each active subscriber
    /// whose variant has something in it: all of it or nothing.
    pub async fn freeze(
        &self,
        edition: &Edition,
        page: &Page,
        variants: &[Variant],
        excluded: &[ItemId],
    ) -> Result<Frozen, StoreError> {
        let mut transaction = self.transaction().await?;
        let made = sqlx::query(
            "INSERT INTO editions (id, newsletter, frequency, from_at, until_at, state, reason, \
             release_at, opened_at, fresh, subject, page) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) \
             ON CONFLICT DO NOTHING",
        )
        .bind(&edition.id)
        .bind(&edition.newsletter)
        .bind(&edition.frequency)
        .bind(edition.from.as_millisecond())
        .bind(edition.until.as_millisecond())
        .bind(edition.state.as_str())
        .bind(&edition.reason)
        .bind(edition.release_at.as_millisecond())
        .bind(edition.opened_at.as_millisecond())
        .bind(edition.fresh as i64)
        .bind(&page.subject)
        .bind(&page.html)
        .execute(&mut *transaction)
        .await?;
        if made.rows_affected() == 0 {
            return Ok(Frozen::Made);
        }
        for variant in variants {
            sqlx::query(
                "INSERT INTO variants (edition, number, language, feeds, since_at, items, subject, \
                 text, html) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            )
            .bind(&edition.id)
            .bind(variant.number)
            .bind(&variant.choice.language)
            .bind(sql::json(&variant.choice.feeds))
            .bind(variant.since.map(|since| since.as_millisecond()))
            .bind(variant.items as i64)
            .bind(&variant.subject)
            .bind(&variant.text)
            .bind(&variant.html)
            .execute(&mut *transaction)
            .await?;
        }
        for item in excluded {
            sqlx::query(
                "INSERT INTO exclusions (newsletter, item, edition) VALUES ($1, $2, $3) \
                 ON CONFLICT (newsletter, item) DO NOTHING",
            )
            .bind(&edition.newsletter)
            .bind(item.to_string())
            .bind(&edition.id)
            .execute(&mut *transaction)
            .await?;
        }
        // In the order of their key, in which they are claimed, too, as they are all due at once: those
        // that are claimed together are side by side in the index.
        let query = format!(
            "INSERT INTO deliveries (edition, subscriber, variant, state, attempts, due_at, \
             claimed_until) \
             SELECT variants.edition, subscribers.token, variants.number, CAST($4 AS TEXT), 0, \
             CAST($5 AS BIGINT), 0 \
             FROM subscribers JOIN variants ON variants.edition = $1 AND {IS_FOR} \
             WHERE subscribers.newsletter = $2 AND subscribers.status = $6 \
             AND subscribers.frequency = $3 AND variants.items > 0 \
             ORDER BY subscribers.token"
        );
        let deliveries = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(&edition.id)
            .bind(&edition.newsletter)
            .bind(&edition.frequency)
            .bind(State::Due.as_str())
            .bind(edition.opened_at.as_millisecond())
            .bind(Status::Active.as_str())
            .execute(&mut *transaction)
            .await?;
        let query = format!(
            "SELECT COUNT(*) AS n FROM subscribers WHERE newsletter = $2 AND status = $4 \
             AND frequency = $3 AND NOT EXISTS \
             (SELECT 1 FROM variants WHERE variants.edition = $1 AND {IS_FOR})"
        );
        let left_out = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(&edition.id)
            .bind(&edition.newsletter)
            .bind(&edition.frequency)
            .bind(Status::Active.as_str())
            .fetch_one(&mut *transaction)
            .await?;
        if left_out.try_get::<i64, _>("n")? > 0 {
            return Ok(Frozen::Changed);
        }
        // Whose edition began elsewhere is with the others now.
        sqlx::query(
            "UPDATE subscribers SET since_at = NULL \
             WHERE newsletter = $1 AND frequency = $2 AND since_at IS NOT NULL",
        )
        .bind(&edition.newsletter)
        .bind(&edition.frequency)
        .execute(&mut *transaction)
        .await?;
        let mut tally = Tally::default();
        let count = deliveries.rows_affected();
        tally.add(Kind::Deliveries, &edition.id, State::Due.as_str(), count as i64);
        tally.put(&mut transaction).await?;
        transaction.commit().await?;
        Ok(Frozen::Opened(count))
    }

    /// The variants of an edition, or of all that is in them but how many there are.
    pub async fn variants(&self, edition: &str) -> Result<Vec<Variant>, StoreError> {
        let rows = sqlx::query(
            "SELECT number, language, feeds, since_at, items, subject, text, html FROM variants \
             WHERE edition = $1 ORDER BY number",
        )
        .bind(edition)
        .fetch_all(&self.pool)
        .await?;
        let variant = |row: &AnyRow| {
            Ok(Variant {
                number: row.try_get("number")?,
                choice: Choice {
                    language: row.try_get("language")?,
                    frequency: String::new(),
                    feeds: sql::parsed(row.try_get("feeds")?)?,
                },
                since: row.try_get::<Option<i64>, _>("since_at")?.map(sql::time).transpose()?,
                items: row.try_get::<i64, _>("items")? as usize,
                subject: row.try_get("subject")?,
                text: row.try_get("text")?,
                html: row.try_get("html")?,
            })
        };
        rows.iter().map(variant).collect()
    }

    /// The editions that may be delivered now, the oldest first.
    pub async fn editions_to_deliver(&self, now: Timestamp) -> Result<Vec<Edition>, StoreError> {
        let query = format!(
            "SELECT {COLUMNS} FROM editions WHERE state = $1 AND release_at <= $2 \
             ORDER BY until_at, id"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(EditionState::Open.as_str())
            .bind(now.as_millisecond())
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(edition).collect()
    }

    pub async fn set_edition(
        &self,
        id: &str,
        state: EditionState,
        reason: Option<&str>,
    ) -> Result<(), StoreError> {
        sqlx::query("UPDATE editions SET state = $2, reason = $3 WHERE id = $1")
            .bind(id)
            .bind(state.as_str())
            .bind(reason)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Puts down that nobody waits for an edition any more, unless somebody does; says how it stands, if
    /// it is still there.
    pub async fn finish(&self, id: &str) -> Result<Option<EditionState>, StoreError> {
        let open: Vec<&str> =
            State::ALL.iter().filter(|state| state.is_open()).map(|state| state.as_str()).collect();
        // The first of each state is at the front of an index. To find out by EXISTS whether there is one
        // a server may read all of them, if it thinks that it soon comes upon one.
        let is_none = |n: usize| {
            format!(
                "(SELECT MIN(due_at) FROM deliveries WHERE edition = $1 AND state = ${n}) IS NULL"
            )
        };
        let is_none: Vec<String> = (4..4 + open.len()).map(is_none).collect();
        let query = format!(
            "UPDATE editions SET state = $2, reason = NULL WHERE id = $1 AND state = $3 AND {}",
            is_none.join(" AND ")
        );
        let query = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(id)
            .bind(EditionState::Sent.as_str())
            .bind(EditionState::Open.as_str());
        let query = open.iter().fold(query, |query, state| query.bind(*state));
        query.execute(&self.pool).await?;
        Ok(self.edition(id).await?.map(|edition| edition.state))
    }

    pub async fn is_open(&self, id: &str) -> Result<bool, StoreError> {
        let row = sqlx::query("SELECT COUNT(*) AS n FROM editions WHERE id = $1 AND state = $2")
            .bind(id)
            .bind(EditionState::Open.as_str())
            .fetch_one(&self.pool)
            .await?;
        Ok(row.try_get::<i64, _>("n")? > 0)
    }

    /// The editions of a newsletter of which something has left, as everybody may see them, the newest
    /// first; of each item once, so that those who get it more often or less are not counted.
    pub async fn pages(&self, newsletter: &str) -> Result<Vec<(Edition, Page)>, StoreError> {
        let query = format!(
            "SELECT {COLUMNS}, subject, page FROM editions WHERE {} \
             ORDER BY until_at DESC, id",
            is_mailed()
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(newsletter)
            .bind(EditionState::Sent.as_str())
            .fetch_all(&self.pool)
            .await?;
        let page = |row: &AnyRow| {
            let page = Page { subject: row.try_get("subject")?, html: row.try_get("page")? };
            Ok((edition(row)?, page))
        };
        rows.iter().map(page).collect()
    }

    /// The last of them by its id.
    pub async fn last_mailed(&self, newsletter: &str) -> Result<Option<String>, StoreError> {
        let query = format!(
            "SELECT id FROM editions WHERE {} ORDER BY until_at DESC, id LIMIT 1",
            is_mailed()
        );
        let row = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(newsletter)
            .bind(EditionState::Sent.as_str())
            .fetch_optional(&self.pool)
            .await?;
        row.map(|row| Ok(row.try_get("id")?)).transpose()
    }

    /// Items that were kept out of an edition of a newsletter.
    pub async fn excluded(&self, newsletter: &str) -> Result<HashSet<ItemId>, StoreError> {
        let rows = sqlx::query("SELECT item FROM exclusions WHERE newsletter = $1")
            .bind(newsletter)
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(|row| sql::id(row.try_get("item")?)).collect()
    }

    /// Lets an edition go out from a moment on, if it is in one of these states; false if it is not.
    pub async fn release(
        &self,
        id: &str,
        of: &[EditionState],
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let states: Vec<&str> = of.iter().map(|state| state.as_str()).collect();
        let query = format!(
            "UPDATE editions SET state = $2, reason = NULL, release_at = $3 \
             WHERE id = $1 AND state IN ({})",
            sql::placeholders(4, states.len())
        );
        let query = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(id)
            .bind(EditionState::Open.as_str())
            .bind(now.as_millisecond());
        let released = states.iter().fold(query, |query, state| query.bind(*state));
        Ok(released.execute(&self.pool).await?.rows_affected() > 0)
    }

    /// Puts an edition that is in one of these states into another; false if it is not.
    pub async fn move_edition(
        &self,
        id: &str,
        of: &[EditionState],
        state: EditionState,
        reason: Option<&str>,
    ) -> Result<bool, StoreError> {
        let states: Vec<&str> = of.iter().map(|state| state.as_str()).collect();
        let query = format!(
            "UPDATE editions SET state = $2, reason = $3 WHERE id = $1 AND state IN ({})",
            sql::placeholders(4, states.len())
        );
        let query =
            sqlx::query(sqlx::AssertSqlSafe(query)).bind(id).bind(state.as_str()).bind(reason);
        let moved = states.iter().fold(query, |query, state| query.bind(*state));
        Ok(moved.execute(&self.pool).await?.rows_affected() > 0)
    }

    /// Takes an edition back as if it had never been made; false if something of it has left, or if
    /// another has begun where it ends.
    pub async fn take_back(&self, id: &str) -> Result<bool, StoreError> {
        let mut transaction = self.transaction().await?;
        // Nothing leaves from now on: whoever is about to let something leave has the edition first.
        lock_edition(&mut transaction, id).await?;
        // Who came from another frequency begins where they began.
        sqlx::query(
            "UPDATE subscribers SET since_at = (SELECT variants.since_at FROM deliveries \
             JOIN variants ON variants.edition = deliveries.edition \
             AND variants.number = deliveries.variant \
             WHERE deliveries.edition = $1 AND deliveries.subscriber = token) \
             WHERE token IN (SELECT subscriber FROM deliveries JOIN variants \
             ON variants.edition = deliveries.edition AND variants.number = deliveries.variant \
             WHERE deliveries.edition = $1 AND variants.since_at IS NOT NULL)",
        )
        .bind(id)
        .execute(&mut *transaction)
        .await?;
        let query = format!(
            "DELETE FROM editions WHERE id = $1 AND NOT {HAS_LEFT} AND NOT EXISTS \
             (SELECT 1 FROM deliveries WHERE edition = $1 AND handed_at IS NOT NULL) \
             AND NOT EXISTS (SELECT 1 FROM editions AS later \
             WHERE later.newsletter = editions.newsletter \
             AND later.frequency = editions.frequency AND later.from_at >= editions.until_at)"
        );
        let gone =
            sqlx::query(sqlx::AssertSqlSafe(query)).bind(id).execute(&mut *transaction).await?;
        if gone.rows_affected() == 0 {
            return Ok(false);
        }
        for table in ["variants", "deliveries", "exclusions"] {
            let query = format!("DELETE FROM {table} WHERE edition = $1");
            sqlx::query(sqlx::AssertSqlSafe(query)).bind(id).execute(&mut *transaction).await?;
        }
        sqlx::query("DELETE FROM tallies WHERE kind = 'deliveries' AND owner = $1")
            .bind(id)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(true)
    }
}

fn edition(row: &AnyRow) -> Result<Edition, StoreError> {
    let state: String = row.try_get("state")?;
    let state = EditionState::parse(&state)
        .ok_or_else(|| StoreError::Foreign(format!("`{state}` is no state of an edition")))?;
    Ok(Edition {
        id: row.try_get("id")?,
        newsletter: row.try_get("newsletter")?,
        frequency: row.try_get("frequency")?,
        from: sql::time(row.try_get("from_at")?)?,
        until: sql::time(row.try_get("until_at")?)?,
        state,
        reason: row.try_get("reason")?,
        release_at: sql::time(row.try_get("release_at")?)?,
        opened_at: sql::time(row.try_get("opened_at")?)?,
        fresh: row.try_get::<i64, _>("fresh")? as usize,
    })
}
