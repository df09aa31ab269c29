//! A definition as written to a definition that runs.

use std::ops::Range;
use std::path::Path;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, SpanRelativeTo};
use toml::Spanned;

use super::definition::{DetailTable, FeedFile, FilterTable, HtmlTable, SourceTable, Strings};
use super::files;
use crate::config::Settings;
use crate::dates;
use crate::diagnostic::Diagnostic;
use crate::extract::rules::{Fields, Pick, Rules, parse_selector};
use crate::model::{Feed, Location, Slug, Source};
use crate::normalize::filter::{Condition, Field, Filter, Pattern};
use crate::toml_file::line_of;

/// Items that a feed shows if it does not say.
const WINDOW: usize = 50;

/// Between two looks at a page, if its definition does not say.
const EVERY: SignedDuration = SignedDuration::from_hours(1);

/// Compiles one file and gathers its problems.
pub struct Compiler<'a> {
    site: &'a Path,
    file: &'a Path,
    text: &'a str,
    settings: &'a Settings,
    problems: Vec<Diagnostic>,
}

impl<'a> Compiler<'a> {
    pub fn new(site: &'a Path, file: &'a Path, text: &'a str, settings: &'a Settings) -> Self {
        Compiler { site, file, text, settings, problems: Vec::new() }
    }

    pub fn feed(mut self, slug: Slug, definition: FeedFile) -> Result<Feed, Vec<Diagnostic>> {
        let language = self.language(definition.language, &self.settings.language.clone());
        let window = definition.window.map_or(WINDOW, |window| {
            let span = window.span();
            self.expect(span, "`window` is 0", "it counts the items that a feed shows", || {
                Some(window.into_inner()).filter(|window| *window > 0)
            })
            .unwrap_or(WINDOW)
        });
        if definition.sources.is_empty() {
            self.problems.push(
                Diagnostic::new(format!("feed `{slug}` has no source"))
                    .at(self.file, None)
                    .help("add a `[[source]]` with `files` or `url`"),
            );
        }
        let title = crate::normalize::line(definition.title.get_ref());
        self.expect(definition.title.span(), "`title` is empty", "readers show it", || {
            (!title.is_empty()).then_some(())
        });
        let mut sources = Vec::new();
        for (at, table) in definition.sources.into_iter().enumerate() {
            let name = format!("{slug}/{}", at + 1);
            let line = self.line(&table.span());
            sources.extend(self.source(name, line, &language, table.into_inner()));
        }
        let feed = Feed {
            slug,
            title,
            description: definition.description,
            home_url: definition.home_url,
            language,
            author: definition.author,
            window,
            sources,
        };
        if self.problems.is_empty() { Ok(feed) } else { Err(self.problems) }
    }

    fn source(
        &mut self,
        name: String,
        line: usize,
        language: &str,
        table: SourceTable,
    ) -> Option<Source> {
        let location = self.location(&name, line, table.files, table.url);
        let has_rules = table.html.is_some();
        let rules = table.html.map(Spanned::into_inner).and_then(|html| self.rules(html));
        if matches!(location, Some(Location::Page(_))) && !has_rules {
            self.problems.push(
                Diagnostic::new(format!("source `{name}` has no rules"))
                    .at(self.file, line)
                    .help("add `[source.html]` with at least `item`"),
            );
        }
        Some(Source {
            language: self.language(table.language, language),
            time_zone: self.time_zone(table.time_zone),
            date_formats: self.date_formats(table.date_format),
            detail: table.detail.map(|detail| self.detail(detail.into_inner())),
            filter: Filter { keep: self.filter(table.keep), drop: self.filter(table.drop) },
            every: self.every(table.every),
            paused: table.paused,
            fingerprint: fingerprint(self.text),
            defined_at: (self.file.to_owned(), line),
            location: location?,
            name,
            rules,
        })
    }

    fn location(
        &mut self,
        name: &str,
        line: usize,
        files: Option<Spanned<String>>,
        url: Option<Spanned<String>>,
    ) -> Option<Location> {
        match (files, url) {
            (Some(files), None) => {
                let line = self.line(&files.span());
                // Absolute, so that a file has one name however the site is named.
                let under = self.site.join(super::DIRECTORY);
                let under = std::path::absolute(&under).unwrap_or(under);
                match files::check(&under, files.get_ref()) {
                    Ok(()) => return Some(Location::Files { pattern: files.into_inner(), under }),
                    Err(problem) => self.problems.push(problem.at(self.file, line)),
                }
            }
            (None, Some(url)) => {
                let message = format!("`{}` is no address of a page", url.get_ref());
                return self.expect(url.span(), &message, "it begins with `https://`", || {
                    let url = url::Url::parse(url.get_ref()).ok()?;
                    matches!(url.scheme(), "http" | "https").then_some(Location::Page(url))
                });
            }
            (None, None) => self.problems.push(
                Diagnostic::new(format!("source `{name}` has neither `files` nor `url`"))
                    .at(self.file, line),
            ),
            (Some(_), Some(_)) => self.problems.push(
                Diagnostic::new(format!("source `{name}` has both `files` and `url`"))
                    .at(self.file, line)
                    .help("make two sources of it"),
            ),
        }
        None
    }

    fn rules(&mut self, html: HtmlTable) -> Option<Rules> {
        let item = match parse_selector(html.item.get_ref()) {
            Ok(item) => Some(item),
            Err(error) => {
                self.bad_selector(html.item.span(), html.item.get_ref(), &error);
                None
            }
        };
        let fields = Fields {
            title: self.picks_or(html.title, &["h1, h2, h3, h4, h5, h6", "a"]),
            url: self
                .picks_or(html.url, &["h1 a @href, h2 a @href, h3 a @href", "a @href", "@href"]),
            published: self.picks(html.published),
            kicker: self.picks(html.kicker),
            summary: self.picks(html.summary),
            content: self.picks(html.content),
            image: self.picks(html.image),
            author: self.picks(html.author),
        };
        let next = self.picks_or(html.next, &["a[rel~=next] @href", "link[rel~=next] @href"]);
        let pages = html.pages.map_or(Some(1), |pages| {
            self.expect(pages.span(), "`pages` is 0", "it counts the pages that are read", || {
                Some(*pages.get_ref()).filter(|pages| *pages > 0)
            })
        });
        Some(Rules { item: item?, fields, next, pages: pages? })
    }

    fn detail(&mut self, detail: DetailTable) -> Fields {
        Fields {
            title: self.picks(detail.title),
            url: Vec::new(),
            published: self.picks(detail.published),
            kicker: self.picks(detail.kicker),
            summary: self.picks(detail.summary),
            content: self.picks(detail.content),
            image: self.picks(detail.image),
            author: self.picks(detail.author),
        }
    }

    fn picks_or(&mut self, rules: Option<Strings>, default: &[&str]) -> Vec<Pick> {
        match rules {
            Some(rules) => self.picks(Some(rules)),
            None => default.iter().filter_map(|rule| Pick::parse(rule).ok()).collect(),
        }
    }

    fn picks(&mut self, rules: Option<Strings>) -> Vec<Pick> {
        let Some(rules) = rules else { return Vec::new() };
        let span = rules.span();
        let mut picks = Vec::new();
        for rule in rules.get_ref().as_slice() {
            match Pick::parse(rule) {
                Ok(pick) => picks.push(pick),
                Err(error) => self.bad_selector(span.clone(), rule, &error),
            }
        }
        picks
    }

    fn bad_selector(&mut self, span: Range<usize>, selector: &str, error: &str) {
        let line = self.line(&span);
        self.problems.push(
            Diagnostic::new(format!("bad selector `{selector}`"))
                .at(self.file, line)
                .note("reason", error)
                .help("a CSS selector, optionally with an attribute: `h3 a @href`"),
        );
    }

    fn filter(&mut self, table: Option<FilterTable>) -> Vec<Condition> {
        let Some(table) = table else { return Vec::new() };
        let fields = [
            (Field::Kicker, table.kicker),
            (Field::Title, table.title),
            (Field::Url, table.url),
            (Field::Text, table.text),
        ];
        let mut conditions = Vec::new();
        for (field, strings) in fields {
            let Some(strings) = strings else { continue };
            let mut patterns = Vec::new();
            for text in strings.get_ref().as_slice() {
                match Pattern::parse(text) {
                    Ok(pattern) => patterns.push(pattern),
                    Err(error) => {
                        let line = self.line(&strings.span());
                        let reason = error.lines().last().unwrap_or_default().trim().to_owned();
                        self.problems.push(
                            Diagnostic::new(format!("bad regular expression `{text}`"))
                                .at(self.file, line)
                                .note("reason", reason),
                        );
                    }
                }
            }
            conditions.push(Condition { field, patterns });
        }
        conditions
    }

    fn every(&mut self, every: Option<Spanned<String>>) -> SignedDuration {
        let Some(every) = every else { return EVERY };
        let message = format!("`{}` is no length of time", every.get_ref());
        self.expect(every.span(), &message, "such as `30m`, `1h` or `2 days`", || {
            let span: Span = every.get_ref().parse().ok()?;
            let every = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
            (every >= SignedDuration::ZERO).then_some(every)
        })
        .unwrap_or(EVERY)
    }

    fn language(&mut self, language: Option<Spanned<String>>, inherited: &str) -> String {
        let Some(language) = language else { return inherited.to_owned() };
        let message = format!("`{}` is no language tag", language.get_ref());
        self.expect(language.span(), &message, "such as `en`, `de-AT` or `sr-Latn`", || {
            dates::is_language(language.get_ref()).then(|| language.get_ref().clone())
        })
        .unwrap_or_else(|| inherited.to_owned())
    }

    fn time_zone(&mut self, zone: Option<Spanned<String>>) -> TimeZone {
        let Some(zone) = zone else { return self.settings.time_zone.clone() };
        let message = format!("unknown time zone `{}`", zone.get_ref());
        self.expect(zone.span(), &message, "a name such as `Europe/Vienna`", || {
            TimeZone::get(zone.get_ref()).ok()
        })
        .unwrap_or(TimeZone::UTC)
    }

    fn date_formats(&mut self, formats: Option<Strings>) -> Vec<String> {
        let Some(formats) = formats else { return Vec::new() };
        let span = formats.span();
        for format in formats.get_ref().as_slice() {
            let message = format!("bad date format `{format}`");
            self.expect(
                span.clone(),
                &message,
                "it says day, month and year, such as `%d/%m/%Y %H:%M`",
                || dates::format_is_valid(format).then_some(()),
            );
        }
        formats.into_inner().as_slice().to_vec()
    }

    /// The value, or a problem at `span` when there is none.
    fn expect<T>(
        &mut self,
        span: Range<usize>,
        message: &str,
        help: &str,
        value: impl FnOnce() -> Option<T>,
    ) -> Option<T> {
        let value = value();
        if value.is_none() {
            let line = self.line(&span);
            self.problems.push(Diagnostic::new(message).at(self.file, line).help(help));
        }
        value
    }

    fn line(&self, span: &Range<usize>) -> usize {
        line_of(self.text, span.start)
    }
}

fn fingerprint(text: &str) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(text).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
