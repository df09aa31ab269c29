//! Feeds that exist: RSS 0.9x to 2.0, RDF, Atom 0.3 and 1.0, JSON Feed, whole or broken.

mod broken;
mod left_out;

use std::sync::{Arc, LazyLock, Mutex};

use chrono::{DateTime, Utc};
use feed_rs::model::{Entry, Feed, FeedType, Link, Text};
use feed_rs::parser::Builder;
use regex::Regex;
use url::Url;

use left_out::LeftOut;

use super::{Listing, RawDate, RawEnclosure, RawItem, Translation, charset};
use crate::model::Evidence;
use crate::normalize::images::Picture;
use crate::normalize::plain_field;

/// True if the page is a feed, whatever its server calls it.
pub fn is_feed(text: &str) -> bool {
    let start = broken::beginning(text);
    if start.starts_with('{') {
        return start.contains("jsonfeed.org/version");
    }
    root_of(start).is_some_and(|root| matches!(local_name(root), "rss" | "feed" | "RDF" | "rdf"))
}

/// Reads a feed. One that is not well-formed is mended and read again.
pub fn read(
    bytes: &[u8],
    content_type: Option<&str>,
    url: Option<&Url>,
) -> Result<Listing, String> {
    let text = text_of(bytes, content_type);
    let text = if text.trim_start().starts_with('{') {
        broken::lenient(&text)?
    } else {
        broken::as_atom_1(text)
    };
    let texts = Texts::default();
    let parse = |text: &str| parse(text, &texts, url);
    let parsed = parse(&text).or_else(|_| {
        let mended = broken::mend(&text);
        parse(&mended)
            .or_else(|error| broken::piece_by_piece(&mended, |text| parse(text).ok()).ok_or(error))
    });
    let feed = parsed.map_err(|error| format!("the feed cannot be read: {error}"))?;
    let next = feed.links.iter().find(|link| link.rel.as_deref() == Some("next"));
    let mut items: Vec<RawItem> =
        feed.entries.iter().map(|entry| item(entry, &feed, &texts)).collect();
    for (item, left_out) in
        items.iter_mut().zip(left_out::read(&text, feed.entries.len()).into_iter().flatten())
    {
        add(item, left_out);
    }
    Ok(Listing {
        next: next.map(|link| link.href.clone()),
        items,
        base: base(&text),
        language: feed.language.clone(),
        ttl: feed.ttl,
        ..Listing::default()
    })
}

/// What the addresses of the whole feed are relative to (XML Base).
fn base(text: &str) -> Option<String> {
    static BASE: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r#"^<[^>]*?\sxml:base\s*=\s*["']([^"']+)["']"#).ok());
    Some(BASE.as_ref()?.captures(root_of(broken::beginning(text))?)?[1].to_owned())
}

/// The text from the first element on, beyond declaration, comments and document type.
fn root_of(text: &str) -> Option<&str> {
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        rest = if let Some(comment) = rest.strip_prefix("<!--") {
            comment.split_once("-->")?.1
        } else if rest.starts_with("<?") || rest.starts_with("<!") {
            rest.split_once('>')?.1
        } else {
            return rest.starts_with('<').then_some(rest);
        };
    }
}

/// The name of the element that a text begins with, without its prefix.
fn local_name(element: &str) -> &str {
    let name = element[1..].split(|c: char| c.is_whitespace() || c == '>' || c == '/').next();
    let name = name.unwrap_or_default();
    name.rsplit(':').next().unwrap_or(name)
}

/// Feeds name their encoding in the declaration; what they are is settled as for pages.
fn text_of(bytes: &[u8], content_type: Option<&str>) -> String {
    static ENCODING: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r#"^\s*<\?xml[^>]*?\sencoding\s*=\s*["']([\w.:-]+)["'][^>]*\?>"#).ok()
    });
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).into_owned();
    let declared = ENCODING
        .as_ref()
        .and_then(|regex| regex.captures(&start))
        .map(|found| format!("text/xml; charset={}", &found[1]));
    let has_charset = content_type.is_some_and(|header| header.contains("charset"));
    let named = if has_charset { content_type } else { declared.as_deref().or(content_type) };
    let text = charset::decode(bytes, named);
    // It is UTF-8 now, whatever it was.
    match ENCODING.as_ref() {
        Some(regex) => regex.replace(&text, "<?xml version=\"1.0\"?>").into_owned(),
        None => text,
    }
}

/// The texts that date a feed. The crate knows instants only, so on its way through it each text is
/// an instant that tells its place here; what it says is read where all dates are.
#[derive(Clone, Default)]
struct Texts(Arc<Mutex<Vec<String>>>);

impl Texts {
    fn keep(&self, text: &str) -> Option<DateTime<Utc>> {
        let mut texts = self.0.lock().ok()?;
        texts.push(text.trim().to_owned());
        DateTime::from_timestamp(i64::try_from(texts.len() - 1).ok()?, 0)
    }

    fn of(&self, instant: DateTime<Utc>) -> Option<String> {
        let texts = self.0.lock().ok()?;
        texts
            .get(usize::try_from(instant.timestamp()).ok()?)
            .filter(|text| !text.is_empty())
            .cloned()
    }
}

fn parse(text: &str, texts: &Texts, url: Option<&Url>) -> Result<Feed, String> {
    let texts = texts.clone();
    let parser = Builder::new()
        .timestamp_parser(move |text| texts.keep(text))
        // An id that is not there stays away: others know the item by its address.
        .id_generator(|_, _, _| String::new())
        .sanitize_content(false)
        .base_uri(url)
        .build();
    parser.parse(text.as_bytes()).map_err(|error| error.to_string())
}

fn item(entry: &Entry, feed: &Feed, texts: &Texts) -> RawItem {
    let text = |text: &Option<Text>| text.as_ref().map(|text| text.content.clone());
    let media = || entry.media.iter();
    let is_page = |link: &&Link| {
        link.rel.as_deref().is_none_or(|rel| rel == "alternate") && !is_attachment(link, feed)
    };
    let link = entry.links.iter().find(is_page);
    // A permanent link can be all there is.
    let url = link.map(|link| link.href.clone()).or_else(|| {
        Some(entry.id.clone()).filter(|id| id.starts_with("http://") || id.starts_with("https://"))
    });
    let content = entry.content.as_ref().and_then(|content| content.body.clone());
    let summary = text(&entry.summary);
    let summary = summary.or_else(|| media().find_map(|media| text(&media.description)));
    // An entry of Atom has to have a date of update; of publication, it need not.
    let mut dates =
        [entry.published, entry.updated].into_iter().flatten().filter_map(|at| texts.of(at));
    let credit = || Some(media().find_map(|media| media.credits.first())?.entity.clone());
    RawItem {
        key: Some(entry.id.clone()).filter(|id| !id.is_empty()),
        kicker: entry.categories.first().map(|c| c.label.clone().unwrap_or(c.term.clone())),
        title: text(&entry.title)
            .or_else(|| media().find_map(|media| text(&media.title)))
            .map(|title| plain_field(&title)),
        url,
        published: dates.next().map(|text| RawDate { text, evidence: Evidence::Page }),
        other_dates: dates.collect(),
        content_base: entry.base.clone(),
        // A description that is all there is, is the content.
        content: content.or_else(|| summary.clone()),
        summary: summary.map(|summary| plain_field(&summary)),
        image: picture(entry),
        enclosures: enclosures(entry, feed),
        author: entry.authors.first().and_then(|author| author.name.clone()).or_else(credit),
        language: entry.language.clone().or_else(|| feed.language.clone()),
        translations: translations(entry),
    }
}

/// Gives an item of RSS what the crate has left out.
fn add(item: &mut RawItem, left_out: LeftOut) {
    let mut dates = left_out.dates.into_iter();
    if let Some(text) = dates.next() {
        item.published = Some(RawDate { text, evidence: Evidence::Page });
        item.other_dates = dates.collect();
    }
    if !left_out.enclosures.is_empty() {
        item.enclosures = left_out.enclosures;
    }
    item.image = item.image.take().or(left_out.image.map(Picture::at));
}

/// Atom names the other languages of an entry as alternates (RFC 4287, 4.1.2).
fn translations(entry: &Entry) -> Vec<Translation> {
    let others = entry.links.iter().filter(|link| link.rel.as_deref() == Some("alternate"));
    others
        .filter_map(|link| {
            let language = link.href_lang.clone()?;
            Some(Translation { language, url: link.href.clone() })
        })
        .collect()
}

fn picture(entry: &Entry) -> Option<Picture> {
    let thumbnails = entry.media.iter().flat_map(|media| &media.thumbnails).map(|thumbnail| {
        let image = &thumbnail.image;
        Picture { width: image.width, height: image.height, ..Picture::at(image.uri.clone()) }
    });
    let images = entry.media.iter().flat_map(|media| &media.content).filter_map(|content| {
        let is_image = content
            .content_type
            .as_ref()
            .is_some_and(|mime| mime.essence().to_string().starts_with("image/"));
        let picture = Picture {
            width: content.width,
            height: content.height,
            ..Picture::at(content.url.as_ref()?.to_string())
        };
        is_image.then_some(picture)
    });
    images.chain(thumbnails).next()
}

/// The attachments of a JSON Feed are links that have a type and no relation.
fn is_attachment(link: &Link, feed: &Feed) -> bool {
    feed.feed_type == FeedType::JSON && link.rel.is_none() && link.media_type.is_some()
}

fn enclosures(entry: &Entry, feed: &Feed) -> Vec<RawEnclosure> {
    let media = entry.media.iter().flat_map(|media| &media.content).filter_map(|content| {
        let media_type = content.content_type.as_ref().map(|mime| mime.essence().to_string());
        let is_image = media_type.as_deref().is_some_and(|mime| mime.starts_with("image/"));
        (!is_image).then_some(RawEnclosure {
            url: content.url.as_ref()?.to_string(),
            media_type,
            length: content.size,
        })
    });
    let links = entry
        .links
        .iter()
        .filter(|link| link.rel.as_deref() == Some("enclosure") || is_attachment(link, feed));
    let links = links.map(|link| RawEnclosure {
        url: link.href.clone(),
        media_type: link.media_type.clone(),
        length: link.length,
    });
    media.chain(links).collect()
}
