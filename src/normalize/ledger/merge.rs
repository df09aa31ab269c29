//! What a known item takes up of a sighting, and what of that is an edit.

use jiff::SignedDuration;

use super::{Kind, Occasion};
use crate::model::{Dated, Enclosure, Evidence, Image, Item};
use crate::normalize::moment::whole_second;
use crate::normalize::sighting::Sighting;
use crate::normalize::{edits, links};

/// An item that takes up what a sighting tells.
pub struct Merge<'a> {
    item: Item,
    occasion: Occasion<'a>,
    /// The announcement says something else than before; it was not only read better.
    is_edited: bool,
}

impl<'a> Merge<'a> {
    pub fn new(item: &Item, occasion: Occasion<'a>) -> Merge<'a> {
        Merge { item: item.clone(), occasion, is_edited: false }
    }

    /// A field that is missing now stays as it was, unless the source is the whole truth; a source
    /// that did not bring the item first may add, not change.
    pub fn take(&mut self, sighting: Sighting, date: Option<Dated>) {
        let occasion = self.occasion;
        // A translation into the feed's language takes the item over.
        let speaks = !occasion.is_own(&self.item.language) && occasion.is_own(&sighting.language);
        let is_nobodys = !occasion.sources.contains(&self.item.source);
        let owns = self.item.source == occasion.source || is_nobodys || speaks;
        let is_quiet = speaks || sighting.is_detail_new || occasion.are_rules_new;
        let mut item = self.item.clone();
        if owns {
            item.source = occasion.source.to_owned();
            if !sighting.title_is_made {
                self.is_edited |= self.text(&mut item.title, sighting.title);
            }
        }
        for (old, new) in [
            (&mut item.kicker, sighting.kicker),
            (&mut item.summary, sighting.summary),
            (&mut item.author, sighting.author),
        ] {
            self.is_edited |= self.field(old, new, owns);
        }
        if (!sighting.content.is_empty() && (owns || item.content.is_empty()))
            || (owns && occasion.is_whole && !item.content.is_empty())
        {
            let is_edit =
                edits::is_edit(item.content.as_str(), sighting.content.as_str(), occasion.language);
            if is_edit {
                item.content = sighting.content;
            }
            self.is_edited |= is_edit;
        }
        self.is_edited |= image(&mut item.image, sighting.image, owns, occasion.is_whole);
        if owns && !sighting.enclosures.is_empty() {
            item.enclosures = with_lengths(sighting.enclosures, &item.enclosures);
        }
        if owns && !sighting.translations.is_empty() {
            item.translations = sighting.translations;
        }
        // Another place or date of the same text is no edit of it.
        if let Some(new) = sighting.url
            && (item.url.is_none() || owns)
            && item.url.as_ref().is_none_or(|old| is_elsewhere(old, &new))
        {
            item.url = Some(new);
        }
        match date {
            // A date that turned up and is none, an event's, moves nothing.
            Some(date) if date.evidence == Evidence::FirstSeen => {
                item.published.text = date.text;
            }
            Some(date) => {
                item.updated_at = item.updated_at.max(date.at);
                item.published = date;
            }
            None => {}
        }
        if owns && sighting.language.is_some() {
            item.language = sighting.language;
        }
        // What its listing gives again, and its page does not take back, stands.
        let retracted_at = match sighting.is_retracted {
            true => item.retracted_at.or(Some(whole_second(occasion.now))),
            false => None,
        };
        let is_turned = item.retracted_at.is_some() != retracted_at.is_some();
        item.retracted_at = retracted_at;
        self.is_edited &= !is_quiet;
        self.is_edited |= is_turned;
        self.item = item;
    }

    /// Takes a text if it is another one; a counter that has moved on is not.
    fn text(&self, old: &mut String, new: String) -> bool {
        let is_edit = edits::is_edit(old, &new, self.occasion.language);
        if is_edit {
            *old = new;
        }
        is_edit
    }

    fn field(&self, old: &mut Option<String>, new: Option<String>, owns: bool) -> bool {
        match (old.as_mut(), new) {
            (None, Some(new)) => {
                *old = Some(new);
                true
            }
            (Some(text), Some(new)) if owns => self.text(text, new),
            (Some(_), None) if owns && self.occasion.is_whole => {
                *old = None;
                true
            }
            _ => false,
        }
    }

    /// The item and what has become of it. Edits of one look are seconds apart, or they would be
    /// the same to readers that know what they have by its time.
    pub fn into_item(mut self, old: &Item, edits: &mut i32) -> (Kind, Item) {
        if self.is_edited {
            self.item.updated_at =
                whole_second(self.occasion.now) - SignedDuration::from_secs(1) * *edits;
            *edits += 1;
        }
        let kind = if self.item == *old { Kind::Unchanged } else { Kind::Updated };
        (kind, self.item)
    }
}

/// A length that was known once is not forgotten.
fn with_lengths(mut files: Vec<Enclosure>, known: &[Enclosure]) -> Vec<Enclosure> {
    for file in &mut files {
        let earlier = known.iter().find(|known| known.url == file.url);
        file.length = file.length.or(earlier.and_then(|known| known.length));
    }
    files
}

/// Another image is an edit; another address of it with the same path is not.
fn image(old: &mut Option<Image>, new: Option<Image>, owns: bool, is_whole: bool) -> bool {
    let place = |image: &Option<Image>| image.as_ref().map(|image| links::place(&image.url));
    let alt = |image: &Option<Image>| image.as_ref().map(|image| image.alt.clone());
    let takes = match (&old, &new) {
        (None, Some(_)) => true,
        (Some(_), Some(_)) => owns && (place(old), alt(old)) != (place(&new), alt(&new)),
        (Some(_), None) => owns && is_whole,
        (None, None) => false,
    };
    if takes {
        *old = new;
    }
    takes
}

/// Only the parameters differ: a token, most likely, that differs on every visit.
fn is_elsewhere(old: &url::Url, new: &url::Url) -> bool {
    (old.scheme(), old.host(), old.port(), old.path())
        != (new.scheme(), new.host(), new.port(), new.path())
}
