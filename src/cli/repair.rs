//! `add --repair`: rules for a feed whose page has been built anew, written into its definition.

use anyhow::Context;
use jiff::Timestamp;
use serde_json::json;
use similar::TextDiff;
use toml_edit::{Array, DocumentMut, Item, Table, TableLike, value};

use super::{Answer, Outcome};
use crate::catalog;
use crate::clock::Clock;
use crate::detect::learn::{self, Learnt};
use crate::diagnostic::Diagnostic;
use crate::refresh::{Pass, RefreshError, Repair};
use crate::site::Site;
use crate::store::Store;

pub async fn run(
    site: &Site,
    store: &Store,
    slug: &str,
    examples: &[String],
    now: Timestamp,
) -> anyhow::Result<Answer> {
    let pass = Pass { site, store, now, clock: Clock::start(now), force: false };
    let feeds = site.select(&[slug.to_owned()])?;
    let file = site.root.join(catalog::DIRECTORY).join(format!("{slug}.toml"));
    let of_file = || format!("failed to change `{}`", file.display());
    let before = std::fs::read_to_string(&file).with_context(of_file)?;
    let mut definition: DocumentMut = before.parse().with_context(of_file)?;
    let (mut lines, mut failed, mut done) = (Vec::new(), None, 0);
    for feed in feeds {
        for (at, source) in feed.sources.iter().enumerate() {
            let repair = match pass.repair(feed, source, examples).await {
                Ok(repair) => repair,
                // What can be done for the others is done.
                Err(RefreshError::Setup(problem)) => {
                    lines.push(format!("{}: {problem}", source.name));
                    failed = Some(problem);
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            done += 1;
            lines.push(match repair {
                Repair::Holds => format!("{}: gives what it should", source.name),
                Repair::AsItIs => {
                    format!("{}: what the page gives now counts as usual from now on", source.name)
                }
                Repair::Rules(rules) => {
                    let table = definition["source"][at].as_table_mut().ok_or_else(|| {
                        Diagnostic::new("`source` is not written as `[[source]]`").at(&file, None)
                    })?;
                    write(table, rules.as_ref());
                    let by = if rules.is_some() { "by other rules" } else { "without rules" };
                    format!("{}: its items are found {by}", source.name)
                }
            });
        }
    }
    if let Some(problem) = failed.clone().filter(|_| done == 0) {
        return Err(RefreshError::Setup(problem).into());
    }
    let after = definition.to_string();
    let diff = TextDiff::from_lines(&before, &after).unified_diff().context_radius(1).to_string();
    let is_new = before != after;
    if is_new {
        std::fs::write(&file, &after).with_context(of_file)?;
        lines.push(format!("\n{diff}\nWritten: {}", file.display()));
    }
    Ok(Answer {
        outcome: if failed.is_some() { Outcome::InPart } else { Outcome::Done },
        json: json!({ "feed": slug, "changed": is_new, "diff": diff }),
        text: lines.join("\n"),
    })
}

/// Puts the rules in place of those for the same fields; what else the table says stays.
fn write(source: &mut Table, rules: Option<&Learnt>) {
    let Some(rules) = rules else {
        source.remove("html");
        return;
    };
    let Some(html) = source["html"].or_insert(Item::Table(Table::new())).as_table_like_mut() else {
        return;
    };
    let list = |places: &[String]| match places {
        [only] => value(only),
        several => value(several.iter().collect::<Array>()),
    };
    put(html, "item", Some(value(&rules.item)));
    put(html, "run", rules.is_run.then(|| value(true)));
    for field in learn::FIELDS {
        let places = rules.fields.iter().find(|(name, _)| *name == field);
        put(html, field, places.map(|(_, places)| list(places)));
    }
}

/// Puts a value in place of another, whose comments stay.
fn put(table: &mut dyn TableLike, key: &str, new: Option<Item>) {
    match (table.get_mut(key), new) {
        (Some(old), Some(mut new)) => {
            if let (Some(old), Some(new)) = (old.as_value(), new.as_value_mut()) {
                *new.decor_mut() = old.decor().clone();
            }
            *old = new;
        }
        (None, Some(new)) => drop(table.insert(key, new)),
        (_, None) => drop(table.remove(key)),
    }
}
