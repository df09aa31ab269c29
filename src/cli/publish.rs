use anyhow::bail;
use serde_json::json;

use super::{Answer, Outcome};
use crate::clock::Clock;
use crate::diagnostic::count;
use crate::run::{Lease, Lock};
use crate::site::Site;
use crate::store::Store;
use crate::{hub, newsletter, refresh};

pub async fn run(site: &Site, store: &Store, clock: Clock) -> anyhow::Result<Answer> {
    let feeds: Vec<_> = site.feeds.iter().collect();
    let reports = refresh::publish(site, store, &feeds, true, clock).await?;
    archive(site, store, true, clock).await?;
    tell_hub(site, store).await?;
    let changed: usize = reports.iter().map(|report| report.changed).sum();
    Ok(Answer {
        outcome: Outcome::Done,
        text: format!(
            "{} in {}: {} changed.",
            count(reports.len(), "feed"),
            site.settings.output,
            count(changed, "file"),
        ),
        json: json!({ "feeds": reports }),
    })
}

/// Publishes what was mailed: all of it, or what is not there.
pub async fn archive(site: &Site, store: &Store, all: bool, clock: Clock) -> anyhow::Result<()> {
    let _lock = Lock::wait(&site.root, "archive")?;
    if !store.is_shared() {
        return Ok(newsletter::archive::publish(site, store, all, None).await?);
    }
    let Some(lease) = Lease::wait(store, "publish the editions", clock).await? else {
        bail!("another process publishes what was mailed, and does not come to an end");
    };
    let published = newsletter::archive::publish(site, store, all, Some(&lease)).await;
    lease.end().await;
    Ok(published?)
}

/// Tells the hub, if there is one, of what it has not heard of. False if it did not hear all of it.
pub async fn tell_hub(site: &Site, store: &Store) -> anyhow::Result<bool> {
    let Some(address) = &site.settings.hub else { return Ok(true) };
    let topics = store.pings().await?;
    if topics.is_empty() {
        return Ok(true);
    }
    let (mut heard, mut problems) = (Vec::new(), Vec::new());
    match hub::tell(address, topics).await {
        Ok(answers) => {
            for (topic, answer) in answers {
                match answer {
                    Ok(()) => heard.push(topic),
                    Err(error) => problems.push(error),
                }
            }
        }
        Err(error) => problems.push(error),
    }
    store.forget_pings(&heard).await?;
    let is_told = problems.is_empty();
    if let Some(error) = problems.pop() {
        tell!("warning: the hub did not hear what has changed: {}", error.without_url());
    }
    Ok(is_told)
}
