//! The first page of a listing: read, held against what the source usually gives, and searched for
//! that where it falls short.

use std::rc::Rc;

use jiff::civil::Date;
use scraper::Html;

use super::super::Repair;
use super::{Found, Look, Looked, Place, base_of};
use crate::dates::{Orders, Reader};
use crate::detect::learn::{self, Learnt};
use crate::detect::{self, Candidate};
use crate::diagnostic::Diagnostic;
use crate::extract::{ExtractError, Listing, RawItem, Rules, charset, markup, rules};
use crate::fetch::Page;
use crate::normalize::sighting::{self, Ground, Sighting};
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

/// How items compare with those that are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Age {
    /// Some of them are known, or nothing is.
    Same,
    Newer,
    Older,
    /// They do not say.
    Unknown,
}

/// A listing, and whether it was found without rules.
pub type Read = (Listing, bool);

impl Look<'_> {
    /// The first page, if it gives what it should.
    pub(super) async fn first(
        &self,
        page: &Rc<Page>,
        found: &mut Found,
    ) -> Result<Result<Listing, Looked>, StoreError> {
        let (mut listing, is_detected) = match self.read(page).await? {
            Ok(read) => read,
            Err(problem) => return Ok(Err(Looked::Failed(problem))),
        };
        // Of a page that only names others, there is nothing to compare.
        if listing.are_bare || !listing.parts.is_empty() {
            return Ok(Ok(listing));
        }
        if is_notice_of_none(&listing.items) {
            listing.items.clear();
            found.says_none = true;
        }
        found.read = self.read_items(page, &listing);
        let sightings = parted(&found.read);
        let now = self.measured(&sightings);
        let wanted = self.wanted(sightings);
        if now.items == 0 && !found.says_none {
            let html = markup::parse(&text(page)).ok();
            found.obstacle = html.and_then(|html| detect::obstacle(&html));
        }
        let Some(usual) = self.usual() else {
            if now.items > 0 {
                found.usual = Some(now);
                found.first = Some((page.clone(), wanted));
            }
            return Ok(Ok(listing));
        };
        found.usual = Some(usual.clone());
        if now.items == 0 && found.says_none {
            return Ok(Ok(listing));
        }
        let Some(drift) = self.drift(&wanted, &now, usual, is_detected).await? else {
            found.usual = Some(now.renewed(usual));
            found.first = Some((page.clone(), wanted));
            return Ok(Ok(listing));
        };
        found.read.clear();
        let problem = self.drifted(&drift, found);
        // A source without rules has been looked for already.
        if matches!(self.source.rules, Rules::Html(_))
            && let Some((listing, rules)) = self.located(page, &[], Some(&drift)).await?
        {
            let rules = rules.map(|rules| rules.to_string()).unwrap_or_default();
            found.healed = Some(Healed { problem, rules });
            return Ok(Ok(listing));
        }
        if (now.items == 0 || is_detected) && self.says_none(page) {
            found.says_none = true;
            return Ok(Ok(Listing::default()));
        }
        Ok(Err(Looked::Degraded(problem)))
    }

    fn measured<'s>(&self, sightings: impl IntoIterator<Item = &'s Sighting>) -> Usual {
        Usual::of(sightings, &self.source.fingerprint, self.today())
    }

    fn today(&self) -> Date {
        self.now.to_zoned_datetime(self.source.time_zone.clone()).date()
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
        let is_index = listing.are_bare || !listing.parts.is_empty();
        if examples.is_empty() && (is_index || is_notice_of_none(&listing.items)) {
            return Ok(Ok(Repair::Holds));
        }
        let sightings = self.sightings(page, &listing);
        let now = self.measured(&sightings);
        let drift = match self.usual() {
            _ if !examples.is_empty() => None,
            Some(usual) => self.drift(&self.wanted(sightings), &now, usual, is_detected).await?,
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

    /// In what the wanted items of a page, or all of them as measured, fall short.
    async fn drift(
        &self,
        wanted: &[Sighting],
        now: &Usual,
        usual: &Usual,
        is_detected: bool,
    ) -> Result<Option<Drift>, StoreError> {
        // How many entries a feed has is a matter of its days.
        let is_list = is_detected || !matches!(self.source.rules, Rules::Auto);
        let knows_some = self.seen(wanted).await?.iter().any(|seen| seen.is_known());
        let age = if knows_some { Age::Same } else { self.age(wanted).await? };
        // A list that is found by its items is read as it is shown now.
        let counts = Counts { number: is_list && age != Age::Newer, extras: !is_detected };
        if let Some(drift) = usual.drift(now, counts) {
            return Ok(Some(drift));
        }
        // What has no dates can only be told by its make.
        let are_strangers = match age {
            Age::Same | Age::Newer => false,
            Age::Older => wanted.len() >= usual.items.min(detect::FEWEST),
            Age::Unknown => usual.is_telling() && (is_detected || !usual.is_like(now)),
        };
        Ok((is_list && are_strangers && !wanted.is_empty()).then_some(Drift::Strangers))
    }

    /// How these, none of which is known, compare with the newest item of the source. What is of a
    /// day to come tells nothing.
    async fn age(&self, sightings: &[Sighting]) -> Result<Age, StoreError> {
        let newest = self.store.remembered(&self.feed.slug, &self.source.id, 1).await?;
        let Some(newest) = newest.first() else { return Ok(Age::Same) };
        let newest = newest.published.at.to_zoned_datetime(self.source.time_zone.clone()).date();
        let tomorrow = self.today().tomorrow().unwrap_or(Date::MAX);
        let days =
            sightings.iter().filter_map(|sighting| Some(sighting.published.as_ref()?.when.day()));
        let days: Vec<Date> = days.filter(|day| *day <= tomorrow).collect();
        if 2 * days.len() < sightings.len() || days.is_empty() {
            return Ok(Age::Unknown);
        }
        let newer = days.iter().filter(|day| **day >= newest).count();
        Ok(if 2 * newer >= days.len() { Age::Newer } else { Age::Older })
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
        let list = known.or_else(|| detect::choose(&lists, &[]).cloned());
        let items = list.map(|list| list.items).unwrap_or_default();
        Ok(Ok(listing(&html, items)))
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
            examples => detect::choose(&lists, examples).cloned(),
        };
        Ok(list.map(|list| {
            (listing(&html, list.items.clone()), learn::learn(&html, &page.url, &list))
        }))
    }

    async fn recall(
        &self,
        page: &Page,
        html: &Html,
        lists: &[Candidate],
        is_filled: impl Fn(&Usual) -> bool,
    ) -> Result<Option<Candidate>, StoreError> {
        let known = self.store.remembered(&self.feed.slug, &self.source.id, REMEMBERED).await?;
        let empty = listing(html, Vec::new());
        let sighted = |list: &Candidate| {
            let (ground, filter) =
                (self.ground_of(page, &empty, &list.items), self.source.filter_of_listing());
            let sighting = |item: &RawItem| Sighting::of(item, &ground);
            let sightings = list.items.iter().map(sighting);
            sightings.map(|sighting| sighting.filter(|sighting| sighting.passes(&filter))).collect()
        };
        let suits = |sightings: &[&Sighting]| is_filled(&self.measured(sightings.iter().copied()));
        let recalled = detect::recall(lists, &known, &self.source.time_zone, sighted, suits);
        let Some((list, known)) = recalled else { return Ok(None) };
        // The ledger has to know them too, or they would be others.
        let sightings = self.sightings(page, &Listing { items: list.items.clone(), ..empty });
        let seen = self.seen(&sightings).await?;
        let again = seen.iter().filter(|seen| seen.is_known()).count();
        Ok(Some(list).filter(|_| 100 * again >= detect::FAITHFUL * known))
    }

    fn reader(&self, html: &Html) -> Reader {
        let language = html.root_element().value().attr("lang").map(str::to_owned);
        self.ground(&Place { base: None, language }, Orders::default()).dates
    }

    /// What a page gives, normalised, each under names of its own, wanted or not.
    fn sightings(&self, page: &Page, listing: &Listing) -> Vec<Sighting> {
        parted(&self.read_items(page, listing))
    }

    /// The same of each of its items, under all names that it has.
    fn read_items(&self, page: &Page, listing: &Listing) -> Vec<Option<Sighting>> {
        let ground = self.ground_of(page, listing, &listing.items);
        listing.items.iter().map(|item| Sighting::of(item, &ground)).collect()
    }

    /// What is known of the place of these items, their dates among it.
    fn ground_of(&self, page: &Page, listing: &Listing, items: &[RawItem]) -> Ground {
        let base = Some(base_of(&page.url, listing));
        let place = Place { base, language: listing.language.clone() };
        let texts = items.iter().filter_map(|item| Some(item.published.as_ref()?.text.as_str()));
        let orders = Orders::of_column(texts, &self.ground(&place, Orders::default()).dates);
        self.ground(&place, orders)
    }

    fn wanted(&self, mut sightings: Vec<Sighting>) -> Vec<Sighting> {
        sightings.retain(|sighting| sighting.passes(&self.source.filter_of_listing()));
        sightings
    }

    fn drifted(&self, drift: &Drift, found: &Found) -> Diagnostic {
        if matches!(drift, Drift::Fewer { now: 0, .. }) {
            return found.nothing(self.source);
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

/// What there is of items, each under names of its own.
fn parted(items: &[Option<Sighting>]) -> Vec<Sighting> {
    let mut sightings: Vec<Sighting> = items.iter().flatten().cloned().collect();
    sighting::part(&mut sightings);
    sightings
}

/// "There is no news" in the place of an item.
fn is_notice_of_none(items: &[RawItem]) -> bool {
    let [only] = items else { return false };
    only.url.is_none() && only.title.as_deref().is_some_and(detect::says_no_news)
}

/// Items of a page that has no rules. Further pages might have another list in their place.
fn listing(html: &Html, items: Vec<RawItem>) -> Listing {
    let root = html.root_element();
    let language = root.value().attr("lang").map(str::to_owned);
    Listing { items, language, base: rules::base(root), ..Listing::default() }
}

fn text(page: &Page) -> String {
    charset::decode(&page.body, page.content_type.as_deref())
}
