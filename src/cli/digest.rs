use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;
use serde_json::json;

use super::{Answer, Outcome};
use crate::diagnostic::count;
use crate::newsletter;
use crate::site::Site;
use crate::store::Store;

#[derive(Debug, Args)]
pub struct Options {
    /// The newsletter, by its name in the settings
    newsletter: String,
    /// Where to put digest.html, digest.txt and digest.eml [default: preview/NEWSLETTER]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// As if the last edition had ended then
    #[arg(long, value_name = "RFC3339")]
    since: Option<Timestamp>,
}

pub async fn run(site: &Site, store: &Store, options: &Options) -> anyhow::Result<Answer> {
    let name = &options.newsletter;
    super::newsletter(site, name)?;
    let directory = options.out.clone().unwrap_or_else(|| newsletter::preview(site, name));
    let draft = newsletter::draft(site, store, name, options.since, directory).await?;
    let Some(draft) = draft else {
        let text = "Nothing new: there would be no edition.".to_owned();
        return Ok(Answer { outcome: Outcome::Done, json: json!({ "items": 0 }), text });
    };
    for name in &draft.unknown {
        tell!("warning: `edition.toml` names `{name}`, which is not in it");
    }
    let which = if draft.is_first { "the latest" } else { "new" };
    let page = draft.directory.join("digest.html");
    Ok(Answer {
        outcome: Outcome::Done,
        json: json!({ "items": draft.items, "directory": draft.directory }),
        text: format!("{}, {which}: {}", count(draft.items, "item"), page.display()),
    })
}
