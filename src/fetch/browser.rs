//! Pages that their scripts make, in a browser without a window (Chromium, by its DevTools protocol).
//! The browser reaches nothing by itself: whatever a page asks for comes to us, and is got, or is
//! not, as politely and behind the same wall as any page. What is only looked at is never asked for.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use chromiumoxide::browser::{Browser, BrowserConfig};
use chromiumoxide::cdp::browser_protocol::browser::{
    SetDownloadBehaviorBehavior, SetDownloadBehaviorParams,
};
use chromiumoxide::cdp::browser_protocol::fetch::{
    EventRequestPaused, FailRequestParams, FulfillRequestParams, HeaderEntry, RequestId,
};
use chromiumoxide::cdp::browser_protocol::network::{ErrorReason, Request, ResourceType};
use chromiumoxide::cdp::browser_protocol::page::{
    AddScriptToEvaluateOnNewDocumentParams, EventJavascriptDialogOpening,
    HandleJavaScriptDialogParams, NavigateParams,
};
use chromiumoxide::error::CdpError;
use chromiumoxide::{Command, Page as Tab};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode};
use tokio::process::Child;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use url::Url;

use super::{FetchError, LARGEST, Page, request};

/// Requests that the scripts of a page may make.
const REQUESTS: usize = 100;
/// A page that asks for nothing for so long, and says the same before and after, is ready.
const QUIET: Duration = Duration::from_millis(500);
/// To start and to stop the browser, and for it to do what it is told.
const LAUNCH: Duration = Duration::from_secs(10);

/// Nothing is reached but through us, whatever a page tries.
const WALLED: [(&str, &str); 8] = [
    ("proxy-server", "http://127.0.0.1:9"),
    ("proxy-bypass-list", "<-loopback>"),
    ("host-resolver-rules", "MAP * ~NOTFOUND"),
    ("force-webrtc-ip-handling-policy", "disable_non_proxied_udp"),
    ("webrtc-ip-handling-policy", "disable_non_proxied_udp"),
    ("block-new-web-contents", ""),
    // Frames are part of their page, and ask where it asks.
    ("disable-features", "IsolateOrigins,site-per-process,TranslateUI"),
    ("disable-component-update", ""),
];

/// What goes around all walls: datagrams to wherever a page likes.
const WITHOUT_PEERS: &str = "for (const name of ['RTCPeerConnection', 'webkitRTCPeerConnection', \
                             'RTCDataChannel', 'WebTransport']) delete globalThis[name];";

/// What a page asks for.
#[derive(Debug)]
pub struct Asked {
    pub url: Url,
    pub method: Method,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

/// What it gets.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    /// Bytes that came for it, before decompression.
    pub received: usize,
}

/// The page as its scripts make it, in a browser of its own that has seen nothing before; that may
/// take `limit`, and what is `owed` to the server between the requests of its scripts.
pub async fn load(
    page: Page,
    limit: Duration,
    owed: Duration,
    answer: impl AsyncFn(Asked) -> Result<Answer, FetchError>,
) -> Result<Page, FetchError> {
    let profile = tempfile::Builder::new().prefix("infocus-").tempdir();
    let profile = profile.map_err(|error| FetchError::NoBrowser(error.to_string()))?;
    let _leash = leash(profile.path());
    let mut browser = start(profile.path()).await?;
    let made = async {
        // What it would save, it would save for ever.
        browser.execute(SetDownloadBehaviorParams::new(SetDownloadBehaviorBehavior::Deny)).await?;
        let tab = browser.new_page("about:blank").await?;
        tab.execute(AddScriptToEvaluateOnNewDocumentParams::new(WITHOUT_PEERS)).await?;
        Visit { tab, limit, owed, answer }.page(page).await
    };
    // By itself it ends before, but for scripts that never do.
    let longest = limit + owed * u32::try_from(REQUESTS).unwrap_or(u32::MAX) + LAUNCH;
    let made = timeout(longest, made).await.unwrap_or(Err(FetchError::Slow(limit)));
    if timeout(LAUNCH, browser.close()).await.is_ok() {
        let _ = timeout(LAUNCH, browser.wait()).await;
    }
    let _ = browser.kill().await;
    made
}

async fn start(profile: &Path) -> Result<Browser, FetchError> {
    let mut config = BrowserConfig::builder()
        .new_headless_mode()
        .respect_https_errors()
        .enable_request_intercept()
        .disable_cache()
        .launch_timeout(LAUNCH)
        .user_data_dir(profile)
        .args(WALLED);
    // Chromium has no walls within itself for the one who may do everything.
    if rustix::process::geteuid().is_root() {
        config = config.no_sandbox();
    }
    let config = config.build().map_err(FetchError::NoBrowser)?;
    let started = Browser::launch(config).await;
    let (browser, mut events) =
        started.map_err(|error| FetchError::NoBrowser(error.to_string().trim_end().to_owned()))?;
    tokio::spawn(async move { while events.next().await.is_some() {} });
    Ok(browser)
}

/// Ends the browser when we are gone, killed perhaps: nobody else would. It is let go when dropped.
fn leash(profile: &Path) -> Option<Child> {
    // The lock of a profile names the process that has it.
    const WATCH: &str = "trap '' INT TERM; while kill -0 $1; do sleep 1; done; sleep 1; \
                         lock=$(readlink \"$2/SingletonLock\"); kill -9 \"${lock##*-}\"; sleep 1; \
                         rm -rf \"$2\"";
    let mut command = tokio::process::Command::new("sh");
    command.args(["-c", WATCH, "leash", &std::process::id().to_string()]).arg(profile);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // Without it, a browser outlives us in the worst case.
    command.kill_on_drop(true).spawn().ok()
}

/// One page in the browser.
struct Visit<A> {
    tab: Tab,
    limit: Duration,
    owed: Duration,
    answer: A,
}

/// What is done about a request.
enum Reply {
    Ask(Asked),
    /// What is there already, or does not matter.
    Have(Answer),
    Refuse,
}

impl<A: AsyncFn(Asked) -> Result<Answer, FetchError>> Visit<A> {
    async fn page(&self, mut page: Page) -> Result<Page, FetchError> {
        let mut until = Instant::now() + self.limit;
        let mut requests = self.tab.event_listener::<EventRequestPaused>().await?;
        let mut dialogs = self.tab.event_listener::<EventJavascriptDialogOpening>().await?;
        let main = self.tab.mainframe().await?;
        let mut document = Some(document(&page));
        let navigate = self.tab.execute(NavigateParams::new(page.url.as_str()));
        tokio::pin!(navigate);
        let mut is_there = false;
        let mut answers = FuturesUnordered::new();
        let (mut left, mut before) = (REQUESTS, None);
        loop {
            tokio::select! {
                done = &mut navigate, if !is_there => {
                    done?;
                    is_there = true;
                }
                Some(paused) = requests.next() => {
                    before = None;
                    let is_main = main.as_ref() == Some(&paused.frame_id);
                    let id = paused.request_id.clone();
                    match reply(&paused, is_main, &mut document) {
                        Reply::Ask(asked) if left > 0 => {
                            left -= 1;
                            until += self.owed;
                            let url = asked.url.clone();
                            answers.push(async move { (id, url, (self.answer)(asked).await) });
                        }
                        Reply::Have(answer) => self.fulfil(id, answer).await?,
                        Reply::Ask(_) | Reply::Refuse => self.refuse(id).await?,
                    }
                }
                // Everything waits for somebody to answer, and nobody is there.
                Some(_) = dialogs.next() => {
                    self.tell(HandleJavaScriptDialogParams::new(true)).await?;
                }
                Some((id, url, answer)) = answers.next(), if !answers.is_empty() => {
                    self.pass_on(id, &url, answer, &mut page).await?;
                }
                () = sleep(QUIET), if is_there && answers.is_empty() => {
                    let now = self.tab.content().await?;
                    if before.as_ref() == Some(&now) {
                        break;
                    }
                    before = Some(now);
                }
                () = sleep_until(until) => break,
            }
        }
        let made = match before {
            Some(made) => made,
            // It never rests; what it says by now is what people see.
            None if is_there => self.tab.content().await?,
            None => return Err(FetchError::Slow(self.limit)),
        };
        self.made(page, made).await
    }

    /// Gives the page what it has asked for, and notes what it does not get.
    async fn pass_on(
        &self,
        id: RequestId,
        url: &Url,
        answer: Result<Answer, FetchError>,
        page: &mut Page,
    ) -> Result<(), FetchError> {
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => {
                page.missed.push(format!("{url}: {error}"));
                return self.refuse(id).await;
            }
        };
        page.received += answer.received;
        if page.received > LARGEST {
            return Err(FetchError::TooLarge);
        }
        if answer.status.is_client_error() || answer.status.is_server_error() {
            page.missed.push(format!("{url}: the server answered {}", answer.status));
        }
        self.fulfil(id, answer).await
    }

    /// The page with what its scripts have made of it.
    async fn made(&self, mut page: Page, made: String) -> Result<Page, FetchError> {
        if made.len() > LARGEST {
            return Err(FetchError::TooLarge);
        }
        let url = self.tab.url().await?.and_then(|url| Url::parse(&url).ok());
        // It may have led on, or written another address into the bar.
        if let Some(url) = url.filter(|url| matches!(url.scheme(), "http" | "https")) {
            page.url = url;
        }
        page.body = made.into_bytes();
        page.content_type = Some("text/html; charset=utf-8".to_owned());
        Ok(page)
    }

    async fn fulfil(&self, id: RequestId, answer: Answer) -> Result<(), FetchError> {
        let mut reply = FulfillRequestParams::new(id, i64::from(answer.status.as_u16()));
        let entry = |(name, value): (&HeaderName, &HeaderValue)| {
            HeaderEntry::new(name.as_str(), request::characters(value))
        };
        reply.response_headers = Some(answer.headers.iter().map(entry).collect());
        reply.body = Some(BASE64_STANDARD.encode(&answer.body).into());
        self.tell(reply).await
    }

    async fn refuse(&self, id: RequestId) -> Result<(), FetchError> {
        self.tell(FailRequestParams::new(id, ErrorReason::BlockedByClient)).await
    }

    /// Tells the page something that it may no longer want to hear.
    async fn tell(&self, command: impl Command) -> Result<(), FetchError> {
        match self.tab.execute(command).await {
            Ok(_) | Err(CdpError::Chrome(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// What is done about a request: the page itself is here already, and how it looks does not matter.
fn reply(paused: &EventRequestPaused, is_main: bool, document: &mut Option<Answer>) -> Reply {
    match paused.resource_type {
        ResourceType::Document if is_main => match document.take() {
            Some(document) => Reply::Have(document),
            // It leads on.
            None => ask(&paused.request),
        },
        ResourceType::Script
        | ResourceType::Xhr
        | ResourceType::Fetch
        | ResourceType::Preflight => ask(&paused.request),
        // What is loaded before it is asked for; and the icon of the page.
        ResourceType::Other if !paused.request.url.ends_with("/favicon.ico") => {
            ask(&paused.request)
        }
        // Some scripts wait for their styles.
        ResourceType::Stylesheet => Reply::Have(empty("text/css")),
        _ => Reply::Refuse,
    }
}

fn ask(request: &Request) -> Reply {
    let url = Url::parse(&request.url).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let (Some(url), Ok(method)) = (url, request.method.parse()) else { return Reply::Refuse };
    let mut headers = HeaderMap::new();
    for (name, value) in request.headers.inner().as_object().into_iter().flatten() {
        let value = value.as_str().and_then(|value| HeaderValue::from_str(value).ok());
        let name = HeaderName::from_bytes(name.as_bytes()).ok().filter(is_of_page);
        if let (Some(name), Some(value)) = (name, value) {
            headers.insert(name, value);
        }
    }
    let parts = request.post_data_entries.iter().flatten().filter_map(|part| part.bytes.as_ref());
    let bytes = |part: &chromiumoxide::types::Binary| {
        BASE64_STANDARD.decode(AsRef::<str>::as_ref(part)).unwrap_or_default()
    };
    Reply::Ask(Asked { url, method, headers, body: parts.flat_map(bytes).collect() })
}

/// What the page says, and not what is between it and a server: that is ours.
fn is_of_page(name: &HeaderName) -> bool {
    const OURS: [&str; 7] = [
        "accept-encoding",
        "connection",
        "content-length",
        "cookie",
        "host",
        "upgrade-insecure-requests",
        "user-agent",
    ];
    !OURS.contains(&name.as_str()) && !name.as_str().starts_with("sec-")
}

fn document(page: &Page) -> Answer {
    let content_type = page.content_type.as_deref().unwrap_or("text/html");
    Answer { body: page.body.clone(), ..empty(content_type) }
}

fn empty(content_type: &str) -> Answer {
    let content_type = request::value(content_type).map(|value| (CONTENT_TYPE, value));
    Answer {
        status: StatusCode::OK,
        headers: content_type.into_iter().collect(),
        body: Vec::new(),
        received: 0,
    }
}

impl From<CdpError> for FetchError {
    fn from(error: CdpError) -> FetchError {
        FetchError::Other(format!("the browser failed: {error}"))
    }
}
