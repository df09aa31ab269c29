//! A raw item to a sighting: a normalised announcement that the ledger has not yet looked at.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use url::Url;

use super::filter::{Field, Filter};
use super::{SafeHtml, documents, edits, inert, lead, line, links, plain_text, summary};
use crate::dates::{self, Reader, When};
use crate::extract::{RawDate, RawItem};
use crate::model::{Enclosure, Evidence, Image, Translation};

/// What is known of the place where raw items were found.
#[derive(Debug, Clone)]
pub struct Ground {
    /// Relative addresses are taken against it.
    pub base: Option<Url>,
    pub dates: Reader,
    pub zone: TimeZone,
    pub language: String,
    /// What a key is the item's alone within; empty for files, whose names are so within the site.
    pub scope: String,
    /// Fingerprint of the rules that found it: others may find something else in the same place.
    pub rules: String,
}

/// One announcement as seen in one place at one time.
#[derive(Debug, Clone, PartialEq)]
pub struct Sighting {
    /// Names that are this item's alone (address, file); the first is what its id is issued from.
    pub keys: Vec<String>,
    /// Title and day, title and place: good enough where no key is known, not more. Never empty
    /// without a key.
    pub likeness: Vec<String>,
    pub url: Option<Url>,
    pub title: String,
    /// There was no title, so the beginning of the text is.
    pub title_is_made: bool,
    pub kicker: Option<String>,
    pub summary: Option<String>,
    pub content: SafeHtml,
    pub image: Option<Image>,
    pub enclosures: Vec<Enclosure>,
    pub translations: Vec<Translation>,
    pub author: Option<String>,
    pub language: Option<String>,
    pub published: Option<Published>,
    /// A text that should have been a date and could not be read as one.
    pub unread: Option<String>,
    /// What the listing or file says, in short: the same as long as nobody edits it.
    pub listed: String,
    /// The place where it was seen says what it said before, so there is nothing to learn.
    pub is_unchanged: bool,
    /// Its own page has been read with it.
    pub has_detail: bool,
    /// It is known, and that page is read for the first time: what it adds is no news of it.
    pub is_detail_new: bool,
    /// Its own page says that it was taken back.
    pub is_retracted: bool,
    /// Nothing is known but its address: without its own page it is no announcement.
    pub is_bare: bool,
}

/// A date as read, with the text it was read from.
#[derive(Debug, Clone, PartialEq)]
pub struct Published {
    pub when: When,
    /// The instant, where the text gives a time of day.
    pub at: Option<Timestamp>,
    pub evidence: Evidence,
    pub text: String,
}

impl Published {
    /// For showing it alone (RFC 3339): its instant on the clock that the text gives, else on that of
    /// `zone`; of a day its noon.
    pub fn shown(&self, zone: &TimeZone) -> Option<String> {
        let noon = || self.when.day().at(12, 0, 0, 0).to_zoned_datetime(zone.clone()).ok();
        let at = self.at.or_else(|| noon().map(|noon| noon.timestamp()))?;
        Some(match self.when {
            When::Minute(_, Some(offset)) => dates::rfc3339(at, &TimeZone::fixed(offset)),
            _ => dates::rfc3339(at, zone),
        })
    }

    /// What the address says, where nothing else does.
    fn in_address(url: &Url) -> Option<Published> {
        let when = dates::in_path(url)?;
        Some(Published { when, at: None, evidence: Evidence::Url, text: url.path().to_owned() })
    }
}

impl Ground {
    /// Reads a date; one that counts back from the moment of the look is a conclusion.
    fn published(&self, date: &RawDate) -> Option<Published> {
        let text = line(&date.text);
        let when = self.dates.read(&text)?;
        let is_relative = self.dates.is_relative(&text);
        let evidence = if is_relative { Evidence::Inferred } else { date.evidence };
        Some(Published { when, at: when.instant(&self.zone), evidence, text })
    }
}

/// Characters of a title made from a summary.
const TITLE_LENGTH: usize = 100;

/// Characters that a title has at most: what is longer is a text without a title.
const LONGEST_TITLE: usize = 1000;

impl Sighting {
    /// Normalises a raw item; `None` if it has neither title nor text.
    pub fn of(raw: &RawItem, ground: &Ground) -> Option<Sighting> {
        let field =
            |field: &Option<String>| field.as_deref().map(inert).filter(|text| !text.is_empty());
        let address =
            |href: &Option<String>| links::absolute(href.as_deref()?, ground.base.as_ref());
        let content_base = address(&raw.content_base).or_else(|| ground.base.clone());
        let content = raw.content.as_deref().unwrap_or_default();
        let content = SafeHtml::from_html(content, content_base.as_ref());
        let text =
            || Some(inert(&summary(&lead(content.as_str())))).filter(|text| !text.is_empty());
        let summary = field(&raw.summary).or_else(text);
        let title = field(&raw.title).map(|title| super::cut_at_word(&title, LONGEST_TITLE));
        let title_is_made = title.is_none();
        let title = title
            .or_else(|| summary.as_deref().map(|text| super::cut_at_word(text, TITLE_LENGTH)))?;
        let url = address(&raw.url);
        let others = raw.other_dates.iter();
        let others = others.map(|text| RawDate { text: text.clone(), evidence: Evidence::Page });
        let mut said = raw.published.iter().cloned().chain(others);
        let published = said.find_map(|date| ground.published(&date));
        let unread = raw.published.as_ref().filter(|_| published.is_none());
        let unread = unread.map(|date| line(&date.text)).filter(|text| !text.is_empty());
        let published = published.or_else(|| Published::in_address(url.as_ref()?));
        let image = raw.image.as_ref().and_then(|picture| {
            Some(Image {
                url: links::absolute(&picture.address, ground.base.as_ref())?,
                alt: field(&picture.alt).unwrap_or_default(),
                width: picture.width,
                height: picture.height,
            })
        });
        let document = url.as_ref().and_then(documents::media_type);
        let title = match document {
            Some(_) => documents::title(&title).to_owned(),
            None => title,
        };
        let mut keys = Vec::new();
        keys.extend(url.as_ref().map(|url| format!("url:{}", links::key(url))));
        keys.extend(raw.key.as_ref().map(|key| format!("key:{}{key}", ground.scope)));
        let likeness = likeness(&title, url.as_ref(), published.as_ref());
        let files = enclosures(raw, url.as_ref(), document, ground);
        let mut sighting = Sighting {
            keys,
            likeness,
            url,
            title,
            title_is_made,
            kicker: field(&raw.kicker),
            summary,
            content,
            image,
            enclosures: files,
            translations: translations(raw, ground),
            author: field(&raw.author),
            language: Some(raw.language.as_ref().unwrap_or(&ground.language).clone())
                .filter(|tag| dates::is_language(tag)),
            published,
            unread,
            listed: String::new(),
            is_unchanged: false,
            has_detail: false,
            is_detail_new: false,
            is_retracted: false,
            is_bare: false,
        };
        sighting.name_no_self();
        sighting.listed = sighting.fingerprint(ground);
        Some(sighting)
    }

    /// An item of which only the address is known, until its page is read.
    pub fn bare(raw: &RawItem, ground: &Ground) -> Option<Sighting> {
        let url = links::absolute(raw.url.as_deref()?, ground.base.as_ref())?;
        let name = links::name(&url).unwrap_or_else(|| url.to_string());
        let titled = RawItem { title: Some(raw.title.clone().unwrap_or(name)), ..raw.clone() };
        let sighting = Sighting::of(&titled, ground)?;
        Some(Sighting { title_is_made: raw.title.is_none(), is_bare: true, ..sighting })
    }

    /// Takes from another sighting of the same announcement what this one lacks.
    pub fn fill(&mut self, other: Sighting) {
        self.keys.extend(other.keys);
        if is_cut(&self.title).is_some_and(|start| other.title.starts_with(start)) {
            self.title = other.title;
        }
        if self.published.is_none() && other.published.is_some() {
            (self.published, self.unread) = (other.published, None);
        }
        self.kicker = self.kicker.take().or(other.kicker);
        self.summary = self.summary.take().or(other.summary);
        self.image = self.image.take().or(other.image);
        self.author = self.author.take().or(other.author);
        if self.content.is_empty() {
            self.content = other.content;
        }
    }

    /// The document that it links to, if it is one.
    pub fn document(&mut self) -> Option<&mut Enclosure> {
        let url = self.url.as_ref()?;
        self.enclosures.first_mut().filter(|file| file.url == *url)
    }

    /// Its page turned out to be a document.
    pub fn is_document(&mut self, url: Url, media_type: &str, length: u64) {
        self.title = documents::title(&self.title).to_owned();
        self.enclosures =
            vec![Enclosure { url, media_type: media_type.to_owned(), length: Some(length) }];
        (self.has_detail, self.is_bare) = (true, false);
    }

    fn fingerprint(&self, ground: &Ground) -> String {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let date = self.published.as_ref().map(|date| date.text.clone()).or(self.unread.clone());
        let image = self.image.as_ref().map(|image| links::place(&image.url));
        let texts = [
            ground.rules.clone(),
            self.title.clone(),
            text(&self.kicker),
            text(&self.summary),
            self.content.as_str().to_owned(),
            text(&self.author),
            text(&image),
            text(&date),
            text(&self.language),
            self.enclosures
                .iter()
                .map(|file| links::place(&file.url))
                .collect::<Vec<_>>()
                .join(" "),
            self.translations
                .iter()
                .map(|other| links::place(&other.url))
                .collect::<Vec<_>>()
                .join(" "),
        ];
        edits::fingerprint(texts.iter().map(String::as_str), &ground.language)
    }

    /// Takes from the item's own page what that says; the rest stays.
    pub fn overlay(&mut self, raw: &RawItem, ground: &Ground) {
        let titled =
            RawItem { title: raw.title.clone().or(Some(self.title.clone())), ..raw.clone() };
        let Some(page) = Sighting::of(&titled, ground) else { return };
        if raw.title.is_some() {
            (self.title, self.title_is_made) = (page.title, false);
        }
        self.kicker = page.kicker.or(self.kicker.take());
        if raw.summary.is_some() || self.summary.is_none() {
            self.summary = page.summary.or(self.summary.take());
        }
        if !page.content.is_empty() {
            self.content = page.content;
        }
        self.image = page.image.or(self.image.take());
        self.author = page.author.or(self.author.take());
        if raw.language.is_some() {
            self.language = page.language;
        }
        if !page.enclosures.is_empty() {
            self.enclosures = page.enclosures;
        }
        if !page.translations.is_empty() {
            self.translations = page.translations;
            self.name_no_self();
        }
        // What the rules find on its own page outweighs the listing; what that says to programs, or
        // its address, is for want of anything else.
        let is_weak = |date: &Published| date.evidence == Evidence::Url;
        let wants = raw.published.is_some() || self.published.as_ref().is_none_or(is_weak);
        if wants && page.published.is_some() {
            self.published = page.published;
            self.unread = None;
        }
    }

    /// Whether a filter wants this item.
    pub fn passes(&self, filter: &Filter) -> bool {
        filter.wants(|field| match field {
            Field::Kicker => self.kicker.clone().unwrap_or_default(),
            Field::Title => self.title.clone(),
            Field::Url => self.url.as_ref().map(Url::to_string).unwrap_or_default(),
            Field::Text => {
                let summary = self.summary.as_deref().unwrap_or_default();
                format!("{}\n{summary}\n{}", self.title, plain_text(self.content.as_str()))
            }
        })
    }

    /// Pages name themselves among their languages.
    fn name_no_self(&mut self) {
        let own = self.url.as_ref().map(links::key);
        self.translations.retain(|other| Some(links::key(&other.url)) != own);
    }

    /// The names that its translations would have.
    pub fn translation_keys(&self) -> impl Iterator<Item = String> {
        self.translations.iter().map(|other| format!("url:{}", links::key(&other.url)))
    }

    /// What the id is issued from when the item is new.
    pub fn seed(&self) -> &str {
        self.keys.first().or(self.likeness.first()).map_or("", String::as_str)
    }
}

/// The files of an item; if its link leads to one, that is the first.
fn enclosures(
    raw: &RawItem,
    url: Option<&Url>,
    document: Option<&str>,
    ground: &Ground,
) -> Vec<Enclosure> {
    let linked = url.zip(document).map(|(url, media_type)| Enclosure {
        url: url.clone(),
        media_type: media_type.to_owned(),
        length: None,
    });
    let announced = raw.enclosures.iter().filter_map(|file| {
        let url = links::absolute(&file.url, ground.base.as_ref())?;
        let by_name = documents::media_type(&url).unwrap_or("application/octet-stream");
        let media_type = file.media_type.clone().filter(|text| is_media_type(text));
        let media_type = media_type.unwrap_or_else(|| by_name.to_owned());
        Some(Enclosure { url, media_type, length: file.length.filter(|length| *length > 0) })
    });
    let mut files: Vec<Enclosure> = Vec::new();
    for file in linked.into_iter().chain(announced) {
        match files.iter_mut().find(|known| known.url == file.url) {
            Some(known) => known.length = known.length.or(file.length),
            None => files.push(file),
        }
    }
    files
}

/// `type/subtype` (RFC 2045, 5.1).
fn is_media_type(text: &str) -> bool {
    let is_token = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-._".contains(&b))
    };
    text.split_once('/').is_some_and(|(kind, subtype)| is_token(kind) && is_token(subtype))
}

fn translations(raw: &RawItem, ground: &Ground) -> Vec<Translation> {
    let absolute = raw.translations.iter().filter_map(|other| {
        let url = links::absolute(&other.url, ground.base.as_ref())?;
        Some(Translation { language: other.language.clone(), url })
    });
    absolute.collect()
}

/// What the announcement is like where its names are not known, the surest likeness first: the same
/// title on the same day, with the same name of its page or another; undated, the same title in the
/// same place - on another host, or with another token.
fn likeness(title: &str, url: Option<&Url>, published: Option<&Published>) -> Vec<String> {
    let title = dates::fold(title);
    let dated = published.filter(|date| date.evidence != Evidence::Url);
    match (dated, url) {
        (Some(date), url) => {
            let like = format!("title:{title}|{}", date.when.day());
            let named = url.and_then(links::name).map(|name| format!("{like}|{name}"));
            named.into_iter().chain([like]).collect()
        }
        (None, Some(url)) => vec![format!("title:{title}|{}", links::place(url))],
        (None, None) => vec![format!("title:{title}|")],
    }
}

/// Takes from the sightings of one look the names that are not theirs alone: where different
/// announcements link to one page, the fragments of the addresses tell them apart, or the files.
pub fn part(sightings: &mut [Sighting]) {
    let mut told: HashMap<String, (Vec<String>, HashSet<Date>)> = HashMap::new();
    for sighting in sightings.iter() {
        for key in &sighting.keys {
            let (titles, days) = told.entry(key.clone()).or_default();
            let title = dates::fold(&sighting.title);
            match titles.iter_mut().find(|known| is_one_title(known, &title)) {
                Some(known) if known.len() < title.len() => *known = title,
                Some(_) => {}
                None => titles.push(title),
            }
            days.extend(sighting.published.as_ref().map(|date| date.when.day()));
        }
    }
    for sighting in sightings {
        let shared = |key: &String| {
            told.get(key).is_some_and(|(titles, days)| titles.len() > 1 || days.len() > 1)
        };
        if !sighting.keys.iter().any(shared) {
            continue;
        }
        let page_is_shared = sighting.keys.iter().any(|key| key.starts_with("url:") && shared(key));
        sighting.keys.retain(|key| !shared(key));
        if page_is_shared && let Some(url) = &sighting.url {
            let full = links::full_key(url);
            // `#` alone leads nowhere in particular.
            if !full.ends_with('#') || url.query().is_some() {
                sighting.keys.push(format!("url:{full}"));
            }
        }
    }
}

/// The same title, or the one cut short to the other: `A plan for the…`
fn is_one_title(one: &str, other: &str) -> bool {
    let begins = |cut: &str, whole: &str| is_cut(cut).is_some_and(|start| whole.starts_with(start));
    one == other || begins(one, other) || begins(other, one)
}

/// What is left of a title that was cut.
fn is_cut(title: &str) -> Option<&str> {
    let start = title.strip_suffix('…').or_else(|| title.strip_suffix("..."))?.trim_end();
    (start.chars().count() >= 10).then_some(start)
}
