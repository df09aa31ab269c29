//! Images as pages have them: loaded late, in several sizes, or only where there are no scripts.

use std::borrow::Cow;

use scraper::{ElementRef, Html, Selector};

/// An image, its address as written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Picture {
    pub address: String,
    pub alt: Option<String>,
    /// Pixels.
    pub width: Option<u32>,
    pub height: Option<u32>,
}

/// Attributes in which scripts find the address, the surest first.
const LATE: [&str; 6] =
    ["data-src", "data-lazy-src", "data-original", "data-lazy", "data-url", "data-image"];

/// Attributes that list the image in several sizes.
const SETS: [&str; 3] = ["data-srcset", "data-lazy-srcset", "srcset"];

/// Pixels that a lead image need not be wider than.
const WIDE_ENOUGH: f32 = 1600.0;

/// Times the size it is shown at that it need not be larger than.
const DENSE_ENOUGH: f32 = 2.0;

impl Picture {
    /// An image of which no more is known.
    pub fn at(address: String) -> Picture {
        Picture { address, ..Picture::default() }
    }
}

/// The image that an element shows in the end: an `img`, a `picture`, or what has one inside.
pub fn of(element: ElementRef) -> Option<Picture> {
    let img = match element.value().name() {
        "img" => element,
        "source" => return Some(Picture::at(address_of(element)?)),
        _ => {
            let img = element.select(&Selector::parse("img").ok()?).next();
            return img.and_then(of).or_else(|| without_scripts(element));
        }
    };
    let attribute = |name: &str| img.value().attr(name).map(str::trim).filter(|v| !v.is_empty());
    let number = |name: &str| attribute(name)?.trim_end_matches("px").parse().ok();
    // In a `picture` the sources come before the image.
    let siblings = || img.prev_siblings().filter_map(ElementRef::wrap);
    let sources = || siblings().filter(|e| e.value().name() == "source").find_map(address_of);
    Some(Picture {
        address: address_of(img).or_else(sources)?,
        alt: attribute("alt").map(str::to_owned),
        width: number("width"),
        height: number("height"),
    })
}

/// The image in the `noscript` of an element. Where scripts run, which is what the parser assumes,
/// that is text.
pub fn without_scripts(element: ElementRef) -> Option<Picture> {
    let noscript = Selector::parse("noscript").ok()?;
    let own = (element.value().name() == "noscript").then_some(element);
    own.into_iter().chain(element.select(&noscript)).find_map(|noscript| {
        let inside = Html::parse_fragment(&noscript.text().collect::<String>());
        let img = inside.select(&Selector::parse("img").ok()?).next()?;
        of(img)
    })
}

fn address_of(element: ElementRef) -> Option<String> {
    let attribute = |name: &&str| element.value().attr(name).map(str::trim);
    let late = LATE.iter().filter_map(attribute).find(|address| is_address(address));
    let set = || SETS.iter().filter_map(attribute).find_map(largest);
    let plain = || attribute(&"src").filter(|address| is_address(address));
    late.or_else(set).or_else(plain).map(str::to_owned)
}

/// A placeholder in the page itself is no image.
fn is_address(address: &str) -> bool {
    !address.is_empty() && !address.starts_with("data:") && !address.starts_with("about:")
}

/// The largest sensible candidate of a `srcset` (HTML standard, 4.8.4.2.1).
fn largest(set: &str) -> Option<&str> {
    let mut best: Option<(bool, f32, &str)> = None;
    for candidate in candidates(set) {
        let mut words = candidate.split_whitespace();
        let Some(address) = words.next().filter(|address| is_address(address)) else { continue };
        let descriptor = words.next().unwrap_or("1x");
        let Ok(size) = descriptor.trim_end_matches(['w', 'x', 'h']).parse::<f32>() else {
            continue;
        };
        let enough = if descriptor.ends_with('w') { WIDE_ENOUGH } else { DENSE_ENOUGH };
        let fits = size <= enough;
        let is_better = best.is_none_or(|(fitted, best, _)| match (fitted, fits) {
            (false, true) => true,
            (true, false) => false,
            (true, true) => size > best,
            (false, false) => size < best,
        });
        if is_better {
            best = Some((fits, size, address));
        }
    }
    best.map(|(_, _, address)| address)
}

/// Candidates are parted by commas with a blank behind them; addresses can hold commas.
fn candidates(set: &str) -> impl Iterator<Item = &str> {
    set.split(", ").flat_map(|part| part.split(",\n")).map(|part| part.trim().trim_end_matches(','))
}

/// HTML whose images have their final address in `src`. What stands in `noscript` for an image that
/// is there already goes; otherwise it is the image.
pub fn settle(html: &str) -> Cow<'_, str> {
    const SIGNS: [&str; 6] =
        ["data-src", "data-lazy", "data-original", "srcset", "<noscript", "data:"];
    if !SIGNS.iter().any(|sign| html.contains(sign)) || super::too_complex(html) {
        return html.into();
    }
    let mut page = Html::parse_fragment(html);
    let Ok(selector) = Selector::parse("img, noscript") else { return html.into() };
    let found: Vec<_> =
        page.select(&selector).map(|element| (element.id(), replacement(element))).collect();
    for (id, replacement) in found {
        let Some(mut node) = page.tree.get_mut(id) else { continue };
        if let Some(markup) = replacement {
            let fragment = Html::parse_fragment(&markup);
            if let Some(new) = fragment.root_element().child_elements().next() {
                node.insert_before(scraper::Node::Element(new.value().clone()));
            }
        }
        node.detach();
    }
    page.root_element().inner_html().into()
}

/// The `img` to stand for an `img` or `noscript`; `None` where nothing should.
fn replacement(element: ElementRef) -> Option<String> {
    let is_noscript = element.value().name() == "noscript";
    if is_noscript {
        let beside = element.prev_siblings().filter_map(ElementRef::wrap).next();
        if beside.is_some_and(|beside| of(beside).is_some()) {
            return None;
        }
    }
    let picture = of(element)?;
    let size = |name: &str, pixels: Option<u32>| {
        pixels.map(|pixels| format!(" {name}=\"{pixels}\"")).unwrap_or_default()
    };
    let quoted = |text: &str| super::escape(text).replace('"', "&quot;");
    Some(format!(
        "<img src=\"{}\" alt=\"{}\"{}{}>",
        quoted(&picture.address),
        quoted(picture.alt.as_deref().unwrap_or_default()),
        size("width", picture.width),
        size("height", picture.height),
    ))
}
