//! What has gone from its listing is still in the feed; its page says whether it was taken back.

use std::collections::HashSet;

use futures_util::{StreamExt, stream};
use url::Origin;

use super::look::Look;
use super::report::SourceReport;
use super::{AT_ONCE, Pass, RefreshError};
use crate::model::ItemId;
use crate::store::{Given, Missing};

/// Items that can be missing at once, however short the listing is.
const FEW: usize = 3;

impl Pass<'_> {
    /// The items that a listing has no longer, though it has older ones.
    pub(super) async fn missing(
        &self,
        look: &Look<'_>,
        given: &Given,
    ) -> Result<Vec<Missing>, RefreshError> {
        let missing = self.store.missing(&look.feed.slug, &look.source.id, given, self.now).await?;
        // So many at once have not been taken back: the page is another.
        Ok(if missing.len() > FEW.max(given.count() / 2) { Vec::new() } else { missing })
    }

    /// Asks for the pages of items that their listings have no longer, and marks those that were
    /// taken back (410). What could not be answered waits until its listing changes again.
    pub(super) async fn ask_for_missing(
        &self,
        looks: &[Look<'_>],
        missing: Vec<(usize, Vec<Missing>)>,
        reports: &mut [Option<SourceReport>],
    ) -> Result<(), RefreshError> {
        let asking = stream::iter(missing)
            .map(async |(turn, missing)| (turn, ask(&looks[turn], missing).await))
            .buffer_unordered(AT_ONCE);
        let mut asking = std::pin::pin!(asking);
        while let Some((turn, Answers { asked, taken_back })) = asking.next().await {
            let Look { feed, source, .. } = looks[turn];
            self.store.note_missing(&feed.slug, &source.id, &asked, &taken_back, self.now).await?;
            if let Some(report) = &mut reports[turn] {
                report.count(report.new, report.updated + taken_back.len());
            }
        }
        Ok(())
    }
}

/// Items that were asked for, and those of them that were taken back.
#[derive(Debug, Default)]
struct Answers {
    asked: Vec<ItemId>,
    taken_back: Vec<ItemId>,
}

async fn ask(look: &Look<'_>, missing: Vec<Missing>) -> Answers {
    let mut answers = Answers::default();
    let mut silent: HashSet<Origin> = HashSet::new();
    for item in missing {
        if silent.contains(&item.url.origin()) {
            continue;
        }
        let request = look.source.request_for_item(&item.url);
        match look.fetcher.is_there(&item.url, &request).await {
            Err(error) if error.is_retracted() => answers.taken_back.push(item.id),
            Err(error) if error.is_transient() => {
                silent.insert(item.url.origin());
                continue;
            }
            _ => {}
        }
        answers.asked.push(item.id);
    }
    answers
}
