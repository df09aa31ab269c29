//! A definition as written to a definition that runs.

use std::ops::Range;
use std::path::Path;

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use toml::Spanned;

use super::definition::{FeedFile, FilterTable, Method, RequestTable, SourceTable, Strings};
use super::feed::{Feed, Location, Request, Secret, Source};
use super::files;
use crate::config::Settings;
use crate::dates;
use crate::diagnostic::Diagnostic;
use crate::extract::Rules;
use crate::hash;
use crate::model::Slug;
use crate::normalize::filter::{Condition, Field, Filter, Pattern};
use crate::toml_file::{length, line_of};

/// Items that a feed shows if it does not say.
const WINDOW: usize = 50;

/// Between two looks at a page, if its definition does not say.
const EVERY: SignedDuration = SignedDuration::from_hours(1);

/// Further pages of a sitemap's index, if its definition does not say.
const PAGES: usize = 1;

/// What a definition is compiled with.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    pub site: &'a Path,
    pub file: &'a Path,
    pub text: &'a str,
    pub settings: &'a Settings,
    pub environment: &'a dyn Fn(&str) -> Option<String>,
}

/// Compiles one file and gathers its problems.
pub struct Compiler<'a> {
    place: Place<'a>,
    problems: Vec<Diagnostic>,
}

impl<'a> Compiler<'a> {
    pub fn new(place: Place<'a>) -> Self {
        Compiler { place, problems: Vec::new() }
    }

    pub fn feed(mut self, slug: Slug, definition: FeedFile) -> Result<Feed, Vec<Diagnostic>> {
        let language = self.language(definition.language, &self.place.settings.language.clone());
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
                    .at(self.place.file, None)
                    .help("add a `[[source]]` with `files` or `url`"),
            );
        }
        let title = crate::normalize::line(definition.title.get_ref());
        self.expect(definition.title.span(), "`title` is empty", "readers show it", || {
            (!title.is_empty()).then_some(())
        });
        let mut sources = Vec::with_capacity(definition.sources.len());
        for (at, table) in definition.sources.into_iter().enumerate() {
            let name = format!("{slug}/{}", at + 1);
            let line = self.line(&table.span());
            sources.extend(self.source(name, line, &language, table.into_inner()));
        }
        self.tell_apart(&sources);
        let feed = Feed {
            slug,
            title,
            description: definition.description,
            home_url: definition.home_url,
            language,
            author: definition.author,
            window,
            retracted: definition.retracted,
            sources,
            fingerprint: hash::short([self.place.text], 12),
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
        let own_pages = table.html.as_ref().and_then(|html| html.get_ref().pages.clone());
        let rules = match (table.html, table.json) {
            (None, None) => Some(Rules::Auto),
            (Some(html), None) => self.html(html.into_inner()).map(Rules::Html),
            (None, Some(json)) => self.json(json).map(Rules::Json),
            (Some(_), Some(json)) => {
                let message = format!("source `{name}` has both `html` and `json`");
                self.expect::<()>(json.span(), &message, "a page is one or the other", || None);
                None
            }
        };
        let request = table.request.map(|request| self.request(request)).unwrap_or_default();
        let is_rendered = table.render.is_some();
        if let Some(render) = table.render {
            let message = format!("source `{name}` is not a page that a browser could load");
            let help = "`render` goes with the `url` of a page, without `json` and `method`";
            let is_page = matches!(location, None | Some(Location::Page(_)));
            let is_page = is_page && !matches!(rules, Some(Rules::Json(_))) && !request.is_post;
            self.expect(render.span(), &message, help, || is_page.then_some(()));
        }
        Some(Source {
            language: self.language(table.language, language),
            time_zone: self.time_zone(table.time_zone),
            date_formats: self.date_formats(table.date_format),
            detail: table.detail.map(|detail| Box::new(self.detail(detail.into_inner()))),
            filter: Filter { keep: self.filter(table.keep), drop: self.filter(table.drop) },
            every: self.every(table.every),
            pages: self.pages(table.pages.or(own_pages)),
            next_url: table.next_url.and_then(|url| self.next_url(url)),
            request: Request { is_rendered, ..request },
            paused: table.paused,
            fingerprint: fingerprint(self.place.text, line),
            defined_at: (self.place.file.to_owned(), line),
            id: table.id.or_else(|| location.as_ref().map(Location::to_string))?,
            location: location?,
            rules: rules?,
            name,
        })
    }

    /// Two sources under one id would take each other's turns.
    fn tell_apart(&mut self, sources: &[Source]) {
        for (at, source) in sources.iter().enumerate() {
            if sources[..at].iter().any(|other| other.id == source.id) {
                let (_, line) = source.defined_at;
                self.problems.push(
                    Diagnostic::new(format!("there is a source `{}` already", source.id))
                        .at(self.place.file, line)
                        .help("give each an `id` of its own: `id = \"events\"`"),
                );
            }
        }
    }

    fn pages(&mut self, pages: Option<Spanned<usize>>) -> usize {
        let Some(pages) = pages else { return PAGES };
        self.expect(pages.span(), "`pages` is 0", "it counts the pages that are read", || {
            Some(*pages.get_ref()).filter(|pages| *pages > 0)
        })
        .unwrap_or(PAGES)
    }

    fn next_url(&mut self, template: Spanned<String>) -> Option<String> {
        let message = format!("`next_url` leads nowhere: `{}`", template.get_ref());
        let help = "an address with `{page}`, `{offset}` or `{next}`: `https://www.example.org/news?page={page}`";
        self.expect(template.span(), &message, help, || {
            let text = template.get_ref();
            let has_place =
                ["{page}", "{offset}", "{next}"].iter().any(|place| text.contains(place));
            let is_url = text.starts_with("http://") || text.starts_with("https://");
            (has_place && is_url).then(|| text.clone())
        })
    }

    fn request(&mut self, request: RequestTable) -> Request {
        let mut headers = Vec::new();
        for (name, value) in request.headers {
            let span = value.span();
            let Some(value) = self.secret(value) else { continue };
            let message = format!("`{name}` is no header");
            let help = "a name such as `Cookie` or `X-Api-Key`, and a value in one line";
            headers.extend(self.expect(span, &message, help, || {
                Request::header(&name, value.expose()).then_some((name.clone(), value))
            }));
        }
        let user = request.user.and_then(|user| self.secret(user));
        let password = request.password.and_then(|password| self.secret(password));
        Request {
            is_post: request.method == Method::Post,
            body: request.body.and_then(|body| self.secret(body)),
            headers,
            user: user.map(|user| (user, password.unwrap_or_default())),
            ignores_robots: request.ignore_robots,
            reaches_private: request.allow_private,
            is_rendered: false,
        }
    }

    /// A text in which `${NAME}` stands for what the environment has under that name.
    fn secret(&mut self, text: Spanned<String>) -> Option<Secret> {
        let mut resolved = String::new();
        let mut rest = text.get_ref().as_str();
        while let Some((before, after)) = rest.split_once("${") {
            let Some((name, behind)) = after.split_once('}') else { break };
            let message = format!("there is no `{name}` in the environment");
            let help = format!("set it for the program: `{name}=... infocus refresh`");
            let environment = self.place.environment;
            let value = self.expect(text.span(), &message, &help, || environment(name))?;
            resolved.push_str(before);
            resolved.push_str(&value);
            rest = behind;
        }
        resolved.push_str(rest);
        Some(Secret::new(resolved))
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
                let under = self.place.site.join(super::DIRECTORY);
                let under = std::path::absolute(&under).unwrap_or(under);
                match files::check(&under, files.get_ref()) {
                    Ok(()) => return Some(Location::Files { pattern: files.into_inner(), under }),
                    Err(problem) => self.problems.push(problem.at(self.place.file, line)),
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
                    .at(self.place.file, line),
            ),
            (Some(_), Some(_)) => self.problems.push(
                Diagnostic::new(format!("source `{name}` has both `files` and `url`"))
                    .at(self.place.file, line)
                    .help("make two sources of it"),
            ),
        }
        None
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
                                .at(self.place.file, line)
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
            length(every.get_ref())
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
        let Some(zone) = zone else { return self.place.settings.time_zone.clone() };
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
    pub(super) fn expect<T>(
        &mut self,
        span: Range<usize>,
        message: &str,
        help: &str,
        value: impl FnOnce() -> Option<T>,
    ) -> Option<T> {
        let value = value();
        if value.is_none() {
            let line = self.line(&span);
            self.problems.push(Diagnostic::new(message).at(self.place.file, line).help(help));
        }
        value
    }

    pub(super) fn problem(&mut self, problem: Diagnostic, span: &Range<usize>) {
        let line = self.line(span);
        self.problems.push(problem.at(self.place.file, line));
    }

    pub(super) fn line(&self, span: &Range<usize>) -> usize {
        line_of(self.place.text, span.start)
    }
}

/// Changes with what the table of a source says, from its line to the next source; comments and
/// blanks say nothing.
fn fingerprint(text: &str, line: usize) -> String {
    let mut lines = text.lines().skip(line.saturating_sub(1)).map(str::trim);
    let first = lines.next();
    let own = lines.take_while(|line| !line.starts_with("[[source]]"));
    let says = |line: &&str| !line.is_empty() && !line.starts_with('#');
    hash::short(first.into_iter().chain(own).filter(says), 8)
}
