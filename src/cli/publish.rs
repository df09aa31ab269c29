use super::Outcome;
use crate::diagnostic::count;
use crate::refresh;
use crate::site::Site;
use crate::store::Store;

pub async fn run(site: &Site, store: &Store) -> anyhow::Result<Outcome> {
    let feeds: Vec<_> = site.feeds.iter().collect();
    let reports = refresh::publish(site, store, &feeds).await?;
    let changed: usize = reports.iter().map(|report| report.changed).sum();
    println!(
        "{} in {}: {} changed.",
        count(reports.len(), "feed"),
        site.output().root().display(),
        count(changed, "file"),
    );
    Ok(Outcome::Done)
}
