//! What has gone from its listing is still in the feed; its page says whether it was taken back.

use super::Pass;
use crate::catalog::{Feed, Location, Source};
use crate::fetch::{FetchError, Fetcher};
use crate::normalize::ledger::Change;
use crate::store::StoreError;

/// Pages of missing items that one look asks for at most.
const ASKED: usize = 20;

impl Pass<'_> {
    /// Asks once for the page of each item that its listing has no longer, and marks those that
    /// were taken back (410); how many there are. What could not be answered waits until the
    /// listing changes again.
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
        let missing = self.store.missing(&feed.slug, &source.id, given).await?;
        let (mut asked, mut taken_back) = (Vec::new(), Vec::new());
        for item in missing.iter().take(ASKED) {
            match fetcher.head(&item.url, &source.request_for_item(&item.url)).await {
                Err(error) if error.is_retracted() => taken_back.push(item.id),
                // The others are there, too.
                Err(FetchError::Timeout | FetchError::Transport(_)) => break,
                Err(error) if error.is_transient() => continue,
                _ => {}
            }
            asked.push(item.id);
        }
        self.store.note_missing(&feed.slug, &source.id, &asked, &taken_back, self.now).await?;
        Ok(taken_back.len())
    }
}
