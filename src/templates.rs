//! The templates: compiled in, and overridden file by file from the site's `templates/`.

use std::collections::BTreeMap;
use std::path::Path;

use handlebars::{Context, Handlebars};
use serde_json::Value;

use crate::diagnostic::Diagnostic;
use crate::{hash, toml_file};

/// Where a site's own templates are.
pub const DIRECTORY: &str = "templates";

/// Name and default text of each. What ends in `.txt` is plain text and not escaped.
const DEFAULTS: [(&str, &str); 24] = [
    ("head.html", include_str!("../templates/head.html")),
    ("page.css", include_str!("../templates/page.css")),
    ("index.html", include_str!("../templates/index.html")),
    ("feed.html", include_str!("../templates/feed.html")),
    ("archive.html", include_str!("../templates/archive.html")),
    ("item.html", include_str!("../templates/item.html")),
    ("edition.html", include_str!("../templates/edition.html")),
    ("newsletter.html", include_str!("../templates/newsletter.html")),
    ("feeds.opml", include_str!("../templates/feeds.opml")),
    ("digest/body.html", include_str!("../templates/digest/body.html")),
    ("digest/body.txt", include_str!("../templates/digest/body.txt")),
    ("digest/confirm.html", include_str!("../templates/digest/confirm.html")),
    ("digest/confirm.txt", include_str!("../templates/digest/confirm.txt")),
    ("subscriber/form.html", include_str!("../templates/subscriber/form.html")),
    ("subscriber/said.html", include_str!("../templates/subscriber/said.html")),
    ("subscriber/form.css", include_str!("../templates/subscriber/form.css")),
    ("subscriber/work.js", include_str!("../templates/subscriber/work.js")),
    ("desk/head.html", include_str!("../templates/desk/head.html")),
    ("desk/desk.css", include_str!("../templates/desk/desk.css")),
    ("desk/login.html", include_str!("../templates/desk/login.html")),
    ("desk/overview.html", include_str!("../templates/desk/overview.html")),
    ("desk/feed.html", include_str!("../templates/desk/feed.html")),
    ("desk/newsletter.html", include_str!("../templates/desk/newsletter.html")),
    (TEXTS, include_str!("../templates/texts.toml")),
];

/// Words beside the announcements, by language.
const TEXTS: &str = "texts.toml";

/// Languages that are written from the right.
const RIGHT_TO_LEFT: [&str; 5] = ["ar", "fa", "he", "ur", "yi"];

/// Words beside the announcements, by name.
pub type Texts = BTreeMap<String, String>;

#[derive(Debug, thiserror::Error)]
#[error("failed to render template `{name}`: {error}")]
pub struct TemplateError {
    name: String,
    error: Box<handlebars::RenderError>,
}

/// All templates of a site, compiled.
#[derive(Debug)]
pub struct Templates {
    markup: Handlebars<'static>,
    /// The same without escaping, for plain text.
    plain: Handlebars<'static>,
    texts: BTreeMap<String, Texts>,
    fingerprint: String,
}

impl Templates {
    /// Loads the templates of a site; one that the site does not have is the default.
    pub fn load(site: &Path) -> Result<Templates, Vec<Diagnostic>> {
        let mut problems = strangers(site);
        let mut markup = Handlebars::new();
        markup.set_strict_mode(true);
        let mut plain = markup.clone();
        plain.register_escape_fn(handlebars::no_escape);
        let mut texts = BTreeMap::new();
        let mut sources = Vec::new();
        for (name, default) in DEFAULTS {
            let file = Path::new(DIRECTORY).join(name);
            let text = match std::fs::read_to_string(site.join(&file)) {
                Ok(text) => text,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => default.to_owned(),
                Err(error) => {
                    let problem = Diagnostic::new(format!("failed to read: {error}"));
                    problems.push(problem.at(&file, None));
                    continue;
                }
            };
            sources.push(text.clone());
            if name == TEXTS {
                for source in [default, &text] {
                    match toml_file::parse::<BTreeMap<String, Texts>>(&file, source) {
                        Ok(found) => add(&mut texts, found),
                        Err(problem) => problems.push(problem),
                    }
                }
                continue;
            }
            let registry = if name.ends_with(".txt") { &mut plain } else { &mut markup };
            if let Err(error) = registry.register_template_string(name, text) {
                let line = error.pos().map(|(line, _)| line);
                problems.push(Diagnostic::new(error.reason().to_string()).at(&file, line));
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(Templates { markup, plain, texts, fingerprint: hash::short(sources, 12) })
    }

    /// Changes with the templates.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    pub fn render(&self, name: &str, context: Value) -> Result<String, TemplateError> {
        let registry = if name.ends_with(".txt") { &self.plain } else { &self.markup };
        registry
            .render_with_context(name, &Context::from(context))
            .map_err(|error| TemplateError { name: name.to_owned(), error: Box::new(error) })
    }

    /// The words for a language: its own, then those of the language without region, then
    /// English.
    pub fn texts(&self, language: &str) -> Texts {
        let base = language.split('-').next().unwrap_or_default();
        let mut texts = Texts::new();
        for tag in ["en", base, language] {
            texts.extend(self.texts.get(tag).cloned().unwrap_or_default());
        }
        if RIGHT_TO_LEFT.contains(&base) {
            texts.insert("direction".to_owned(), "rtl".to_owned());
        }
        texts
    }

    /// The words that are in just this language, if there are some.
    pub fn own_texts(&self, language: &str) -> Option<&Texts> {
        self.texts.get(language)
    }

    /// Name and default text of every template.
    pub fn defaults() -> impl Iterator<Item = (&'static str, &'static str)> {
        DEFAULTS.into_iter()
    }
}

/// Files among the site's templates that no page and no mail asks for: a name was misspelt.
fn strangers(site: &Path) -> Vec<Diagnostic> {
    let root = site.join(DIRECTORY);
    let mut problems = Vec::new();
    for folder in [root.clone(), root.join("digest"), root.join("subscriber"), root.join("desk")] {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        let mut files: Vec<_> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
        files.sort();
        for file in files.iter().filter(|file| file.is_file()) {
            let name = file.strip_prefix(&root).unwrap_or(file).to_string_lossy().into_owned();
            let is_hidden =
                file.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
            let is_known = DEFAULTS.iter().any(|(known, _)| *known == name);
            if !is_known && !is_hidden && !name.ends_with('~') {
                let known = DEFAULTS.iter().map(|(known, _)| *known);
                problems.push(
                    Diagnostic::new(format!("there is no template `{name}`"))
                        .at(&Path::new(DIRECTORY).join(&name), None)
                        .did_you_mean(
                            &name,
                            known,
                            "`infocus templates export` writes those there are",
                        ),
                );
            }
        }
    }
    problems
}

/// What the site says goes before what is compiled in, text by text.
fn add(texts: &mut BTreeMap<String, Texts>, found: BTreeMap<String, Texts>) {
    for (language, found) in found {
        texts.entry(language).or_default().extend(found);
    }
}
