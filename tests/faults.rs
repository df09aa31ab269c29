//! Every way in which a server can fail has a name in the report, and costs the feed nothing.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use serde_json::Value;

use crate::bed::Bed;
use crate::drift::{RULES, classic};

type Fault = dyn Fn(&str, &mut TcpStream) -> std::io::Result<()> + Send + Sync;

/// A server that writes to the wire what it likes, but for its robots.txt.
struct Wire {
    port: u16,
    fault: Arc<Mutex<Arc<Fault>>>,
}

impl Wire {
    fn start() -> Wire {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let fault: Arc<Mutex<Arc<Fault>>> = Arc::new(Mutex::new(Arc::new(whole)));
        let shared = fault.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let fault = shared.lock().expect("a fault").clone();
                thread::spawn(move || serve(stream, &*fault));
            }
        });
        Wire { port, fault }
    }

    fn change(&self, fault: Arc<Fault>) {
        *self.fault.lock().expect("a fault") = fault;
    }
}

fn serve(mut stream: TcpStream, fault: &Fault) -> Option<()> {
    let mut lines = BufReader::new(stream.try_clone().ok()?).lines();
    let mut head = String::new();
    for line in lines.by_ref() {
        let line = line.ok()?;
        if line.is_empty() {
            break;
        }
        head += &line;
        head.push('\n');
    }
    if head.starts_with("GET /robots.txt") {
        stream.write_all(b"HTTP/1.1 404 X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").ok()
    } else {
        fault(&head, &mut stream).ok()
    }
}

fn page() -> Vec<u8> {
    classic(1..=8).body
}

fn whole(_: &str, stream: &mut TcpStream) -> std::io::Result<()> {
    answer(stream, "", &page())
}

fn answer(stream: &mut TcpStream, headers: &str, body: &[u8]) -> std::io::Result<()> {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nConnection: close\r\n";
    let length = body.len();
    stream.write_all(format!("{head}Content-Length: {length}\r\n{headers}\r\n").as_bytes())?;
    stream.write_all(body)
}

fn raw(bytes: &'static str) -> Arc<Fault> {
    Arc::new(move |_, stream| stream.write_all(bytes.as_bytes()))
}

/// The page, encoded, and what its server calls that.
fn encoded(name: &'static str, body: Vec<u8>) -> Arc<Fault> {
    Arc::new(move |_, stream| answer(stream, &format!("Content-Encoding: {name}\r\n"), &body))
}

/// A byte at a time.
fn slow(bytes: &'static [u8]) -> Arc<Fault> {
    Arc::new(move |_, stream| {
        for byte in bytes.iter().cycle().take(60) {
            stream.write_all(&[*byte])?;
            thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    })
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).expect("memory");
    encoder.finish().expect("memory")
}

/// A feed of this server that has been refreshed.
fn refreshed(url: &str) -> Bed {
    let mut bed = Bed::new();
    let settings = bed.read("infocus.toml");
    bed.write("infocus.toml", format!("{settings}timeout = \"3s\"\n"));
    bed.write(
        "feeds/news.toml",
        format!("title = \"News\"\n[[source]]\nid = \"news\"\nurl = \"{url}\"\n{RULES}"),
    );
    bed.at("2026-05-20T10:00:00Z");
    bed
}

/// Refreshes a feed that is there from a server that is broken in this way; says how that came out.
#[track_caller]
fn fails(name: &str, fault: Arc<Fault>, outcome: &str) {
    let wire = Wire::start();
    let mut bed = refreshed(&format!("http://127.0.0.1:{}/news/", wire.port));
    bed.run(&["refresh"]).ends(0);
    let before = bed.files("public");
    wire.change(fault);
    let is_fine = outcome == "read";
    let ran = bed.at("2026-05-21T10:00:00Z").run(&["refresh", "--json"]);
    let told: Value = serde_json::from_str(&ran.stdout).expect("a report");
    let source = &told["sources"][0];
    assert_eq!(source["outcome"], outcome, "{name}: {source}");
    assert_eq!(source["verdict"], if is_fine { "unchanged" } else { "failed" }, "{name}");
    assert_eq!(ran.code, if is_fine { 0 } else { 3 }, "{name}");
    assert_eq!(bed.files("public"), before, "{name}");
}

#[test]
fn servers_that_are_slow_or_silent() {
    fails(
        "never answers",
        Arc::new(|_, _| {
            thread::sleep(Duration::from_secs(5));
            Ok(())
        }),
        "timeout",
    );
    fails("slow head", slow(b"HTTP/1.1 200 OK\r\nX-Slow: yes"), "timeout");
    fails(
        "slow body",
        Arc::new(|head, stream| {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 60\r\n\r\n")?;
            slow(b"<p>")(head, stream)
        }),
        "timeout",
    );
}

#[test]
fn answers_that_break_off() {
    fails("closes at once", raw(""), "broken_off");
    fails("half a head", raw("HTTP/1.1 200 OK\r\nContent-"), "broken_off");
    fails("no HTTP", raw("hello\r\n\r\n"), "broken_off");
    fails(
        "shorter than said",
        raw("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n<ul>"),
        "broken_off",
    );
    let chunk = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n<ul>\r\n";
    fails("chunks without an end", raw(chunk), "broken_off");
    fails(
        "no length, which is legal",
        Arc::new(|_, stream| {
            stream.write_all(
                b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n",
            )?;
            stream.write_all(&page())
        }),
        "read",
    );
}

#[test]
fn answers_that_are_too_large() {
    fails(
        "says that it is",
        raw("HTTP/1.1 200 OK\r\nContent-Length: 50000000\r\n\r\n<ul>"),
        "too_large",
    );
    fails(
        "has no end",
        Arc::new(|_, stream| {
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
            loop {
                stream.write_all(&[b'a'; 65_536])?;
            }
        }),
        "too_large",
    );
    fails(
        "a long head",
        Arc::new(|_, stream| {
            answer(stream, &format!("X-Long: {}\r\n", "a".repeat(200_000)), &page())
        }),
        "too_large",
    );
    let zeros = vec![0; 30_000_000];
    fails("a bomb in gzip", encoded("gzip", gzip(&zeros)), "too_large");
    fails("a bomb in two layers", encoded("gzip, gzip", gzip(&gzip(&zeros))), "too_large");
    let zstd = zstd::encode_all(zeros.as_slice(), 1).expect("memory");
    fails("a bomb in zstd", encoded("zstd", zstd), "too_large");
    let mut brotli = Vec::new();
    let _ = brotli::CompressorWriter::new(&mut brotli, 4096, 1, 22).write_all(&zeros);
    fails("a bomb in brotli", encoded("br", brotli), "too_large");
}

#[test]
fn encodings_are_undone_if_they_can_be() {
    fails("gzip", encoded("gzip", gzip(&page())), "read");
    fails("gzip in gzip", encoded("gzip, gzip", gzip(&gzip(&page()))), "read");
    fails("gzip that is none", encoded("gzip", page()), "read");
    fails("zstd", encoded("zstd", zstd::encode_all(page().as_slice(), 1).expect("memory")), "read");
    let mut brotli = Vec::new();
    brotli::CompressorWriter::new(&mut brotli, 4096, 5, 22).write_all(&page()).expect("memory");
    fails("brotli", encoded("br", brotli), "read");
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::fast());
    zlib.write_all(&page()).expect("memory");
    fails("deflate", encoded("deflate", zlib.finish().expect("memory")), "read");
    let mut deflate = DeflateEncoder::new(Vec::new(), Compression::fast());
    deflate.write_all(&page()).expect("memory");
    fails(
        "deflate without its frame",
        encoded("deflate", deflate.finish().expect("memory")),
        "read",
    );
    let mut damaged = gzip(&page());
    damaged[40..80].fill(0xff);
    fails("damaged gzip", encoded("gzip", damaged), "broken_off");
    let whole = gzip(&page());
    fails("half of gzip", encoded("gzip", whole[..whole.len() / 2].to_vec()), "broken_off");
    fails("what nobody knows", encoded("rot13", page()), "broken_off");
}

#[test]
fn answers_that_refuse() {
    for (status, outcome) in [
        (400, "client_error"),
        (401, "forbidden"),
        (403, "forbidden"),
        (404, "not_found"),
        (410, "gone"),
        (429, "too_many_requests"),
        (451, "client_error"),
        (500, "server_error"),
        (502, "server_error"),
        (503, "server_error"),
    ] {
        let refuse: Arc<Fault> = Arc::new(move |_, stream| {
            let head =
                format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            stream.write_all(head.as_bytes())
        });
        fails(&status.to_string(), refuse, outcome);
    }
}

/// Sends to another address.
fn redirect(to: &'static str) -> Arc<Fault> {
    Arc::new(move |_, stream| {
        let head = format!(
            "HTTP/1.1 302 X\r\nLocation: {to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(head.as_bytes())
    })
}

#[test]
fn redirects_that_lead_nowhere() {
    fails("a circle", redirect("/news/"), "redirect");
    fails("a file", redirect("file:///etc/passwd"), "redirect");
    fails("no address", redirect("http://[::"), "redirect");
    fails("a private network", redirect("http://10.0.0.1/"), "private");
    fails("metadata of a cloud", redirect("http://169.254.169.254/latest/"), "private");
    fails("a private network in disguise", redirect("http://[::ffff:192.168.0.1]/"), "private");
    fails(
        "a long chain",
        Arc::new(|head, stream| {
            let hops = head.split(['=', ' ']).nth(2).and_then(|n| n.parse().ok()).unwrap_or(0);
            let next = format!("/news/?n={}", hops + 1);
            let head = format!(
                "HTTP/1.1 302 X\r\nLocation: {next}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            );
            if hops < 25 { stream.write_all(head.as_bytes()) } else { answer(stream, "", &page()) }
        }),
        "redirect",
    );
    fails(
        "by a cookie to itself, which is legal",
        Arc::new(|head, stream| {
            if head.to_lowercase().contains("\ncookie: seen=1") {
                return answer(stream, "", &page());
            }
            stream.write_all(
            b"HTTP/1.1 302 X\r\nLocation: /news/\r\nSet-Cookie: seen=1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        )
        }),
        "read",
    );
}

#[test]
fn hosts_that_are_not_there() {
    let wire = Wire::start();
    let plain = format!("https://127.0.0.1:{}/news/", wire.port);
    for (url, outcome) in [
        ("http://nobody.invalid/news/", "dns"),
        ("http://127.0.0.1:1/news/", "connect"),
        (&plain, "tls"),
    ] {
        let bed = refreshed(url);
        let ran = bed.run(&["refresh", "--json"]).ends(3);
        let told: Value = serde_json::from_str(&ran.stdout).expect("a report");
        assert_eq!(told["sources"][0]["outcome"], outcome, "{}", told["sources"][0]);
    }
}

#[test]
fn a_private_host_is_reached_by_the_source_that_says_so_and_by_no_other() {
    let (inside, outside) = (Wire::start(), Wire::start());
    let bed = Bed::new();
    bed.write("infocus.toml", "base_url = \"https://news.example.org/\"\n[fetch]\nspacing = \"0s\"\nallow_private = [\"127.0.0.2/32\"]\n");
    let url = format!("http://127.0.0.1:{}/news/", inside.port);
    let definition = format!("title = \"In\"\n[[source]]\nurl = \"{url}\"\n{RULES}");
    bed.write("feeds/inside.toml", format!("{definition}[source.request]\nallow_private = true\n"));
    let to: &'static str = url.leak();
    outside.change(redirect(to));
    let other = format!("http://127.0.0.2:{}/news/", outside.port);
    bed.write(
        "feeds/outside.toml",
        format!("title = \"Out\"\n[[source]]\nurl = \"{other}\"\n{RULES}"),
    );
    let ran = bed.run(&["refresh", "--json"]).ends(3);
    let told: Value = serde_json::from_str(&ran.stdout).expect("a report");
    assert_eq!(told["sources"][0]["outcome"], "read");
    assert_ne!(told["sources"][1]["verdict"], "fresh");
}
