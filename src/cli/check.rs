use serde_json::json;

use super::{Answer, Outcome};
use crate::diagnostic::count;
use crate::rehearse::rehearse;
use crate::site::Site;

/// Loading the site was most of the check; what is left are templates that ask for what is not
/// there.
pub fn run(site: &Site) -> anyhow::Result<Answer> {
    rehearse(site)?;
    let feeds = site.feeds.len();
    let sources: usize = site.feeds.iter().map(|feed| feed.sources.len()).sum();
    let newsletters = site.settings.newsletters.len();
    Ok(Answer {
        outcome: Outcome::Done,
        json: json!({ "feeds": feeds, "sources": sources, "newsletters": newsletters }),
        text: format!(
            "All is well: {}, {}, {}.",
            count(feeds, "feed"),
            count(sources, "source"),
            count(newsletters, "newsletter"),
        ),
    })
}
