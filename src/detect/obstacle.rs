//! Why there may be nothing on a page although there is for people.

use scraper::{Html, Selector};

use crate::normalize::text_of;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// A program in the reader's browser puts everything there.
    Scripts,
    /// The server asks whether a person is there.
    Wall,
}

impl Obstacle {
    /// For people.
    pub fn told(self) -> &'static str {
        match self {
            Obstacle::Scripts => "the page is empty until its scripts have run in a browser",
            Obstacle::Wall => {
                "the server lets only browsers in, and asks whether a person is there"
            }
        }
    }
}

/// Characters of a page that says something by itself.
const TALKATIVE: usize = 600;

/// Where scripts put a page, and what is said while they do.
const SHELLS: &str = "#root, #app, #__next, #__nuxt, [data-reactroot], app-root, [ng-app]";

/// What such servers say, in small letters.
const WALLS: [&str; 7] = [
    "just a moment",
    "checking your browser",
    "verify you are human",
    "are you a robot",
    "attention required",
    "access denied",
    "captcha",
];

/// What keeps a page from being read, if it says next to nothing.
pub fn obstacle(html: &Html) -> Option<Obstacle> {
    let root = html.root_element();
    let text = text_of(root);
    if text.split_whitespace().map(str::len).sum::<usize>() > TALKATIVE {
        return None;
    }
    let has = |selector: &str| {
        Selector::parse(selector).is_ok_and(|selector| root.select(&selector).next().is_some())
    };
    let said = text.to_lowercase();
    if WALLS.iter().any(|wall| said.contains(wall)) || has("[id*=captcha], [class*=captcha]") {
        return Some(Obstacle::Wall);
    }
    (has("script") && has(SHELLS)).then_some(Obstacle::Scripts)
}
