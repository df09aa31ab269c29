use serde_json::json;

use super::{Answer, Outcome};
use crate::diagnostic::{Diagnostic, count};
use crate::newsletter;
use crate::publish;
use crate::serve;
use crate::site::Site;

/// Loading the site was most of the check; what is left are templates that ask for what is not
/// there.
pub fn run(site: &Site) -> anyhow::Result<Answer> {
    let rehearsed = publish::rehearse(&site.settings, &site.templates);
    rehearsed.map_err(|error| Diagnostic::new(error.to_string()))?;
    newsletter::rehearse(site).map_err(|error| Diagnostic::new(error.to_string()))?;
    serve::rehearse(site).map_err(|error| Diagnostic::new(error.to_string()))?;
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
