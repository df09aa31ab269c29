//! Renders every template once, of what is not there, so that one that asks for what it is not given is
//! found before it matters.

use crate::diagnostic::{Diagnostic, Invalid};
use crate::site::Site;
use crate::{newsletter, publish, serve};

/// What the templates of a site ask for in vain; of feeds, of newsletters, and of pages that are made for
/// a request.
pub fn rehearse(site: &Site) -> Result<(), Invalid> {
    let told = |error: &dyn std::error::Error| Diagnostic::new(error.to_string());
    let feeds = publish::rehearse(&site.settings, &site.templates).map_err(|error| told(&error));
    let newsletters = newsletter::rehearse(site).map_err(|error| told(&error));
    let pages = serve::rehearse_pages(site).map_err(|error| told(&error));
    let problems: Vec<Diagnostic> =
        [feeds, newsletters, pages].into_iter().filter_map(Result::err).collect();
    if problems.is_empty() { Ok(()) } else { Err(Invalid(problems)) }
}
