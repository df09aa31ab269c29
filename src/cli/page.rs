//! A page that is named on the command line: by its address, or as a saved file.

use std::path::{Path, PathBuf};

use clap::Args;
use scraper::Html;
use url::Url;

use crate::catalog::Request;
use crate::config::Settings;
use crate::dates::Reader;
use crate::diagnostic::Diagnostic;
use crate::extract::charset;
use crate::fetch::Fetcher;
use crate::offers::{self, Offer};

#[derive(Debug, Args)]
pub struct Named {
    /// The address of a page, or a saved page
    #[arg(value_name = "URL_OR_FILE")]
    place: String,
    /// The address that a saved page had
    #[arg(long, value_name = "URL")]
    base_url: Option<Url>,
    /// Load the page in a browser and read what its scripts make of it
    #[arg(long)]
    browser: bool,
}

/// A page as it came, decoded.
#[derive(Debug)]
pub struct Page {
    pub url: Url,
    pub text: String,
}

impl Named {
    pub async fn get(&self, settings: &Settings) -> Result<Page, Diagnostic> {
        let Some(url) = self.address() else {
            return self.saved(Path::new(&self.place));
        };
        let request = Request { is_rendered: self.browser, ..Request::default() };
        let page = Fetcher::new(settings, [])?.page(&url, &request).await?;
        let text = charset::decode(&page.body, page.content_type.as_deref());
        Ok(Page { text, url: page.url })
    }

    /// What the site of the page offers: what it names, if the page is a file and there is nobody to
    /// ask.
    pub async fn offers(
        &self,
        settings: &Settings,
        html: &Html,
        url: &Url,
        dates: &Reader,
    ) -> Result<Vec<Offer>, Diagnostic> {
        if self.address().is_none() {
            return Ok(offers::announced(html, url));
        }
        Ok(offers::offers(&Fetcher::new(settings, [])?, html, url, dates).await)
    }

    /// A browser has not loaded it, and could.
    pub fn is_unrendered(&self) -> bool {
        !self.browser && self.address().is_some()
    }

    /// Nothing, if a file is named.
    fn address(&self) -> Option<Url> {
        Url::parse(&self.place).ok().filter(|url| matches!(url.scheme(), "http" | "https"))
    }

    fn saved(&self, file: &Path) -> Result<Page, Diagnostic> {
        let unread = |error: std::io::Error| {
            Diagnostic::new(format!("failed to read `{}`: {error}", file.display()))
                .help("name a page by its address, `https://...`, or a file that is there")
        };
        let bytes = std::fs::read(file).map_err(unread)?;
        let path: PathBuf = std::path::absolute(file).map_err(unread)?;
        let own =
            || Url::from_file_path(&path).map_err(|()| Diagnostic::new("the file has no address"));
        let url = self.base_url.clone().map_or_else(own, Ok)?;
        Ok(Page { text: charset::decode(&bytes, None), url })
    }
}
