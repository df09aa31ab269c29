//! The first page of a listing: read, held against what the source usually gives, and searched for
//! that where it falls short.

use scraper::{Html, Selector};

use super::super::Repair;
use super::{Found, Look, Looked, Place, base_of};
use crate::dates::{Orders, Reader};
use crate::detect::learn::{self, Learnt};
use crate::detect::{self, Candidate};
use crate::diagnostic::Diagnostic;
use crate::extract::{ExtractError, Listing, RawItem, Rules, charset, markup, rules};
use crate::fetch::Page;
use crate::normalize::sighting::{self, Sighting};
use crate::normalize::usual::{Counts, Drift, Usual};
use crate::store::StoreError;

/// Items of a source that its list is known by.
const REMEMBERED: usize = 500;

/// Rules that do what those of a definition no longer do.
#[derive(Debug)]
pub struct Healed {
    pub problem: Diagnostic,
    /// As a definition has them; empty if only [`Rules::Auto`] will do.
    pub rules: String,
}

/// A listing, and whether it was found without rules.
pub type Read = (Listing, bool);

impl Look<'_> {
    /// The first page, if it gives what it should.
    pub(super) async fn first(
        &self,
        page: &Page,
        found: &mut Found,
    ) -> Result<Result<Listing, Looked>, StoreError> {
        let (listing, is_detected) = match self.read(page).await? {
            Ok(read) => read,
            Err(problem) => return Ok(Err(Looked::Failed(problem))),
        };
        // Of a page that only names others, there is nothing to compare.
        if listing.are_bare || !listing.parts.is_empty() {
            return Ok(Ok(listing));
        }
        let sightings = self.sightings(page, &listing);
        let now = Usual::of(&sightings, &self.source.fingerprint);
        let Some(usual) = self.usual() else {
            found.usual = Some(now).filter(|now| now.items > 0);
            found.first =
                found.usual.as_ref().map(|_| (Box::new(page.clone()), self.wanted(sightings)));
            return Ok(Ok(listing));
        };
        let read = (listing, is_detected);
        let Some(drift) = self.drift(&sightings, &now, usual, &read).await? else {
            found.usual = Some(now.renewed(Some(usual)));
            found.first = Some((Box::new(page.clone()), self.wanted(sightings)));
            return Ok(Ok(read.0));
        };
        found.usual = Some(usual.clone());
        if now.items == 0 && self.says_none(page) {
            found.says_none = true;
            return Ok(Ok(read.0));
        }
        let problem = self.drifted(page, &drift, found);
        if !matches!(self.source.rules, Rules::Html(_)) {
            return Ok(Err(Looked::Degraded(problem)));
        }
        Ok(match self.located(page, &[], Some(&drift)).await? {
            Some((listing, rules)) => {
                let rules = rules.map(|rules| rules.to_string()).unwrap_or_default();
                found.healed = Some(Healed { problem, rules });
                Ok(listing)
            }
            None => Err(Looked::Degraded(problem)),
        })
    }

    /// What the first page gives by itself, wanted items only, in page order.
    pub async fn replay(
        &self,
        page: &Page,
    ) -> Result<Result<Vec<Sighting>, Diagnostic>, StoreError> {
        Ok(self.read(page).await?.map(|(listing, _)| self.wanted(self.sightings(page, &listing))))
    }

    /// What would make the source give again what it should on this page.
    pub async fn repair(
        &self,
        page: &Page,
        examples: &[String],
    ) -> Result<Result<Repair, Diagnostic>, StoreError> {
        let (listing, is_detected) = match self.read(page).await? {
            Ok(read) => read,
            Err(problem) => return Ok(Err(problem)),
        };
        let sightings = self.sightings(page, &listing);
        let now = Usual::of(&sightings, &self.source.fingerprint);
        let drift = match self.usual() {
            _ if !examples.is_empty() => None,
            Some(usual) => self.drift(&sightings, &now, usual, &(listing, is_detected)).await?,
            None => (now.items == 0).then_some(Drift::Fewer { now: 0, usual: 0 }),
        };
        if drift.is_none() && examples.is_empty() {
            return Ok(Ok(Repair::Holds));
        }
        if matches!(self.source.rules, Rules::Html(_))
            && let Some((_, rules)) = self.located(page, examples, drift.as_ref()).await?
        {
            return Ok(Ok(Repair::Rules(rules)));
        }
        Ok(if now.items > 0 && examples.is_empty() {
            Ok(Repair::AsItIs)
        } else {
            Err(self.problem(&page.url, "the page has nothing that is known of it").help(format!(
                "see what it has with `infocus probe {}`, and point at one of its titles with `--example`",
                page.url
            )))
        })
    }

    pub(super) async fn read(&self, page: &Page) -> Result<Result<Read, Diagnostic>, StoreError> {
        Ok(match self.extract(page) {
            Ok(listing) => Ok((listing, false)),
            Err(ExtractError::NoRules) => {
                self.by_itself(page).await?.map(|listing| (listing, true))
            }
            Err(error) => Err(self.problem(&page.url, &error.to_string())),
        })
    }

    /// What the source usually gives under the rules that it has now.
    fn usual(&self) -> Option<&Usual> {
        let usual = self.before?.usual.as_ref()?;
        (usual.rules == self.source.fingerprint).then_some(usual)
    }

    fn says_none(&self, page: &Page) -> bool {
        let item = match &self.source.rules {
            Rules::Html(rules) => Some(&rules.item),
            _ => None,
        };
        markup::parse(&text(page)).is_ok_and(|html| detect::says_none(&html, item))
    }

    async fn drift(
        &self,
        sightings: &[Sighting],
        now: &Usual,
        usual: &Usual,
        (_, is_detected): &Read,
    ) -> Result<Option<Drift>, StoreError> {
        // How many entries a feed has is a matter of its days.
        let is_list = *is_detected || !matches!(self.source.rules, Rules::Auto);
        let knows_some = self.seen(sightings).await?.iter().any(|seen| seen.is_known());
        let is_all_newer = !knows_some && self.are_newer(sightings).await?;
        // A list that is found by its items is read as it is shown now.
        let counts = Counts { number: is_list && !is_all_newer, extras: !is_detected };
        let drift = usual.drift(now, counts);
        let is_wanted = |sighting: &Sighting| sighting.passes(&self.source.filter_of_listing());
        let are_strangers = || {
            is_list
                && !knows_some
                && !is_all_newer
                && usual.is_telling()
                && sightings.iter().any(is_wanted)
        };
        Ok(drift.or_else(|| are_strangers().then_some(Drift::Strangers)))
    }

    /// True if all of these are of a day on which the source's newest item was there already, or
    /// later.
    async fn are_newer(&self, sightings: &[Sighting]) -> Result<bool, StoreError> {
        let newest = self.store.remembered(&self.feed.slug, &self.source.id, 1).await?;
        let Some(newest) = newest.first() else { return Ok(true) };
        let day = newest.published.at.to_zoned_datetime(self.source.time_zone.clone()).date();
        let is_newer = |sighting: &Sighting| {
            sighting.published.as_ref().is_some_and(|date| date.when.day() >= day)
        };
        Ok(!sightings.is_empty() && sightings.iter().all(is_newer))
    }

    /// The listing of a page without rules: the list that has what is remembered, or the likeliest.
    async fn by_itself(&self, page: &Page) -> Result<Result<Listing, Diagnostic>, StoreError> {
        let html = match markup::parse(&text(page)) {
            Ok(html) => html,
            Err(error) => return Ok(Err(self.problem(&page.url, &error.to_string()))),
        };
        let lists = detect::lists(&html, &page.url, &self.reader(&html));
        let known = match self.usual() {
            Some(usual) => self.recall(page, &html, &lists, |now| usual.is_met_by(now)).await?,
            None => None,
        };
        let list = known.or_else(|| detect::choose(&lists, &[]));
        Ok(Ok(list.map(|list| listing(&html, list.items.clone())).unwrap_or_default()))
    }

    /// The list with the remembered items, or with these titles, and rules that find it if there
    /// are any that are short.
    async fn located(
        &self,
        page: &Page,
        examples: &[String],
        drift: Option<&Drift>,
    ) -> Result<Option<(Listing, Option<Learnt>)>, StoreError> {
        let Ok(html) = markup::parse(&text(page)) else { return Ok(None) };
        let lists = detect::lists(&html, &page.url, &self.reader(&html));
        let is_filled = |now: &Usual| {
            self.usual().is_none_or(|usual| usual.is_met_by(now))
                && !drift.is_some_and(|drift| drift.is_in(now))
        };
        let list = match examples {
            [] => self.recall(page, &html, &lists, is_filled).await?,
            examples => detect::choose(&lists, examples),
        };
        Ok(list
            .map(|list| (listing(&html, list.items.clone()), learn::learn(&html, &page.url, list))))
    }

    async fn recall<'l>(
        &self,
        page: &Page,
        html: &Html,
        lists: &'l [Candidate],
        is_filled: impl Fn(&Usual) -> bool,
    ) -> Result<Option<&'l Candidate>, StoreError> {
        let known = self.store.remembered(&self.feed.slug, &self.source.id, REMEMBERED).await?;
        let sighted = |list: &Candidate| {
            self.wanted(self.sightings(page, &listing(html, list.items.clone())))
        };
        let zone = &self.source.time_zone;
        Ok(detect::recall(lists, &known, zone, sighted, |sightings| {
            is_filled(&Usual::of(sightings, &self.source.fingerprint))
        }))
    }

    fn reader(&self, html: &Html) -> Reader {
        let language = html.root_element().value().attr("lang").map(str::to_owned);
        self.ground(&Place { base: None, language }, Orders::default()).dates
    }

    /// What a page gives, normalised, each under names of its own, wanted or not.
    fn sightings(&self, page: &Page, listing: &Listing) -> Vec<Sighting> {
        let base = Some(base_of(&page.url, listing));
        let place = Place { base, language: listing.language.clone() };
        let texts = listing.items.iter().filter_map(|item| item.published.as_ref());
        let ground = self.ground(&place, Orders::default());
        let orders = Orders::of_column(texts.map(|date| date.text.as_str()), &ground.dates);
        let ground = self.ground(&place, orders);
        let mut sightings: Vec<Sighting> =
            listing.items.iter().filter_map(|item| Sighting::of(item, &ground)).collect();
        sighting::part(&mut sightings);
        sightings
    }

    fn wanted(&self, mut sightings: Vec<Sighting>) -> Vec<Sighting> {
        sightings.retain(|sighting| sighting.passes(&self.source.filter_of_listing()));
        sightings
    }

    fn drifted(&self, page: &Page, drift: &Drift, found: &Found) -> Diagnostic {
        if matches!(drift, Drift::Fewer { now: 0, .. }) {
            let problem = found.nothing(self.source);
            let obstacle = markup::parse(&text(page)).ok().and_then(|html| detect::obstacle(&html));
            return match obstacle {
                Some(obstacle) => problem.note("perhaps", obstacle.told()),
                None => problem,
            };
        }
        let (file, line) = &self.source.defined_at;
        Diagnostic::new(format!("source `{}` {drift}", self.source.name))
            .at(file, *line)
            .note("looked at", found.seen_at.clone())
            .help(format!(
                "what is published stays; if the page is right as it is: `infocus add --repair {}`",
                self.feed.slug
            ))
    }
}

fn listing(html: &Html, items: Vec<RawItem>) -> Listing {
    let root = html.root_element();
    let language = root.value().attr("lang").map(str::to_owned);
    let next = Selector::parse("a[rel~=next][href], link[rel~=next][href]").ok();
    let next = next.and_then(|next| root.select(&next).next()?.value().attr("href"));
    let base = rules::base(root);
    Listing { items, language, base, next: next.map(str::to_owned), ..Listing::default() }
}

fn text(page: &Page) -> String {
    charset::decode(&page.body, page.content_type.as_deref())
}
