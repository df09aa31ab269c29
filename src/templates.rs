//! The templates: compiled in, and overridden file by file from the site's `templates/`.

use std::collections::BTreeMap;
use std::path::Path;

use handlebars::Handlebars;
use serde::Serialize;

use crate::diagnostic::Diagnostic;

/// Where a site's own templates are.
pub const DIRECTORY: &str = "templates";

/// Name and default text of each. What ends in `.txt` is plain text and not escaped.
const DEFAULTS: [(&str, &str); 7] = [
    ("page.html", include_str!("../templates/page.html")),
    ("page.css", include_str!("../templates/page.css")),
    ("index.html", include_str!("../templates/index.html")),
    ("feed.html", include_str!("../templates/feed.html")),
    ("archive.html", include_str!("../templates/archive.html")),
    ("item.html", include_str!("../templates/item.html")),
    ("feeds.opml", include_str!("../templates/feeds.opml")),
];

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
    texts: BTreeMap<&'static str, String>,
}

impl Templates {
    /// Loads the templates of a site; one that the site does not have is the default.
    pub fn load(site: &Path) -> Result<Templates, Vec<Diagnostic>> {
        let mut problems = Vec::new();
        let mut markup = Handlebars::new();
        markup.set_strict_mode(true);
        let mut texts = BTreeMap::new();
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
            if name.ends_with(".css") {
                texts.insert(name, text);
            } else if let Err(error) = markup.register_template_string(name, text) {
                let line = error.pos().map(|(line, _)| line);
                problems.push(Diagnostic::new(error.reason().to_string()).at(&file, line));
            }
        }
        if problems.is_empty() { Ok(Templates { markup, texts }) } else { Err(problems) }
    }

    pub fn render(&self, name: &str, context: &impl Serialize) -> Result<String, TemplateError> {
        self.markup
            .render(name, context)
            .map_err(|error| TemplateError { name: name.to_owned(), error: Box::new(error) })
    }

    /// A file that is published as it is.
    pub fn text(&self, name: &str) -> String {
        self.texts.get(name).cloned().unwrap_or_default()
    }

    /// Name and default text of every template.
    pub fn defaults() -> impl Iterator<Item = (&'static str, &'static str)> {
        DEFAULTS.into_iter()
    }
}
