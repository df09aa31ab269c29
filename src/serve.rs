//! The public face, over HTTP: what is published, the pages where people subscribe and leave, the
//! operator's desk, and what programs that watch want to know.
//!
//! Whatever is a file of the output is answered from memory (`files`); all else goes to the pages of
//! subscribers (`door`), of the operator (`desk`), and to what watches (`gauges`).

mod client;
mod desk;
mod door;
mod files;
mod gauges;
mod listen;
mod page;

use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LockResult};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use axum::Router;
use axum::body::Body;
use axum::extract::Extension;
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderMap, Request, Response, StatusCode, Uri, Version, header};
use axum::response::IntoResponse;
use http_body_util::{BodyExt, Either, Full, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use tokio::net::TcpListener;
use tokio::time::timeout;
use tower::ServiceExt;

use crate::clock::Clock;
use crate::diagnostic::{Diagnostic, Invalid};
use crate::rehearse::rehearse;
use crate::run;
use crate::site::{Site, TAKEN};
use crate::store::Store;
use client::{Limit, client_of};
use files::Files;
use gauges::Gauges;

pub use desk::hash_password;
pub(crate) use door::rehearse as rehearse_pages;

/// Bytes of a request's body at most.
const BODY: usize = 64 << 10;

/// How long the body of a request may take, and the answer to it.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long the mail may take that is just leaving when it is time to stop.
const GRACE: Duration = Duration::from_secs(3);

/// How often it is looked whether the site is another.
const LOOK: Duration = Duration::from_secs(3);

/// An answer: of a file, or of a page that was made for the request.
pub(crate) type Reply = Response<Either<Full<Bytes>, Body>>;

/// Who serves, and what.
#[derive(Debug)]
pub struct Server {
    root: PathBuf,
    loaded: ArcSwap<Loaded>,
    store: Store,
    clock: Clock,
    wishes: Limit,
    logins: Limit,
    sessions: desk::Sessions,
    gauges: Gauges,
    asker: door::Asker,
    logs: bool,
}

/// A site as it was last loaded.
#[derive(Debug)]
pub struct Loaded {
    pub site: Site,
    files: Files,
    /// Path of the site's address, without the slash at its end.
    base: String,
    state: String,
}

impl Loaded {
    fn load(root: &Path, store: Store) -> Result<Loaded, Invalid> {
        // Before it is read: what is changed meanwhile is another.
        let state = run::site_state(root);
        let site = Site::load(root)?;
        rehearse(&site)?;
        let files = Files::new(&site, store).map_err(|error| Diagnostic::new(error.to_string()))?;
        let base = site.settings.base_url.path().trim_end_matches('/').to_owned();
        Ok(Loaded { files, base, state, site })
    }

    /// A path below the site's own, if it is one: a proxy may have cut that off, or not.
    fn below<'a>(&self, path: &'a str) -> Option<&'a str> {
        let rest = path.strip_prefix(&self.base).filter(|rest| rest.starts_with('/'))?;
        (!self.base.is_empty()).then_some(rest)
    }
}

/// What is not in the settings.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    pub clock: Clock,
    /// A line for each request, without anybody's address.
    pub logs: bool,
}

impl Server {
    /// A server of the site in a directory, if that is a valid one.
    pub fn new(root: &Path, store: Store, options: Options) -> Result<Arc<Server>, Invalid> {
        let loaded = Loaded::load(root, store.clone())?;
        Ok(Arc::new(Server {
            root: root.to_owned(),
            logins: Limit::new(Duration::from_secs(900)),
            sessions: desk::Sessions::default(),
            wishes: Limit::new(Duration::from_secs(3600)),
            gauges: Gauges::default(),
            loaded: ArcSwap::from_pointee(loaded),
            store,
            clock: options.clock,
            asker: door::Asker::new(),
            logs: options.logs,
        }))
    }

    /// Answers until `stop`; what was begun is finished, within some seconds.
    pub async fn run(
        self: Arc<Server>,
        listener: TcpListener,
        stop: impl Future<Output = ()>,
    ) -> io::Result<()> {
        let router = router(self.clone());
        let looking = tokio::spawn(self.clone().look());
        let asking = tokio::spawn(door::ask_all(self.clone()));
        let server = self.clone();
        let answered = listen::run(listener, stop, move |peer, request| {
            let (server, router) = (server.clone(), router.clone());
            async move { server.reply(peer, request, router).await }
        });
        answered.await?;
        looking.abort();
        self.asker.stop();
        let unasked = asking.abort_handle();
        if timeout(GRACE, asking).await.is_err() {
            unasked.abort();
        }
        Ok(())
    }

    fn loaded(&self) -> Arc<Loaded> {
        self.loaded.load_full()
    }

    fn is_elsewhere(&self, site: &Site) -> bool {
        site.settings.database != self.loaded().site.settings.database
    }

    /// Loads the site again when its files are others; as long as that fails, what was loaded serves.
    async fn look(self: Arc<Server>) {
        let mut refused = String::new();
        loop {
            tokio::time::sleep(LOOK).await;
            let (root, store) = (self.root.clone(), self.store.clone());
            let state = self.loaded().state.clone();
            let before = refused.clone();
            let looked = tokio::task::spawn_blocking(move || {
                let now = run::site_state(&root);
                let is_known = now == state || now == before;
                (!is_known).then(|| (now, Loaded::load(&root, store)))
            });
            match looked.await {
                Ok(Some((state, Ok(loaded)))) if self.is_elsewhere(&loaded.site) => {
                    tell!("warning: what is served stays as it was: it is remembered elsewhere");
                    tell!("help: start `infocus serve` again");
                    refused = state;
                }
                Ok(Some((_, Ok(loaded)))) => self.loaded.store(Arc::new(loaded)),
                Ok(Some((state, Err(Invalid(problems))))) => {
                    for problem in problems {
                        tell!("warning: what is served stays as it was: {problem}");
                    }
                    refused = state;
                }
                Ok(None) | Err(_) => {}
            }
        }
    }

    async fn reply(
        self: Arc<Server>,
        peer: IpAddr,
        request: Request<Incoming>,
        router: Router,
    ) -> Reply {
        let (began, loaded) = (Instant::now(), self.loaded());
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let is_plain = request.version() != Version::HTTP_11 || has_one_host(request.headers());
        let (kind, reply) = match file(&loaded, &request, began).await.filter(|_| is_plain) {
            Some(reply) => (gauges::Kind::File, reply),
            None if !is_plain => {
                (gauges::Kind::Other, StatusCode::BAD_REQUEST.into_response().map(Either::Right))
            }
            None => {
                let request = below(&loaded, request);
                let kind = gauges::Kind::of(request.uri().path());
                (kind, made(peer, request, loaded, router).await.map(Either::Right))
            }
        };
        self.gauges.count(kind, reply.status(), began.elapsed());
        if self.logs {
            listen::log(&method, &uri, reply.status(), began, self.clock.now());
        }
        reply
    }
}

/// No proxy before it can have understood a request otherwise (RFC 9112, 3.2).
fn has_one_host(headers: &HeaderMap) -> bool {
    headers.get_all(header::HOST).iter().count() == 1
}

/// The answer from a file, if there is one.
async fn file(loaded: &Loaded, request: &Request<Incoming>, now: Instant) -> Option<Reply> {
    let path = request.uri().path();
    if let Some(rest) = loaded.below(path)
        && let Some(reply) = loaded.files.answer(rest, request, now).await
    {
        return Some(reply);
    }
    loaded.files.answer(path, request, now).await
}

/// A request as it is without the path of the site, unless that was cut off and what is left only looks
/// like it.
fn below(loaded: &Loaded, mut request: Request<Incoming>) -> Request<Incoming> {
    let path = request.uri().path();
    let is_taken = |path: &str| path.split('/').nth(1).is_some_and(|first| TAKEN.contains(&first));
    if let Some(rest) = loaded.below(path)
        && (is_taken(rest) || !is_taken(path))
        && let Some(uri) = with_path(request.uri(), rest)
    {
        *request.uri_mut() = uri;
    }
    request
}

/// A page that is made for a request. What was begun goes on when its client has gone, or has waited
/// long enough.
async fn made(
    peer: IpAddr,
    request: Request<Incoming>,
    loaded: Arc<Loaded>,
    router: Router,
) -> Response<Body> {
    let client = client_of(peer, request.headers(), &loaded.site.settings.serve.trusted_proxies);
    let (parts, body) = request.into_parts();
    let body = match timeout(PATIENCE, Limited::new(body, BODY).collect()).await {
        Ok(Ok(body)) => body.to_bytes(),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            return StatusCode::PAYLOAD_TOO_LARGE.into_response();
        }
        Ok(Err(_)) => return StatusCode::BAD_REQUEST.into_response(),
        Err(_) => return StatusCode::REQUEST_TIMEOUT.into_response(),
    };
    let mut request = Request::from_parts(parts, Body::from(body));
    request.extensions_mut().insert(client);
    request.extensions_mut().insert(loaded);
    match timeout(PATIENCE, tokio::spawn(router.oneshot(request))).await {
        Ok(Ok(Ok(reply))) => reply,
        Ok(Ok(Err(never))) => match never {},
        Ok(Err(error)) => page::failed(error),
        Err(_) => page::late(),
    }
}

fn router(server: Arc<Server>) -> Router {
    Router::new()
        .merge(door::router())
        .merge(desk::router(&server))
        .merge(gauges::router())
        .fallback(async |Extension(loaded): Extension<Arc<Loaded>>, uri: Uri| {
            page::nothing_there(&loaded.site, uri.path())
        })
        .with_state(server)
}

fn with_path(uri: &Uri, path: &str) -> Option<Uri> {
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let path: PathAndQuery = format!("{path}{query}").parse().ok()?;
    Some(path.into())
}

/// What a lock keeps; whoever panicked with it left it as it was.
fn held<T>(lock: LockResult<T>) -> T {
    lock.unwrap_or_else(std::sync::PoisonError::into_inner)
}
