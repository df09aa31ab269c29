//! A digest as mail that every client shows: tables, styles in place, and never so long that it
//! is clipped.

use css_inline::{CSSInliner, InlineOptions};
use serde_json::{Value, json};
use url::Url;

use super::digest::{Digest, Section};
use super::{NewsletterError, Token};
use crate::mail::encoded_html_len;
use crate::model::{Image, Item, Slug};
use crate::normalize::cut_at_word;
use crate::publish::{date_of, link_of};
use crate::site::Site;
use crate::templates::Texts;

/// Bytes of the encoded HTML part. Gmail cuts off what is beyond about 102 kB, the link to
/// unsubscribe with it.
const BUDGET: usize = 100_000;

/// More titles than these do not fit in any case.
const MOST: usize = 400;

/// Characters of a shortened summary.
const SHORT: usize = 120;

/// Pixels of a thumbnail.
const THUMBNAIL: usize = 120;

/// Characters of the subject and of the preview that clients show beside it.
const SUBJECT: usize = 120;
const PREHEADER: usize = 140;

/// A digest as it is mailed.
#[derive(Debug)]
pub struct Rendered {
    pub subject: String,
    pub html: String,
    pub text: String,
    pub unsubscribe: Url,
}

/// What is given up, one after the other, when the mail gets too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
enum Detail {
    TitlesOnly,
    ShortSummaries,
    NoThumbnails,
    All,
}

/// Renders a digest; its HTML part fits the budget whatever the number of items.
pub fn render(digest: &Digest, site: &Site) -> Result<Rendered, NewsletterError> {
    let renderer = Renderer { digest, site };
    Ok(Rendered {
        subject: renderer.subject(),
        html: renderer.fitting_html()?,
        // The text part is not clipped: it has every title and link.
        text: renderer.text()?,
        unsubscribe: renderer.unsubscribe(),
    })
}

struct Renderer<'a> {
    digest: &'a Digest,
    site: &'a Site,
}

impl Renderer<'_> {
    fn subject(&self) -> String {
        let first = self.digest.items().next().map_or("", |item| &item.title);
        cut_at_word(&format!("{}: {first}", self.digest.title), SUBJECT)
    }

    /// The address where each subscriber leaves.
    fn unsubscribe(&self) -> Url {
        let mut url = self.site.settings.base_url.clone();
        let (path, name, token) = (url.path(), &self.digest.name, Token::BLANK);
        url.set_path(&format!("{path}newsletters/{name}/unsubscribe/{token}"));
        url
    }

    fn fitting_html(&self) -> Result<String, NewsletterError> {
        let total = self.digest.items().count();
        let fits = |html: &str| encoded_html_len(html) <= BUDGET;
        let most = total.min(MOST);
        for detail in
            [Detail::All, Detail::NoThumbnails, Detail::ShortSummaries, Detail::TitlesOnly]
        {
            let html = self.html(detail, most)?;
            if most == total && fits(&html) {
                return Ok(html);
            }
        }
        // Titles only, as many as fit.
        let (mut fitting, mut beyond) = (0, most + 1);
        let mut html = self.html(Detail::TitlesOnly, fitting)?;
        while beyond - fitting > 1 {
            let middle = usize::midpoint(fitting, beyond);
            let candidate = self.html(Detail::TitlesOnly, middle)?;
            if fits(&candidate) {
                (fitting, html) = (middle, candidate);
            } else {
                beyond = middle;
            }
        }
        Ok(html)
    }

    fn html(&self, detail: Detail, most: usize) -> Result<String, NewsletterError> {
        let context = self.context(detail, most);
        let html = self.site.templates.render("digest/body.html", context)?;
        let options = InlineOptions { keep_style_tags: false, ..InlineOptions::default() };
        CSSInliner::new(options)
            .inline(&html)
            .map_err(|error| NewsletterError::Styles(error.to_string()))
    }

    fn text(&self) -> Result<String, NewsletterError> {
        let context = self.context(Detail::All, usize::MAX);
        Ok(self.site.templates.render("digest/body.txt", context)?)
    }

    fn context(&self, detail: Detail, most: usize) -> Value {
        let digest = self.digest;
        let mut left = most;
        let sections: Vec<Value> = digest
            .sections
            .iter()
            .map(|section| self.section(section, detail, &mut left))
            .collect();
        let preheader: Vec<&str> =
            digest.items().skip(1).map(|item| item.title.as_str()).take(5).collect();
        let total = digest.items().count();
        json!({
            "title": digest.title,
            "subject": self.subject(),
            "preheader": cut_at_word(&preheader.join(" · "), PREHEADER),
            "language": digest.language,
            "is_first": digest.since.is_none(),
            "sections": sections,
            "more": total.saturating_sub(most),
            "archive_url": self.site.settings.base_url,
            "unsubscribe_url": self.unsubscribe(),
            "address": self.site.settings.mail.address,
            "t": self.texts(),
        })
    }

    fn texts(&self) -> Texts {
        self.site.templates.texts(&self.digest.language)
    }

    fn section(&self, section: &Section, detail: Detail, left: &mut usize) -> Value {
        let shown = section.items.len().min(*left);
        *left -= shown;
        let items: Vec<Value> = section.items[..shown]
            .iter()
            .map(|(feed, item)| self.item(feed, item, section, detail))
            .collect();
        // What has no label would seem to belong to the section above it.
        let is_alone = self.digest.sections.len() == 1;
        let others = || if is_alone { None } else { self.texts().remove("others") };
        let title = section.title.clone().or_else(others);
        // No level of headings is left out.
        let heading = if title.is_some() { "h3" } else { "h2" };
        json!({ "title": title, "heading": heading, "items": items })
    }

    fn item(&self, feed: &Slug, item: &Item, section: &Section, detail: Detail) -> Value {
        let summary = match detail {
            Detail::TitlesOnly => None,
            Detail::ShortSummaries => item.summary.as_deref().map(|text| cut_at_word(text, SHORT)),
            Detail::NoThumbnails | Detail::All => item.summary.clone(),
        };
        let image = item.image.as_ref().filter(|image| detail == Detail::All && is_shown(image));
        json!({
            "title": item.title,
            "url": link_of(item, &self.site.settings.base_url, feed),
            "kicker": item.kicker.as_ref().filter(|kicker| Some(*kicker) != section.title.as_ref()),
            "date": date_of(item, &self.site.settings.time_zone, &self.digest.language),
            "summary": summary,
            "image": image.map(|image| json!({
                "url": image.url,
                "alt": image.alt,
                "width": THUMBNAIL,
            })),
        })
    }
}

/// Mail clients show JPEG, PNG and GIF; the others show a hole. Over plain HTTP they warn.
fn is_shown(image: &Image) -> bool {
    let path = image.url.path().to_ascii_lowercase();
    let is_hole = [".svg", ".webp", ".avif", ".heic"].iter().any(|ending| path.ends_with(ending));
    image.url.scheme() == "https" && !is_hole
}
