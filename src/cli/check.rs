use super::Outcome;
use crate::diagnostic::count;
use crate::site::Site;

/// Loading the site was the check; say what there is.
pub fn run(site: &Site) -> anyhow::Result<Outcome> {
    let sources: usize = site.feeds.iter().map(|feed| feed.sources.len()).sum();
    println!(
        "All is well: {}, {}, {}.",
        count(site.feeds.len(), "feed"),
        count(sources, "source"),
        count(site.settings.newsletters.len(), "newsletter"),
    );
    Ok(Outcome::Done)
}
