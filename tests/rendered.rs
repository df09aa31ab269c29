//! Pages that scripts make: read as a browser makes them, and the browser asks nobody but us.

use std::net::UdpSocket;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::bed::{Bed, Ran};
use crate::drift::TITLES;
use crate::server::{Answer, Request, Server};
use crate::sources::{bed, items};

const RULES: &str = "render = \"browser\"\n[source.html]\nitem = \"article\"\ntitle = \"h3\"\n\
                     url = \"h3 a @href\"\npublished = \"time @datetime\"\n";

const SHELL: &str = "<!DOCTYPE html><html lang=en><head><title>News</title><link rel=stylesheet href=/look.css>\
                     <script src=/app.js defer></script></head><body><div id=root></div>\
                     <img src=/logo.png alt=''></body></html>";

/// Takes the news from the API of its server, and a moment to show them.
const APP: &str = "fetch('/api/news?page=1', { headers: { 'X-Client': 'web' } })\
    .then(answer => answer.json())\
    .then(news => setTimeout(() => {\
        document.getElementById('root').innerHTML = news.map(one =>\
            `<article><h3><a href=/news/${one.n}>${one.title}</a></h3>\
             <time datetime=${one.day}>${one.day}</time></article>`).join('');\
    }, 100));";

const NEWS: &str = r#"[{"n": 2, "title": "The bridge is open again", "day": "2026-05-03"},
                       {"n": 1, "title": "Water levels for the spring", "day": "2026-04-28"}]"#;

/// Whether pages can be rendered here; where everything is tested they have to.
pub fn has_browser() -> bool {
    let has = ["chromium", "google-chrome-stable", "chromium-browser"]
        .iter()
        .any(|name| Command::new(name).arg("--version").output().is_ok());
    assert!(has || std::env::var_os("CI").is_none(), "no Chromium: `apt install chromium`");
    if !has {
        eprintln!("skipped: there is no Chromium here");
    }
    has
}

fn app(request: &Request) -> Answer {
    match request.path.as_str() {
        "/news/" => Answer::page(SHELL).with("ETag", "\"shell\""),
        "/app.js" => script(APP),
        "/api/news?page=1" => Answer::page(NEWS).with("Content-Type", "application/json"),
        _ => Answer::status(404),
    }
}

fn script(text: &str) -> Answer {
    Answer { headers: Vec::new(), ..Answer::page(text) }.with("Content-Type", "text/javascript")
}

/// What the report says of the first source.
fn report(ran: &Ran) -> Value {
    let report: Value = serde_json::from_str(&ran.stdout).expect("a report");
    report["sources"][0].clone()
}

#[test]
fn a_page_is_read_as_its_scripts_make_it_and_nothing_is_asked_for_that_is_only_looked_at() {
    if !has_browser() {
        return;
    }
    let server = Server::start(app);
    let mut bed = bed(&server, "/news/", RULES);
    assert_eq!(
        items(&bed, &["title", "url", "date_published"]),
        [
            ["The bridge is open again", &server.url("/news/2"), "2026-05-03T12:00:00+02:00"],
            ["Water levels for the spring", &server.url("/news/1"), "2026-04-28T12:00:00+02:00"],
        ]
    );
    let asked = server.asked();
    let paths: Vec<&str> = asked.iter().map(|request| request.path.as_str()).collect();
    assert_eq!(paths, ["/news/", "/app.js", "/api/news?page=1"]);
    for request in &asked {
        assert!(request.headers["user-agent"].starts_with("infocus/"), "{request:?}");
        assert!(request.headers["accept-encoding"].contains("zstd"), "{request:?}");
    }
    assert_eq!(asked[2].headers["x-client"], "web");
    // That the empty page is the same says nothing of what is put there.
    bed.at("2026-05-05T15:00:00Z");
    let ran = bed.run(&["refresh", "--json"]).ends(0);
    assert_eq!(report(&ran)["verdict"], "unchanged");
    assert_eq!(server.asked_paths(), ["/news/", "/app.js", "/api/news?page=1"]);
}

#[test]
fn what_scripts_ask_for_is_behind_the_same_wall_and_robots_hold_for_it() {
    if !has_browser() {
        return;
    }
    let inside = Server::at("0.0.0.0:0", |_| Answer::page(NEWS));
    let port = inside.port();
    let server = Server::start(move |request| match request.path.as_str() {
        "/app.js" => script(&format!(
            "for (const url of ['http://127.0.0.2:{port}/', 'http://localhost:{port}/']) {{\
                 fetch(url, {{ mode: 'no-cors' }}); new WebSocket(url.replace('http', 'ws'));\
                 document.body.appendChild(document.createElement('iframe')).src = url;\
                 new Image().src = url; navigator.sendBeacon(url, 'x');\
             }}{APP}"
        )),
        _ => app(request),
    });
    server.says_to_robots(Answer::page("User-agent: *\nDisallow: /api/\n"));
    let bed = bed(&server, "/news/", &format!("{RULES}[source.request]\nallow_private = true\n"));
    bed.write(
        "infocus.toml",
        "base_url = \"https://news.example.org/\"\n[fetch]\nspacing = \"0s\"\n",
    );
    let ran = bed.run(&["refresh", "--json"]).ends(3);
    let told = report(&ran)["problems"][0].to_string();
    assert!(told.contains("without what its scripts asked for"), "{told}");
    assert_eq!(inside.asked_paths(), [""; 0]);
    let asked: Vec<String> = server.asked_paths();
    assert_eq!(asked, ["/robots.txt", "/news/", "/app.js"]);
}

#[test]
fn an_api_on_another_host_is_asked_as_a_browser_asks_it() {
    if !has_browser() {
        return;
    }
    let api = Server::at("0.0.0.0:0", |request| {
        let answer = match request.method.as_str() {
            "OPTIONS" => Answer::status(204).with("Access-Control-Allow-Headers", "x-client"),
            _ => Answer::page(NEWS).with("Content-Type", "application/json"),
        };
        answer.with("Access-Control-Allow-Origin", "*")
    });
    let there = format!("http://127.0.0.3:{}/api/", api.port());
    let server = Server::start(move |request| match request.path.as_str() {
        "/app.js" => script(&APP.replace("/api/", &there)),
        _ => app(request),
    });
    let bed = bed(&server, "/news/", &format!("{RULES}[source.request.headers]\nX-Key = \"k1\"\n"));
    assert_eq!(items(&bed, &["title"]).len(), 2);
    let asked = api.asked();
    let got = asked.last().expect("a request");
    assert_eq!((got.method.as_str(), got.path.as_str()), ("GET", "/api/news?page=1"));
    assert_eq!(got.headers["origin"], server.url(""));
    assert!(!got.headers.contains_key("x-key"), "{got:?}");
    let of_page = server.asked().into_iter().filter(|request| request.path != "/robots.txt");
    assert!(of_page.into_iter().all(|request| request.headers["x-key"] == "k1"));
    // One that does not let the page in is not read, as in any browser.
    api.change(|_| Answer::page(NEWS).with("Content-Type", "application/json"));
    bed.run(&["refresh", "--force"]).ends(3);
}

#[test]
fn a_page_that_never_ends_is_given_up_and_one_that_leads_on_is_followed() {
    if !has_browser() {
        return;
    }
    let server = Server::start(|request| match request.path.as_str() {
        "/news/" => Answer::page("<p>Wait<script>while (true) {}</script>"),
        _ => app(request),
    });
    let bed = bed(&server, "/news/", RULES);
    let settings = bed.read("infocus.toml");
    bed.write("infocus.toml", format!("{settings}timeout = \"3s\"\n"));
    let ran = bed.run(&["refresh", "--json"]).ends(3);
    assert_eq!(report(&ran)["outcome"], "timeout");
    server.change(|request| match request.path.as_str() {
        "/news/" => Answer::page("<script>location.href = '/en/'</script>"),
        "/en/" => Answer::page(SHELL),
        _ => app(request),
    });
    let ran = bed.run(&["refresh", "--force", "--json"]).ends(0);
    assert_eq!(report(&ran)["new"], 2);
}

#[test]
fn no_datagram_and_no_file_leaves_a_page_and_a_redirect_opens_no_other_host() {
    if !has_browser() {
        return;
    }
    let peer = UdpSocket::bind("127.0.0.2:0").expect("a port");
    peer.set_nonblocking(true).expect("a socket");
    let at = peer.local_addr().expect("an address").port();
    let other = Server::at("0.0.0.0:0", |_| Answer::page(NEWS));
    let there = format!("http://127.0.0.2:{}/", other.port());
    let server = Server::start(move |request| match request.path.as_str() {
        "/leads-out" => Answer::status(302).with("Location", &there),
        "/leads-on" => Answer::status(302).with("Location", "/new/deep/list"),
        "/news/" => Answer::page(format!(
            "<script>const a = document.createElement('a');\
             a.href = URL.createObjectURL(new Blob(['x'])); a.download = 'left-behind'; a.click();\
             const frame = document.head.appendChild(document.createElement('iframe'));\
             for (const of of [window, frame.contentWindow]) try {{\
                 const peer = new of.RTCPeerConnection({{ iceServers: [{{ urls: 'stun:127.0.0.2:{at}' }}] }});\
                 peer.createDataChannel('x'); peer.createOffer().then(o => peer.setLocalDescription(o));\
             }} catch (none) {{}}\
             fetch('/leads-out').then(a => a.text()).then(text => fetch('/stolen?' + text), () => 0)\
                 .then(() => setTimeout(() => location = '/leads-on', 400));</script>"
        )),
        "/new/deep/list" => Answer::page(
            "<article><h3><a href=one>One</a></h3></article><article><h3><a href=two>Two</a></h3></article>",
        ),
        _ => app(request),
    });
    let bed = bed(&server, "/news/", RULES);
    bed.write("home/.keep", "");
    let mut command = bed.command(&["refresh"]);
    let output = command.env("HOME", bed.path("home")).output().expect("it runs");
    Ran::from(output).ends(0);
    assert_eq!(bed.json_feed("news")["items"][0]["url"], server.url("/new/deep/one"));
    let asked = server.asked_paths();
    assert!(!asked.iter().any(|path| path.starts_with("/stolen")), "{asked:?}");
    assert!(peer.recv(&mut [0; 64]).is_err(), "a datagram came");
    assert!(bed.files("home").keys().all(|name| !name.contains("left-behind")));
}

#[test]
fn nobody_is_waited_for_who_is_not_there_and_what_is_announced_is_loaded() {
    if !has_browser() {
        return;
    }
    let server = Server::start(|request| {
        match request.path.as_str() {
        "/news/" => Answer::page(SHELL.replace(
            "<script",
            "<link rel=preload as=fetch crossorigin href='/api/news?page=1'><script>alert('Cookies!');\
             confirm('Really?')</script><script",
        )),
        // Later it asks for ever whether there is something new.
        "/app.js" => script(&format!("setInterval(() => fetch('/api/new'), 50);{APP}").replace(
            ", { headers: { 'X-Client': 'web' } }",
            "",
        )),
        _ => app(request),
    }
    });
    let bed = bed(&server, "/news/", RULES);
    let settings = bed.read("infocus.toml");
    bed.write("infocus.toml", format!("{settings}timeout = \"6s\"\n"));
    assert_eq!(items(&bed, &["title"]).len(), 2);
}

#[test]
fn a_browser_does_not_outlive_a_run_that_is_killed() {
    if !has_browser() {
        return;
    }
    let server = Server::start(|_| Answer::page("<p>Wait<script>while (true) {}</script>"));
    let bed = bed(&server, "/news/", RULES);
    bed.write("scratch/.keep", "");
    let profiles = || {
        let entries = std::fs::read_dir(bed.path("scratch")).expect("a directory");
        entries.flatten().filter(|entry| entry.path().join("DevToolsActivePort").exists()).count()
    };
    let until = |what: &dyn Fn() -> bool| {
        let begun = Instant::now();
        while !what() {
            assert!(begun.elapsed() < Duration::from_secs(30), "it takes too long");
            std::thread::yield_now();
        }
    };
    let mut command = bed.command(&["refresh"]);
    let mut run = command.env("TMPDIR", bed.path("scratch")).spawn().expect("it runs");
    until(&|| profiles() == 1);
    run.kill().expect("it is killed");
    run.wait().expect("it ends");
    until(&|| profiles() == 0);
}

#[test]
fn without_a_browser_the_source_fails_and_says_what_to_install() {
    let server = Server::start(app);
    let bed = bed(&server, "/news/", RULES);
    let mut command = bed.command(&["refresh", "--json"]);
    let output = command.env("PATH", "/nowhere").env_remove("CHROME").output().expect("it runs");
    let ran = Ran::from(output).ends(3);
    assert_eq!(report(&ran)["outcome"], "browser");
    assert!(report(&ran)["problems"][0].to_string().contains("apt install chromium"));
}

#[test]
fn an_empty_page_says_what_may_be_missing_and_is_added_as_its_scripts_make_it() {
    if !has_browser() {
        return;
    }
    let server = Server::start(|request| match request.path.as_str() {
        "/api/news?page=1" => {
            let news = TITLES.iter().enumerate().map(|(n, title)| {
                json!({ "n": n, "title": title, "day": format!("2026-04-{}", 28 - n) })
            });
            Answer::page(Value::from_iter(news).to_string())
        }
        _ => app(request),
    });
    let bed = bed(&server, "/news/", &RULES.replace("render = \"browser\"\n", ""));
    let ran = bed.run(&["refresh"]).ends(3);
    assert!(
        ran.stderr.contains("help: let a browser load it: `render = \"browser\"`"),
        "{}",
        ran.stderr
    );
    let url = server.url("/news/");
    let ran = bed.run(&["probe", &url]).ends(1);
    assert!(ran.stdout.contains("`--browser` loads it in one"), "{}", ran.stdout);
    let ran = bed.run(&["probe", &url, "--browser"]).ends(0);
    assert!(ran.stdout.contains("Bridge at the old market opens again"), "{}", ran.stdout);
    bed.run(&["add", &url, "--slug", "made"]).ends(0);
    assert!(bed.read("feeds/made.toml").contains("render = \"browser\"\n[source.html]"));
    bed.run(&["refresh", "made"]).ends(0);
    assert_eq!(bed.json_feed("made")["items"].as_array().map(Vec::len), Some(TITLES.len()));
}

#[test]
fn only_the_address_of_a_page_can_be_rendered() {
    let bed = Bed::new();
    bed.write("feeds/news/1.txt", "The bridge is open again");
    for (source, expected) in [
        ("files = \"news/*.txt\"\nrender = \"browser\"", "is not a page that a browser could load"),
        ("url = \"https://www.example.org/\"\nrender = \"lynx\"", "`browser`"),
        (
            "url = \"https://www.example.org/\"\nrender = \"browser\"\n[source.request]\nmethod = \"POST\"",
            "without `json` and `method`",
        ),
    ] {
        bed.write("feeds/news.toml", format!("title = \"News\"\n[[source]]\n{source}\n"));
        let ran = bed.run(&["check"]).ends(2);
        assert!(ran.stderr.contains(expected), "{}", ran.stderr);
    }
}
