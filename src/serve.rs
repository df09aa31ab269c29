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
use axum::extract::{DefaultBodyLimit, Extension};
use axum::http::uri::PathAndQuery;
use axum::http::{Request, Response, StatusCode, Uri};
use axum::response::IntoResponse;
use http_body_util::{Either, Full};
use hyper::body::{Bytes, Incoming};
use tokio::net::TcpListener;
use tokio::time::timeout;
use tower::ServiceExt;

use crate::diagnostic::Invalid;
use crate::newsletter::delivery::Clock;
use crate::run;
use crate::site::Site;
use crate::store::Store;
use client::{Limit, client_of};
use files::{Files, Rhythm};
use gauges::Gauges;

pub use desk::hash_password;
pub use door::rehearse;

/// Bytes of a request's body at most.
const BODY: usize = 64 << 10;

/// How long a request may take, its body included.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long those who want a newsletter are put down when it is time to stop.
const GRACE: Duration = Duration::from_secs(5);

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
    files: Files,
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
    rhythm: Rhythm,
    /// Path of the site's address, without the slash at its end.
    base: String,
    state: String,
}

impl Loaded {
    fn load(root: &Path) -> Result<Loaded, Invalid> {
        // Before it is read: what is changed meanwhile is another.
        let state = run::site_state(root);
        let site = Site::load(root)?;
        let base = site.settings.base_url.path().trim_end_matches('/').to_owned();
        Ok(Loaded { rhythm: Rhythm::new(&site), base, state, site })
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
        let loaded = Loaded::load(root)?;
        let site = &loaded.site;
        let (asker, wanted) = door::Asker::new();
        let server = Arc::new(Server {
            root: root.to_owned(),
            files: Files::new(site.output().root().to_owned()),
            logins: Limit::new(desk::LOGINS, Duration::from_secs(900)),
            sessions: desk::Sessions::default(),
            wishes: Limit::new(site.settings.serve.wishes.into(), Duration::from_secs(3600)),
            gauges: Gauges::default(),
            loaded: ArcSwap::from_pointee(loaded),
            store,
            clock: options.clock,
            asker,
            logs: options.logs,
        });
        tokio::spawn(door::ask_all(server.clone(), wanted));
        Ok(server)
    }

    /// Answers until `stop`; what was begun is finished, within some seconds.
    pub async fn run(
        self: Arc<Server>,
        listener: TcpListener,
        stop: impl Future<Output = ()>,
    ) -> io::Result<()> {
        let router = router(self.clone());
        let looking = tokio::spawn(self.clone().look());
        let server = self.clone();
        let answered = listen::run(listener, stop, move |peer, request| {
            let (server, router) = (server.clone(), router.clone());
            async move { server.reply(peer, request, router).await }
        });
        answered.await?;
        looking.abort();
        // Whoever was not asked by then is when the server runs again.
        let _ = timeout(GRACE, self.asker.finish()).await;
        Ok(())
    }

    fn loaded(&self) -> Arc<Loaded> {
        self.loaded.load_full()
    }

    /// Loads the site again when its files are others; as long as that fails, what was loaded serves.
    async fn look(self: Arc<Server>) {
        let mut refused = String::new();
        loop {
            tokio::time::sleep(LOOK).await;
            let (root, state) = (self.root.clone(), self.loaded().state.clone());
            let before = refused.clone();
            let looked = tokio::task::spawn_blocking(move || {
                let now = run::site_state(&root);
                let is_known = now == state || now == before;
                (!is_known).then(|| (now, Loaded::load(&root)))
            });
            match looked.await {
                Ok(Some((_, Ok(loaded)))) => {
                    self.loaded.store(Arc::new(loaded));
                    self.files.forget();
                }
                Ok(Some((state, Err(Invalid(problems))))) => {
                    for problem in problems {
                        eprintln!("warning: what is served stays as it was: {problem}");
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
        mut request: Request<Incoming>,
        router: Router,
    ) -> Reply {
        let began = Instant::now();
        let loaded = self.loaded();
        // A proxy may have cut the path of the site off, or not.
        if !loaded.base.is_empty()
            && let Some(rest) = request.uri().path().strip_prefix(&loaded.base)
            && rest.starts_with('/')
            && let Some(uri) = with_path(request.uri(), rest)
        {
            *request.uri_mut() = uri;
        }
        let path = request.uri().path();
        if let Some(reply) = self.files.answer(path, &request, &loaded.rhythm, began).await {
            self.gauges.count(gauges::Kind::File, reply.status(), began.elapsed());
            if self.logs {
                listen::log(
                    request.method(),
                    request.uri(),
                    reply.status(),
                    began,
                    self.clock.now(),
                );
            }
            return reply;
        }
        let client =
            client_of(peer, request.headers(), &loaded.site.settings.serve.trusted_proxies);
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(client);
        request.extensions_mut().insert(loaded);
        let reply = match timeout(PATIENCE, router.oneshot(request)).await {
            Ok(Ok(reply)) => reply,
            Ok(Err(never)) => match never {},
            Err(_) => StatusCode::REQUEST_TIMEOUT.into_response(),
        };
        self.gauges.count(gauges::Kind::of(uri.path()), reply.status(), began.elapsed());
        if self.logs {
            listen::log(&method, &uri, reply.status(), began, self.clock.now());
        }
        reply.map(Either::Right)
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
        .layer(DefaultBodyLimit::max(BODY))
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
