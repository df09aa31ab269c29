//! `add --repair`: rules for a feed whose page has been built anew, written into its definition.

use jiff::Timestamp;
use serde_json::json;
use similar::TextDiff;
use toml_edit::{Array, DocumentMut, Item, Table, value};

use super::{Answer, Outcome};
use crate::catalog;
use crate::detect::learn::{self, Learnt};
use crate::diagnostic::Diagnostic;
use crate::refresh::{Pass, Repair};
use crate::site::Site;
use crate::store::Store;

pub async fn run(
    site: &Site,
    store: &Store,
    slug: &str,
    examples: &[String],
    now: Timestamp,
) -> anyhow::Result<Answer> {
    let pass = Pass { site, store, now, force: false };
    let feeds = site.select(&[slug.to_owned()])?;
    let file = site.root.join(catalog::DIRECTORY).join(format!("{slug}.toml"));
    let before = std::fs::read_to_string(&file)?;
    let mut definition: DocumentMut = before.parse()?;
    let mut lines = Vec::new();
    for feed in feeds {
        for (at, source) in feed.sources.iter().enumerate() {
            lines.push(match pass.repair(feed, source, examples).await? {
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
    let after = definition.to_string();
    let diff = TextDiff::from_lines(&before, &after).unified_diff().context_radius(1).to_string();
    let is_new = before != after;
    if is_new {
        std::fs::write(&file, &after)?;
        lines.push(format!("\n{diff}\nWritten: {}", file.display()));
    }
    Ok(Answer {
        outcome: Outcome::Done,
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
    html.insert("item", value(&rules.item));
    match rules.is_run {
        true => drop(html.insert("run", value(true))),
        false => drop(html.remove("run")),
    }
    for field in learn::FIELDS {
        match rules.fields.iter().find(|(name, _)| *name == field) {
            Some((_, places)) => drop(html.insert(field, list(places))),
            None => drop(html.remove(field)),
        }
    }
}
