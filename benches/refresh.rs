//! What a refresh costs: a thousand sources of 30 items, seen for the first time, unchanged, and not
//! due, beside a bare program that only fetches, parses and selects. Both run in one go.
//!
//! `cargo bench --bench refresh [-- SOURCES...]` prints CPU time per source (user and system, whole
//! process), its ratio to the bare program, and peak memory. The page server runs on loopback, each
//! source at a host of its own (127.x.y.z).

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;

use scraper::{Html, Selector};
use wait4::Wait4;

const ITEMS: usize = 30;
/// Bytes of a page.
const SIZE: usize = 62_000;
const ETAG: &str = "\"one\"";
/// Pages that the bare program asks for at the same time, as the refresh does.
const AT_ONCE: usize = 32;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let numbers = arguments.iter().filter_map(|argument| argument.parse().ok());
    match arguments.first().map(String::as_str) {
        Some("serve") => serve(),
        Some("bare") => bare(&arguments[1..]),
        _ => {
            let mut sizes: Vec<usize> = numbers.collect();
            if sizes.is_empty() {
                sizes = vec![1_000];
            }
            compare(&sizes);
        }
    }
}

/// What a process has used.
struct Cost {
    /// Milliseconds, user and system.
    cpu: f64,
    /// Megabytes at the peak.
    memory: f64,
}

fn compare(sizes: &[usize]) {
    let mut server = start(&["serve"]);
    let port = first_line(&mut server);
    println!("{:>7}  {:<22} {:>10} {:>7} {:>9}", "sources", "run", "CPU each", "ratio", "peak");
    for &sources in sizes {
        let bare = |mode: &str| {
            let own = std::env::current_exe().expect("this program");
            cost(Command::new(own).args(["bare", &port, &sources.to_string(), mode]))
        };
        let site = tempfile::tempdir().expect("a directory");
        write_site(site.path(), &port, sources);
        let refresh = |now: &str| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_infocus"));
            cost(command.current_dir(site.path()).args(["--now", now, "refresh"]))
        };
        let (whole, conditional) = (bare("whole"), bare("conditional"));
        let print = |name: &str, cost: &Cost, beside: &Cost| {
            println!(
                "{sources:>7}  {name:<22} {:>7.3} ms {:>7.2} {:>6.1} MB",
                cost.cpu / sources as f64,
                cost.cpu / beside.cpu,
                cost.memory
            );
        };
        print("bare, whole", &whole, &whole);
        print("first refresh", &refresh("2026-06-01T08:00:00Z"), &whole);
        print("bare, conditional", &conditional, &conditional);
        let written = newest(site.path());
        print("unchanged", &refresh("2026-06-01T20:00:00Z"), &conditional);
        assert_eq!(newest(site.path()), written, "a file of the output was written");
        let idle = refresh("2026-06-01T20:00:01Z");
        println!(
            "{sources:>7}  {:<22} {:>7.1} ms in all {:>10.1} MB",
            "nothing due", idle.cpu, idle.memory
        );
    }
    server.kill().expect("the server ends");
}

fn start(arguments: &[&str]) -> Child {
    let own = std::env::current_exe().expect("this program");
    Command::new(own).args(arguments).stdout(Stdio::piped()).spawn().expect("it starts")
}

fn first_line(child: &mut Child) -> String {
    let mut line = String::new();
    let output = child.stdout.take().expect("its output");
    BufReader::new(output).read_line(&mut line).expect("a line");
    line.trim().to_owned()
}

fn cost(command: &mut Command) -> Cost {
    let child = command.stdout(Stdio::null()).spawn().expect("it starts");
    let used = child.wait4().expect("it ends");
    assert!(used.status.success(), "{command:?} ended with {}", used.status);
    let usage = used.rusage;
    Cost { cpu: (usage.utime + usage.stime).as_secs_f64() * 1e3, memory: usage.maxrss as f64 / 1e6 }
}

fn host(n: usize) -> Ipv4Addr {
    let [_, b, c, d] = (n as u32 + 256).to_be_bytes();
    Ipv4Addr::new(127, b, c, d)
}

fn write_site(site: &Path, port: &str, sources: usize) {
    fs::create_dir(site.join("feeds")).expect("a directory");
    fs::write(
        site.join("infocus.toml"),
        "base_url = \"https://news.example.org/\"\n[fetch]\nallow_private = [\"127.0.0.0/8\"]\n",
    )
    .expect("settings");
    for n in 0..sources {
        let definition = format!(
            "title = \"Announcements {n}\"\n\n[[source]]\nurl = \"http://{}:{port}/news/\"\n\
             [source.html]\nitem = \"article.news\"\ntitle = \"h2 a\"\nurl = \"h2 a @href\"\n\
             published = \"time @datetime\"\nsummary = \".teaser\"\nimage = \"img @src\"\n",
            host(n)
        );
        fs::write(site.join(format!("feeds/feed-{n:05}.toml")), definition).expect("a definition");
    }
}

/// When the output was last written to.
fn newest(site: &Path) -> Option<std::time::SystemTime> {
    fn walk(directory: &Path) -> Option<std::time::SystemTime> {
        let entries = fs::read_dir(directory).ok()?;
        let times = entries.flatten().map(|entry| {
            let own = entry.metadata().and_then(|data| data.modified()).ok();
            own.max(walk(&entry.path()))
        });
        times.max().flatten()
    }
    walk(&site.join("public"))
}

/// Answers on all of loopback; prints its port.
fn serve() {
    let listener = TcpListener::bind("0.0.0.0:0").expect("a port");
    println!("{}", listener.local_addr().expect("an address").port());
    for stream in listener.incoming().flatten() {
        thread::Builder::new()
            .stack_size(64 * 1024)
            .spawn(move || answer(stream))
            .expect("a thread");
    }
}

fn answer(stream: TcpStream) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut lines = BufReader::new(stream.try_clone().ok()?).lines();
    let mut stream = stream;
    loop {
        let first = lines.next()?.ok()?;
        let (mut is_known, mut host) = (false, String::new());
        for line in lines.by_ref() {
            let line = line.ok()?.to_lowercase();
            is_known |= line.starts_with("if-none-match:");
            if let Some(name) = line.strip_prefix("host: ") {
                host = name.to_owned();
            }
            if line.is_empty() {
                break;
            }
        }
        let answer = if first.starts_with("GET /robots.txt") {
            "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_owned()
        } else if is_known {
            format!("HTTP/1.1 304 Not Modified\r\nETag: {ETAG}\r\n\r\n")
        } else {
            let page = page(&host);
            format!(
                "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nETag: {ETAG}\r\n\
                 Content-Length: {}\r\n\r\n{page}",
                page.len()
            )
        };
        stream.write_all(answer.as_bytes()).ok()?;
    }
}

fn page(host: &str) -> String {
    let card = |n| {
        format!(
            "<article class=\"news card\"><a class=\"thumb\" href=\"/news/{n}/\">\
             <img src=\"/media/{n}.jpg\" alt=\"The hall of town {n}\" width=\"320\" height=\"200\"></a>\
             <div class=\"body\"><span class=\"tag\">In Focus</span>\
             <h2><a href=\"/news/{n}/?utm_source=list\">Towns of {host} agree on plan {n}</a></h2>\
             <time datetime=\"2026-05-{:02}T{:02}:30:00+02:00\">{} May 2026</time>\
             <p class=\"teaser\">The towns met &amp; agreed on plan {n}. It begins in June, and all \
             of the valley is <b>invited</b> to say what it thinks of it.</p></div></article>\n",
            30 - n % 28,
            20 - n % 12,
            30 - n % 28,
        )
    };
    let cards: String = (0..ITEMS).map(card).collect();
    let link = |n| {
        format!(
            "<li class=\"menu-item menu-item-type-page menu-item-{n}\"><a href=\"/section/{n}/\" \
             title=\"Section {n} of the valley\"><span>Section {n}</span></a></li>\n"
        )
    };
    let head = "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>News</title>\
                </head><body><nav><ul>\n";
    let used = head.len() + cards.len();
    let menu: String = (0..)
        .map(link)
        .scan(used, |size, link| {
            *size += link.len();
            (*size < SIZE).then_some(link)
        })
        .collect();
    format!("{head}{menu}</ul></nav><main>{cards}</main></body></html>")
}

/// Fetches, parses and selects, and nothing else.
fn bare(arguments: &[String]) {
    let [port, sources, mode] = arguments else { panic!("bare PORT SOURCES MODE") };
    let sources: usize = sources.parse().expect("a number");
    let is_conditional = mode == "conditional";
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().build().expect("a client");
    let selectors: Vec<Selector> = ["article.news", "h2 a", "time", ".teaser", "img"]
        .into_iter()
        .map(|selector| Selector::parse(selector).expect("a selector"))
        .collect();
    let fetch = async |n: usize| {
        let mut request = client.get(format!("http://{}:{port}/news/", host(n)));
        if is_conditional {
            request = request.header("If-None-Match", ETAG);
        }
        let body = request.send().await.expect("an answer").text().await.expect("a body");
        let page = Html::parse_document(&body);
        let [item, fields @ ..] = selectors.as_slice() else { return 0 };
        let items = page.select(item);
        items.map(|item| fields.iter().filter_map(|s| item.select(s).next()).count()).sum()
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let found: usize = runtime.expect("a runtime").block_on(async {
        use futures_util::StreamExt;
        let looks = (0..sources).map(fetch);
        futures_util::stream::iter(looks)
            .buffer_unordered(AT_ONCE)
            .fold(0, |a, b| async move { a + b })
            .await
    });
    assert_eq!(found, if is_conditional { 0 } else { sources * ITEMS * 4 });
}
