//! What has gone from its listing is still in the feed; its page says whether it was taken back.

use std::collections::HashSet;

use url::Origin;

use super::Pass;
use crate::catalog::{Feed, Location, Source};
use crate::fetch::Fetcher;
use crate::normalize::ledger::Change;
use crate::store::StoreError;

/// Items that can be missing at once, however short the listing is.
const FEW: usize = 3;

impl Pass<'_> {
    /// Asks for the page of each item that its listing has no longer, and marks those that were
    /// taken back (410); how many there are. What could not be answered waits until the listing
    /// changes again.
    pub(super) async fn ask_for_missing(
        &self,
        feed: &Feed,
        source: &Source,
        fetcher: &Fetcher,
        given: &[Change],
    ) -> Result<usize, StoreError> {
        if !matches!(source.location, Location::Page(_)) {
            return Ok(0);
        }
        let missing = self.store.missing(&feed.slug, &source.id, given, self.now).await?;
        // So many at once have not been taken back: the page is another.
        if missing.len() > FEW.max(given.len() / 2) {
            return Ok(0);
        }
        let (mut asked, mut taken_back) = (Vec::new(), Vec::new());
        let mut silent: HashSet<Origin> = HashSet::new();
        for item in &missing {
            if silent.contains(&item.url.origin()) {
                continue;
            }
            match fetcher.is_there(&item.url, &source.request_for_item(&item.url)).await {
                Err(error) if error.is_retracted() => taken_back.push(item.id),
                Err(error) if error.is_transient() => {
                    silent.insert(item.url.origin());
                    continue;
                }
                _ => {}
            }
            asked.push(item.id);
        }
        self.store.note_missing(&feed.slug, &source.id, &asked, &taken_back, self.now).await?;
        Ok(taken_back.len())
    }
}
