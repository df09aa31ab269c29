//! Pages that are what their scripts make of them: the fetcher asks for whatever those ask for.

use reqwest::header::{CONTENT_ENCODING, CONTENT_LENGTH, TRANSFER_ENCODING};
use url::Url;

use super::browser::{self, Answer, Asked};
use super::request::{own, with};
use super::{FetchError, Fetched, Fetcher, Page};
use crate::catalog::Request;
use crate::store::Validators;

impl Fetcher {
    /// Fetches a page and lets a browser make it, if it is one.
    pub(super) async fn render(&self, url: &Url, request: &Request) -> Result<Fetched, FetchError> {
        match self.fetch_patiently(url, None, request).await? {
            Fetched::Page(page) if page.is_html() => {
                // What a server says of the empty page, it does not say of what its scripts make of it.
                let unvalidated = Page { validators: Validators::default(), ..*page };
                let answer = async |asked| self.relay(url, asked, request).await;
                let _turn = self.browser.lock().await;
                let made = browser::load(unvalidated, self.timeout, self.spacing, answer).await?;
                Ok(Fetched::Page(Box::new(made)))
            }
            answer => Ok(answer),
        }
    }

    /// Asks for what the scripts of the page at `from` ask for.
    async fn relay(
        &self,
        from: &Url,
        asked: Asked,
        request: &Request,
    ) -> Result<Answer, FetchError> {
        let Asked { url, method, mut headers, body } = asked;
        let own = own(request, from, &url).to_get();
        for (name, _) in &own.headers {
            headers.remove(name.as_str());
        }
        let again = self.client.request(method, url.clone()).headers(headers).body(body);
        // Where it leads is for the page to follow: by the rules that hold between its hosts.
        let (response, _held) = self.ask_in_turn(&url, &own, with(again, &own)).await?;
        let (status, mut headers) = (response.status(), response.headers().clone());
        // They are of the body as it came.
        for name in [CONTENT_ENCODING, CONTENT_LENGTH, TRANSFER_ENCODING] {
            headers.remove(name);
        }
        let (body, received) = self.body(response).await?;
        Ok(Answer { status, headers, body, received })
    }
}
