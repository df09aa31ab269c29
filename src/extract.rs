//! Pages and files to raw items: the strings as found, nothing decided that is not written there.
//! Pure.

mod blocks;
mod body;
pub mod charset;
mod elements;
pub mod file;
mod front_matter;
mod header;
pub mod html;
pub mod markdown;
mod residue;
pub mod rules;
pub mod text;

use crate::model::Evidence;

/// One announcement as extracted. Everything is optional: a field that is missing costs neither
/// the item nor another field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RawItem {
    /// A name that is the item's alone, if the place where it was found gives one: a file name.
    pub key: Option<String>,
    /// The short label over the title: "In Focus", "Press Release".
    pub kicker: Option<String>,
    pub title: Option<String>,
    /// As written, relative or not.
    pub url: Option<String>,
    pub published: Option<RawDate>,
    pub summary: Option<String>,
    /// HTML, not yet sanitised.
    pub content: Option<String>,
    /// Address of the lead image, as written.
    pub image: Option<String>,
    pub image_alt: Option<String>,
    pub author: Option<String>,
    /// BCP 47, as written.
    pub language: Option<String>,
}

/// The text that dates an item, and how much it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawDate {
    pub text: String,
    pub evidence: Evidence,
}
