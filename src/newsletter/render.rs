//! A digest as mail that every client shows: tables, styles in place, and never so long that it
//! is clipped.

use css_inline::{CSSInliner, InlineOptions};
use serde_json::{Value, json};

use super::archive::Page;
use super::digest::Digest;
use super::{NewsletterError, preferences, unsubscribe};
use crate::mail::encoded_html_len;
use crate::model::{Image, Item, Slug};
use crate::normalize::{cut_at_word, line};
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
    })
}

/// Renders a digest as a page of the web, for everybody.
pub fn web_page(
    digest: &Digest,
    site: &Site,
    (day, date): (String, String),
) -> Result<Page, NewsletterError> {
    let renderer = Renderer { digest, site };
    let mut context = renderer.context(Detail::All, renderer.total());
    context["day"] = day.into();
    context["date"] = date.into();
    let html = site.templates.render("edition.html", context)?;
    Ok(Page { subject: renderer.subject(), html })
}

struct Renderer<'a> {
    digest: &'a Digest,
    site: &'a Site,
}

impl Renderer<'_> {
    fn subject(&self) -> String {
        if let Some(subject) = &self.digest.notes.subject {
            return line(subject);
        }
        let first = self.digest.items().next().map_or("", |item| &item.title);
        cut_at_word(&format!("{}: {first}", self.digest.title), SUBJECT)
    }

    fn fitting_html(&self) -> Result<String, NewsletterError> {
        let total = self.total();
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
        let context = self.context(Detail::All, self.total());
        Ok(self.site.templates.render("digest/body.txt", context)?)
    }

    /// How many items are shown, if there is room.
    fn total(&self) -> usize {
        let sections = self.digest.sections.iter().map(|section| section.items.len());
        let capped = |items: usize| items.min(self.per_section());
        let all = sections.map(capped).sum::<usize>() + capped(self.digest.updated.len());
        all.min(self.digest.most.items.unwrap_or(usize::MAX))
    }

    fn per_section(&self) -> usize {
        self.digest.most.per_section.unwrap_or(usize::MAX)
    }

    fn context(&self, detail: Detail, most: usize) -> Value {
        let digest = self.digest;
        let mut left = most;
        let texts = self.texts();
        let is_alone = digest.sections.len() == 1 && digest.updated.is_empty();
        let mut sections: Vec<Value> = Vec::new();
        for section in &digest.sections {
            // What has no label would seem to belong to the section above it.
            let others = || texts.get("others").filter(|_| !is_alone).map(String::as_str);
            let title = section.title.as_deref().or_else(others);
            sections.push(self.section(title, &section.items, detail, &mut left));
        }
        let updated = texts.get("updated").map(String::as_str);
        sections.push(self.section(updated, &digest.updated, detail, &mut left));
        let preheader: Vec<&str> =
            digest.items().skip(1).map(|item| item.title.as_str()).take(5).collect();
        let told = sections.iter().filter_map(|section| section["more"].as_u64()).sum::<u64>();
        let more = digest.items().count() - (most - left) - told as usize;
        json!({
            "title": digest.title,
            "subject": self.subject(),
            "preheader": cut_at_word(&preheader.join(" · "), PREHEADER),
            "language": digest.language,
            "is_first": digest.is_first_draft,
            "intro": self.intro(),
            "sections": sections,
            "more": more,
            "archive_url": self.site.settings.base_url,
            "unsubscribe_url": unsubscribe(self.site, &self.digest.name),
            "preferences_url": preferences(self.site, &self.digest.name),
            "address": self.site.settings.mail.address,
            "t": texts,
        })
    }

    /// The paragraphs that people put before the items.
    fn intro(&self) -> Vec<String> {
        let intro = self.digest.notes.intro.as_deref().unwrap_or_default();
        let paragraphs = intro.split("\n\n").map(line);
        paragraphs.filter(|paragraph| !paragraph.is_empty()).collect()
    }

    fn texts(&self) -> Texts {
        self.site.templates.texts(&self.digest.language)
    }

    /// A section as far as there is room, and how many of its items are left out by its own limit.
    fn section(
        &self,
        title: Option<&str>,
        items: &[(Slug, Item)],
        detail: Detail,
        left: &mut usize,
    ) -> Value {
        let capped = items.len().min(self.per_section());
        let shown = capped.min(*left);
        *left -= shown;
        let more = if shown == capped { items.len() - capped } else { 0 };
        let items: Vec<Value> = items[..shown]
            .iter()
            .map(|(feed, item)| self.item(feed, item, title, detail))
            .collect();
        // No level of headings is left out.
        let heading = if title.is_some() { "h3" } else { "h2" };
        json!({ "title": title, "heading": heading, "items": items, "more": more })
    }

    fn item(&self, feed: &Slug, item: &Item, section: Option<&str>, detail: Detail) -> Value {
        let summary = match detail {
            Detail::TitlesOnly => None,
            Detail::ShortSummaries => item.summary.as_deref().map(|text| cut_at_word(text, SHORT)),
            Detail::NoThumbnails | Detail::All => item.summary.clone(),
        };
        let image = item.image.as_ref().filter(|image| detail == Detail::All && is_shown(image));
        json!({
            "title": item.title,
            "url": link_of(item, &self.site.settings.base_url, feed),
            "kicker": item.kicker.as_deref().filter(|kicker| Some(*kicker) != section),
            "retracted": item.retracted_at.is_some(),
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
