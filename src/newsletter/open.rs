//! Making the editions that are due.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use super::digest::Digest;
use super::edition::{Edition, EditionState, Group, Variant};
use super::gather::{Period, gather};
use super::notes::Notes;
use super::render::{render, web_page};
use super::schedule::Schedule;
use super::subscriber::Choice;
use super::{NewsletterError, archive, draft, language, master};
use crate::config::Newsletter;
use crate::model::{Item, Slug};
use crate::normalize::whole_second;
use crate::publish::Directory;
use crate::run::Lock;
use crate::site::Site;
use crate::store::{Frozen, Store};

/// Where editions are kept for people to look at, relative to the site.
pub const EDITIONS: &str = "editions";

/// So many times more new items than usual are more than anybody would have announced.
const FLOOD: usize = 10;

/// What is usual at least: with few items a few more are no flood.
const LEAST: usize = 5;

/// Editions that tell what is usual.
const HISTORY: usize = 5;

/// Times that it is tried again when somebody chooses something else meanwhile.
const TRIES: usize = 5;

/// What has come of asking for an edition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Opening {
    Opened {
        edition: Edition,
        deliveries: u64,
    },
    /// The next is due then; none if it has no schedule.
    NotDue {
        next: Option<Timestamp>,
    },
    /// It was missed for too long: what it would have had is in the next.
    TooLate {
        slot: Timestamp,
        next: Option<Timestamp>,
        is_new: bool,
    },
    /// There is nothing new, so that there is no edition; there may never have been one.
    Empty {
        is_first: bool,
    },
    /// Nobody gets it, so that there is no edition.
    Nobody,
}

impl Opening {
    /// True if somebody should hear of it who did not ask.
    pub fn is_news(&self) -> bool {
        matches!(self, Opening::Opened { .. } | Opening::TooLate { is_new: true, .. })
    }

    /// True if there is an edition that waits for somebody.
    pub fn is_held(&self) -> bool {
        match self {
            Opening::Opened { edition, .. } => edition.state == EditionState::Held,
            _ => false,
        }
    }
}

/// How an edition is asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Asked {
    /// The newsletter was named, so that one without a schedule is due.
    pub by_name: bool,
    /// The first edition has what was there before the newsletter, and is due now.
    pub with_backlog: bool,
}

/// Makes the editions of a newsletter that are due, one for each frequency that somebody chose.
pub async fn open(
    site: &Site,
    store: &Store,
    name: &str,
    asked: Asked,
    now: Timestamp,
) -> Result<Vec<(String, Opening)>, NewsletterError> {
    let newsletter = &site.settings.newsletters[name];
    let mut openings = Vec::new();
    let own = [(String::new(), newsletter.schedule.as_ref())];
    let others =
        newsletter.frequencies.iter().map(|(name, schedule)| (name.clone(), Some(schedule)));
    for (frequency, schedule) in own.into_iter().chain(others) {
        if !frequency.is_empty() && !store.is_wanted(name, &frequency).await? {
            continue;
        }
        let rhythm = Rhythm { site, store, name, newsletter, frequency: &frequency, schedule };
        let opening = rhythm.open(asked, now).await?;
        openings.push((frequency, opening));
    }
    Ok(openings)
}

/// A newsletter as it comes with one frequency.
struct Rhythm<'a> {
    site: &'a Site,
    store: &'a Store,
    name: &'a str,
    newsletter: &'a Newsletter,
    frequency: &'a str,
    schedule: Option<&'a Schedule>,
}

impl Rhythm<'_> {
    async fn open(&self, asked: Asked, now: Timestamp) -> Result<Opening, NewsletterError> {
        let began = self.store.began(self.name, whole_second(now)).await?;
        let last = self.store.last_edition_until(self.name, self.frequency).await?;
        let zone = &self.site.settings.time_zone;
        let next = self.schedule.and_then(|schedule| schedule.next(now, zone));
        let with_backlog = asked.with_backlog && last.is_none();
        let slot = match self.schedule {
            Some(schedule) if !with_backlog => schedule.last(now, zone),
            // What is found in this very second is in the next.
            _ if asked.by_name => Some(whole_second(now)),
            _ => None,
        };
        let is_due = |slot: &Timestamp| match last {
            Some(last) => *slot > last,
            // What is asked for is not waited for.
            None => *slot > began || with_backlog || self.schedule.is_none(),
        };
        let Some(slot) = slot.filter(is_due) else {
            return Ok(Opening::NotDue { next });
        };
        if now.duration_since(slot).try_into().unwrap_or(Duration::ZERO) > self.newsletter.late {
            let is_new = self.store.note_missed(self.name, slot).await?;
            return Ok(Opening::TooLate { slot, next, is_new });
        }
        self.store.close_period(self.name, slot).await?;
        for _ in 0..TRIES {
            let groups = self.store.groups(self.name, self.frequency).await?;
            if groups.is_empty() {
                return Ok(Opening::Nobody);
            }
            let from = self.from(last, began, slot);
            let period = Period {
                from: Some(from).filter(|_| !with_backlog),
                until: Some(slot),
                mailed_since: began,
            };
            if let Some(opening) = self.freeze(&groups, from, period, now).await? {
                return Ok(opening);
            }
        }
        // The next run finds them at rest.
        Ok(Opening::NotDue { next })
    }

    /// Where the edition begins: where the one before it ended.
    fn from(&self, last: Option<Timestamp>, began: Timestamp, slot: Timestamp) -> Timestamp {
        if let Some(last) = last {
            return last;
        }
        if self.frequency.is_empty() {
            return began;
        }
        // Who gets it more often than others does not get all that they had already.
        let zone = &self.site.settings.time_zone;
        let earlier = slot - Duration::from_secs(1);
        let before = self.schedule.and_then(|schedule| schedule.last(earlier, zone));
        before.map_or(began, |before| before.max(began))
    }

    /// Renders what each group gets and puts all of it down; nothing if one chose something else
    /// meanwhile.
    async fn freeze(
        &self,
        groups: &[Group],
        from: Timestamp,
        period: Period,
        now: Timestamp,
    ) -> Result<Option<Opening>, NewsletterError> {
        // What is put down meanwhile is for the next.
        let _lock = Lock::wait(&self.site.root, "notes").map_err(NewsletterError::Notes)?;
        let directory = draft::preview(self.site, self.name);
        let mut notes = Notes::read(&directory)?;
        if !self.frequency.is_empty() {
            notes = notes.of_exclusions();
        }
        let mut made = Vec::new();
        for group in groups {
            let period = Period { from: group.since.or(period.from), ..period };
            let choice = &group.choice;
            made.push(gather(self.site, self.store, self.name, choice, period, &notes).await?);
        }
        let all =
            gather(self.site, self.store, self.name, &Choice::default(), period, &notes).await?;
        if all.is_empty() && made.iter().all(Digest::is_empty) {
            let is_first = self.store.editions(self.name, 1).await?.is_empty();
            return Ok(Some(Opening::Empty { is_first }));
        }
        let mut edition = self.edition(from, period, now, all.fresh());
        if period.from.is_some()
            && let Some(reason) = self.suspicion(&all, from).await?
        {
            (edition.state, edition.reason) = (EditionState::Held, Some(reason));
        }
        let mut variants = Vec::new();
        for (number, (group, digest)) in (1..).zip(groups.iter().zip(&made)) {
            variants.push(self.variant(number, group, digest)?);
        }
        let language = language(self.site, self.name);
        let page = web_page(&all, self.site, archive::day(self.site, &edition, language))?;
        match self.store.freeze(&edition, &page, &variants, &all.excluded).await? {
            Frozen::Changed => Ok(None),
            Frozen::Made => Ok(Some(Opening::NotDue { next: None })),
            Frozen::Opened(deliveries) => {
                self.keep(&edition, groups, &made, &variants)?;
                Ok(Some(Opening::Opened { edition, deliveries }))
            }
        }
    }

    fn edition(&self, from: Timestamp, period: Period, now: Timestamp, fresh: usize) -> Edition {
        let until = period.until.unwrap_or(now);
        let zone = &self.site.settings.time_zone;
        let release = self.newsletter.approval.release(until.min(now), zone);
        let name = match self.frequency {
            "" => self.name.to_owned(),
            frequency => format!("{}.{frequency}", self.name),
        };
        Edition {
            id: format!("{name}-{}", until.strftime("%Y%m%dT%H%M%SZ")),
            newsletter: self.name.to_owned(),
            frequency: self.frequency.to_owned(),
            from,
            until,
            state: if release.is_some() { EditionState::Open } else { EditionState::Held },
            reason: release.is_none().then(|| "it waits for approval".to_owned()),
            release_at: release.unwrap_or(now),
            opened_at: whole_second(now),
            fresh,
        }
    }

    /// Why somebody should look at a digest before it is mailed: it has far more than usual, or what
    /// was announced before under other addresses.
    async fn suspicion(
        &self,
        digest: &Digest,
        from: Timestamp,
    ) -> Result<Option<String>, NewsletterError> {
        let fresh = digest.fresh();
        let editions = self.store.editions(self.name, HISTORY).await?;
        let mut usual: Vec<usize> = editions
            .iter()
            .filter(|edition| edition.frequency == self.frequency)
            .map(|edition| edition.fresh)
            .collect();
        usual.sort_unstable();
        let mut feeds: Vec<Slug> = Vec::new();
        for (feed, _) in digest.sections.iter().flat_map(|section| &section.items) {
            if !feeds.contains(feed) {
                feeds.push(feed.clone());
            }
        }
        let usual = match usual.get(usual.len() / 2) {
            Some(median) => *median,
            None => self.store.count_before(&feeds, from).await?,
        };
        if fresh >= FLOOD * usual.max(LEAST) {
            return Ok(Some(format!("{fresh} new items are far more than the usual {usual}")));
        }
        let titles: Vec<String> = digest
            .sections
            .iter()
            .flat_map(|section| &section.items)
            .map(|(_, item)| item.title.clone())
            .collect();
        let known = self.store.known_titles(&feeds, &titles, from).await?;
        let is_churn = known >= LEAST && known * 2 >= fresh;
        Ok(is_churn.then(|| {
            format!("{known} of {fresh} new items have titles that were announced before")
        }))
    }

    fn variant(
        &self,
        number: i64,
        group: &Group,
        digest: &Digest,
    ) -> Result<Variant, NewsletterError> {
        let (choice, since) = (group.choice.clone(), group.since);
        let items = digest.items().count();
        if items == 0 {
            let (subject, text, html) = Default::default();
            return Ok(Variant { number, choice, since, items, subject, text, html });
        }
        let rendered = render(digest, self.site)?;
        let (subject, text, html) = (rendered.subject, rendered.text, rendered.html);
        Ok(Variant { number, choice, since, items, subject, text, html })
    }

    /// Writes the edition for people to look at, each variant in a directory of its own.
    fn keep(
        &self,
        edition: &Edition,
        groups: &[Group],
        digests: &[Digest],
        variants: &[Variant],
    ) -> Result<(), NewsletterError> {
        let output = Directory::new(place(self.site, &edition.id));
        let mut told = Vec::new();
        for ((group, digest), variant) in groups.iter().zip(digests).zip(variants) {
            told.push(json!({
                "number": variant.number,
                "subject": variant.subject,
                "language": digest.language,
                "feeds": group.choice.feeds,
                "since": group.since,
                "recipients": group.subscribers,
                "new": digest.sections.iter().flat_map(|section| &section.items)
                    .map(|(_, item)| named(item)).collect::<Vec<_>>(),
                "updated": digest.updated.iter().map(|(_, item)| named(item)).collect::<Vec<_>>(),
            }));
            if variant.items > 0 {
                let id = variant.message(edition);
                let content = variant.content(edition, &id);
                let master = master(self.site, &content)?;
                draft::write(&output, &format!("{}/", variant.number), &content, &master)?;
            }
        }
        let manifest = json!({
            "id": edition.id,
            "newsletter": edition.newsletter,
            "frequency": edition.frequency,
            "from": edition.from,
            "until": edition.until,
            "opened_at": edition.opened_at,
            "variants": told,
        });
        let mut text = serde_json::to_string_pretty(&manifest).unwrap_or_default();
        text.push('\n');
        let mut stage = output.stage()?;
        stage.write("edition.json", text.as_bytes())?;
        stage.commit()?;
        if !edition.frequency.is_empty() {
            return Ok(());
        }
        Notes::consume(&draft::preview(self.site, self.name), output.root())
            .map_err(NewsletterError::Notes)
    }
}

fn named(item: &Item) -> serde_json::Value {
    json!({ "id": item.id.urn(), "url": item.url, "title": item.title })
}

/// Where an edition is kept.
pub fn place(site: &Site, id: &str) -> PathBuf {
    site.root.join(EDITIONS).join(id)
}
