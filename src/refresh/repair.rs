//! Rules for a source whose page has been built anew.

use super::{Pass, RefreshError};
use crate::catalog::{Feed, Location, Source};
use crate::detect::learn::Learnt;
use crate::store::SourceRow;

/// What there is to do about a source.
#[derive(Debug)]
pub enum Repair {
    /// Nothing: it gives what it should.
    Holds,
    /// Its items are found by these rules, or, if there are none that are short, without any.
    Rules(Option<Learnt>),
    /// Its rules find items that are not like those they found before; that is right from now on.
    AsItIs,
}

impl Pass<'_> {
    /// Looks at a source for what would repair it; puts down only that the page is right as it is.
    pub async fn repair(
        &self,
        feed: &Feed,
        source: &Source,
        examples: &[String],
    ) -> Result<Repair, RefreshError> {
        let Location::Page(url) = &source.location else { return Ok(Repair::Holds) };
        let fetcher = self.site.fetcher()?;
        let page = fetcher.page(url, &source.request).await?;
        let before = self.store.source(&feed.slug, &source.id).await?;
        let look = self.look(feed, source, &fetcher, before.as_ref());
        let repair = look.repair(&page, examples).await??;
        if let Some(before) = before {
            let usual = before.usual.clone().filter(|_| !matches!(repair, Repair::AsItIs));
            let mut batch = self.store.begin().await?;
            batch.note_source(SourceRow { usual, proposal: None, ..before });
            batch.commit().await?;
        }
        Ok(repair)
    }
}
