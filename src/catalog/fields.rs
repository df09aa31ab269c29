//! Where the fields of an item are, as written, to what finds them.

use std::ops::Range;

use regex::Regex;
use toml::Spanned;

use super::compile::Compiler;
use super::definition::{DetailTable, HtmlTable, JsonTable, PickTable, Picks, Preset, StepsTable};
use crate::dates;
use crate::diagnostic::Diagnostic;
use crate::extract::json::{self, Path, parse_path};
use crate::extract::pick::{Pick, Step, parse_selector};
use crate::extract::{Fields, rules};

/// Without room for more: thousands of definitions are held at once.
fn exact<T>(mut all: Vec<T>) -> Vec<T> {
    all.shrink_to_fit();
    all
}

impl Compiler<'_> {
    pub(super) fn html(&mut self, html: HtmlTable) -> Option<rules::Rules> {
        let span = html.item.span();
        let item = match parse_selector(html.item.get_ref()) {
            Ok(item) => Some(item),
            Err(error) => {
                self.bad_rule(&span, html.item.get_ref(), &error, SELECTOR);
                None
            }
        };
        let fields = Fields {
            key: self.picks(html.key),
            title: self.picks_or(html.title, &["h1, h2, h3, h4, h5, h6", "a"]),
            url: self.picks_or(html.url, &["h1 a, h2 a, h3 a, h4 a @href", "a @href", "@href"]),
            published: self.picks(html.published),
            kicker: self.picks(html.kicker),
            summary: self.picks(html.summary),
            content: self.picks(html.content),
            image: self.picks(html.image),
            author: self.picks(html.author),
        };
        let next = self.picks(html.next);
        Some(rules::Rules { item: item?, are_runs: html.run, fields, next })
    }

    pub(super) fn detail(&mut self, detail: DetailTable) -> Fields<Pick> {
        Fields {
            title: self.picks(detail.title),
            published: self.picks(detail.published),
            kicker: self.picks(detail.kicker),
            summary: self.picks(detail.summary),
            content: self.picks(detail.content),
            image: self.picks(detail.image),
            author: self.picks(detail.author),
            ..Fields::default()
        }
    }

    fn picks_or(&mut self, picks: Option<Picks>, default: &[&str]) -> Vec<Pick> {
        match picks {
            Some(picks) => self.picks(Some(picks)),
            None => {
                let span = 0..0;
                let parsed = default.iter().map(|rule| Pick::parse(rule));
                exact(parsed.filter_map(|pick| self.or_problem(&span, pick)).collect())
            }
        }
    }

    /// A rule that comes with the program is as wrong as any other, if it is.
    fn or_problem(&mut self, span: &Range<usize>, pick: Result<Pick, String>) -> Option<Pick> {
        pick.map_err(|error| self.problem(Diagnostic::new(error), span)).ok()
    }

    fn picks(&mut self, picks: Option<Picks>) -> Vec<Pick> {
        let picks = self.each(picks, SELECTOR, |table| match table {
            PickTable::Rule(rule) => Pick::parse(rule),
            PickTable::Steps(StepsTable { template: Some(template), .. }) => {
                Pick::template(template)
            }
            PickTable::Steps(table) => {
                let rule = table.select.as_deref().unwrap_or_default();
                match &table.column {
                    Some(column) => Pick::column(column, rule),
                    None => Pick::parse(rule),
                }
            }
        });
        exact(picks.into_iter().map(|(pick, steps)| pick.with_steps(steps)).collect())
    }

    pub(super) fn json(&mut self, json: Spanned<JsonTable>) -> Option<json::Rules> {
        let span = json.span();
        let json = json.into_inner();
        let known = json.preset.map(|Preset::WordPress| word_press());
        let item = match (&json.item, &known) {
            (Some(item), _) => match parse_path(item.get_ref()) {
                Ok(path) => Some(path),
                Err(error) => {
                    self.bad_rule(&item.span(), item.get_ref(), &error, JSON_PATH);
                    None
                }
            },
            (None, Some(known)) => Some(known.item.clone()),
            (None, None) => {
                let help = "where the items are: `item = \"$.posts[*]\"`";
                self.expect(span, "`[source.json]` has no `item`", help, || None)
            }
        };
        let mut rules = known.unwrap_or_else(|| json::Rules {
            item: json_path_of_all(),
            fields: Fields::default(),
            next: Vec::new(),
        });
        for (field, paths) in [
            (&mut rules.fields.key, json.key),
            (&mut rules.fields.title, json.title),
            (&mut rules.fields.url, json.url),
            (&mut rules.fields.published, json.published),
            (&mut rules.fields.kicker, json.kicker),
            (&mut rules.fields.summary, json.summary),
            (&mut rules.fields.content, json.content),
            (&mut rules.fields.image, json.image),
            (&mut rules.fields.author, json.author),
            (&mut rules.next, json.next),
        ] {
            if paths.is_some() {
                *field = self.paths(paths);
            }
        }
        rules.item = item?;
        Some(rules)
    }

    fn paths(&mut self, picks: Option<Picks>) -> Vec<Path> {
        self.each(picks, JSON_PATH, |table| match table {
            PickTable::Rule(path) => Path::parse(path),
            PickTable::Steps(StepsTable { column: None, template: None, select, .. }) => {
                Path::parse(select.as_deref().unwrap_or("$"))
            }
            PickTable::Steps(_) => {
                Err("there are neither columns nor templates in JSON".to_owned())
            }
        })
        .into_iter()
        .map(|(path, steps)| path.with_steps(steps))
        .collect()
    }

    /// Each place with its steps; those that are wrong are problems.
    fn each<T>(
        &mut self,
        picks: Option<Picks>,
        help: &str,
        parse: impl Fn(&PickTable) -> Result<T, String>,
    ) -> Vec<(T, Vec<Step>)> {
        let Some(picks) = picks else { return Vec::new() };
        let span = picks.span();
        let mut found = Vec::new();
        for table in picks.get_ref().as_slice() {
            match parse(table) {
                Ok(place) => found.push((place, self.steps(&span, table))),
                Err(error) => self.bad_rule(&span, rule_of(table), &error, help),
            }
        }
        found
    }

    fn steps(&mut self, span: &Range<usize>, table: &PickTable) -> Vec<Step> {
        let PickTable::Steps(table) = table else { return Vec::new() };
        let mut steps = Vec::new();
        if let Some(regex) = &table.regex {
            steps.extend(self.regex(span, regex).map(Step::Regex));
        }
        for [regex, by] in &table.replace {
            steps.extend(self.regex(span, regex).map(|regex| Step::Replace(regex, by.clone())));
        }
        if let Some(format) = &table.date_format {
            let message = format!("bad date format `{format}`");
            let help = "it says day, month and year, such as `%d/%m/%Y %H:%M`";
            steps.extend(self.expect(span.clone(), &message, help, || {
                dates::format_is_valid(format).then(|| Step::Date(format.clone()))
            }));
        }
        steps
    }

    pub(super) fn regex(&mut self, span: &Range<usize>, text: &str) -> Option<Regex> {
        Regex::new(text)
            .map_err(|error| {
                let error = error.to_string();
                let reason = error.lines().last().unwrap_or_default().trim().to_owned();
                let problem = Diagnostic::new(format!("bad regular expression `{text}`"));
                self.problem(problem.note("reason", reason), span);
            })
            .ok()
    }

    fn bad_rule(&mut self, span: &Range<usize>, rule: &str, error: &str, help: &str) {
        let what = if help == JSON_PATH { "JSONPath" } else { "selector" };
        let problem = Diagnostic::new(format!("bad {what} `{rule}`"));
        self.problem(problem.note("reason", error).help(help), span);
    }
}

const SELECTOR: &str = "a CSS selector, optionally with an attribute: `h3 a @href`";
const JSON_PATH: &str = "a path from the item (RFC 9535): `$.title`";

fn rule_of(table: &PickTable) -> &str {
    match table {
        PickTable::Rule(rule) => rule,
        PickTable::Steps(table) => {
            let rule = table.template.as_deref().or(table.select.as_deref());
            rule.or(table.column.as_deref()).unwrap_or_default()
        }
    }
}

#[expect(clippy::expect_used, reason = "a literal, covered by the tests of the catalog")]
fn json_path_of_all() -> serde_json_path::JsonPath {
    parse_path("$[*]").expect("a path")
}

fn in_utc() -> Vec<Step> {
    Regex::new("$").map(|end| Step::Replace(end, "Z".to_owned())).into_iter().collect()
}

/// The posts of the WordPress REST API; with `_embed` in the address also author, image and label.
pub fn word_press() -> json::Rules {
    let paths = |paths: &[&str]| -> Vec<Path> {
        paths.iter().filter_map(|path| Path::parse(path).ok()).collect()
    };
    json::Rules {
        item: json_path_of_all(),
        fields: Fields {
            key: paths(&["$.guid.rendered"]),
            title: paths(&["$.title.rendered"]),
            url: paths(&["$.link"]),
            // The other `date` is on the clock of the site, without saying which that is; this one
            // does not say that it is in UTC.
            published: paths(&["$.date_gmt"])
                .into_iter()
                .map(|path| path.with_steps(in_utc()))
                .chain(paths(&["$.date"]))
                .collect(),
            kicker: paths(&["$._embedded['wp:term'][0][0].name"]),
            summary: paths(&["$.excerpt.rendered"]),
            content: paths(&["$.content.rendered"]),
            image: paths(&[
                "$._embedded['wp:featuredmedia'][0].source_url",
                "$.jetpack_featured_media_url",
            ]),
            author: paths(&["$._embedded.author[0].name"]),
        },
        next: Vec::new(),
    }
}
