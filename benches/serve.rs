//! What an answer costs: a feed of 60 kB over 64 connections, as it is, in gzip, and by 304, beside
//! nginx with one worker, static files and `gzip_static`, in the same run.
//!
//! `cargo bench --bench serve` prints requests per second and CPU time per request of the server (user
//! and system). `wrk` and `nginx` have to be in the `PATH` (Debian's `wrk`, `nginx-light`).

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;

/// Seconds of each run.
const SECONDS: &str = "5";

const PATH: &str = "/news/feed.xml";

fn main() {
    let site = tempfile::tempdir().expect("a directory");
    let root = site.path();
    make(root);
    let bytes = fs::read(root.join("public/news/feed.xml")).expect("a feed");
    println!("a feed of {} bytes, {SECONDS} s each\n", bytes.len());
    let mut ours = Command::new(env!("CARGO_BIN_EXE_infocus"));
    ours.args([
        "--site".as_ref(),
        root.as_os_str(),
        "serve".as_ref(),
        "--listen".as_ref(),
        "127.0.0.1:0".as_ref(),
    ]);
    let mut ours = Server(ours.stderr(Stdio::piped()).spawn().expect("a server"));
    let mut line = String::new();
    let mut said = BufReader::new(ours.0.stderr.take().expect("stderr"));
    said.read_line(&mut line).expect("a line");
    let address = line.trim().trim_start_matches("serving http://").trim_end_matches('/');
    let ours = (ours, address.parse().expect("an address"));
    let nginx = nginx(root, &bytes);
    println!(
        "{:<10} {:>9} {:>9} {:>7} {:>13} {:>13}",
        "", "infocus/s", "nginx/s", "ratio", "infocus CPU", "nginx CPU"
    );
    for (name, header) in [("identity", None), ("gzip", Some("gzip")), ("304", Some("etag"))] {
        // Both at rest, then the one and the other again: whoever goes first has no advantage.
        let first = measure(&ours, header);
        let other = measure(&nginx, header);
        let second = measure(&ours, header);
        let (rate, cpu) = ((first.0 + second.0) / 2.0, (first.1 + second.1) / 2.0);
        println!(
            "{name:<10} {rate:>9.0} {:>9.0} {:>7.2} {cpu:>10.1} us {:>10.1} us",
            other.0,
            rate / other.0,
            other.1
        );
    }
}

/// Ended with the run.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn make(root: &Path) {
    fs::create_dir_all(root.join("feeds/news")).expect("a directory");
    fs::write(root.join("infocus.toml"), "base_url = \"https://news.example.org/\"\n")
        .expect("settings");
    let feed = "title = \"News\"\n[[source]]\nfiles = \"news/*\"\n";
    fs::write(root.join("feeds/news.toml"), feed).expect("a definition");
    for n in 0..48 {
        let words: Vec<String> = (0..110).map(|word| format!("word{}", (word * n) % 997)).collect();
        let text = format!("In Focus\n\nAnnouncement number {n}\n\n{}.", words.join(" "));
        fs::write(root.join(format!("feeds/news/{n}.txt")), text).expect("an announcement");
    }
    let mut refresh = Command::new(env!("CARGO_BIN_EXE_infocus"));
    let status = refresh.arg("--site").arg(root).arg("refresh").stdout(Stdio::null()).status();
    assert!(status.expect("a run").success());
}

/// nginx with one worker in a directory of its own.
fn nginx(root: &Path, bytes: &[u8]) -> (Server, SocketAddr) {
    let place = root.join("nginx");
    fs::create_dir_all(place.join("www/news")).expect("a directory");
    fs::write(place.join("www/news/feed.xml"), bytes).expect("a file");
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(bytes).expect("bytes");
    fs::write(place.join("www/news/feed.xml.gz"), gzip.finish().expect("bytes")).expect("a file");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let directory = place.display();
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .iter()
        .map(|name| format!("{name}_temp_path {directory}/{name};"))
        .collect();
    let settings = format!(
        "daemon off; master_process off; worker_processes 1; pid {directory}/pid; error_log /dev/null;\n\
         events {{ worker_connections 1024; }}\n\
         http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000; {temporary}\n\
         open_file_cache max=100; gzip_static on; types {{ application/rss+xml xml; }}\n\
         server {{ listen {address}; root {directory}/www; }} }}\n"
    );
    fs::write(place.join("nginx.conf"), settings).expect("settings");
    let mut nginx = Command::new("nginx");
    nginx.arg("-c").arg(place.join("nginx.conf")).stderr(Stdio::null());
    let server = Server(nginx.spawn().expect("nginx, of Debian's `nginx-light`"));
    while TcpStream::connect(address).is_err() {
        std::thread::sleep(Duration::from_millis(20));
    }
    (server, address)
}

/// Requests per second, and microseconds of CPU time of the server for each.
fn measure((server, address): &(Server, SocketAddr), header: Option<&str>) -> (f64, f64) {
    let header = match header {
        Some("etag") => format!("if-none-match: {}", etag(*address)),
        Some(coding) => format!("accept-encoding: {coding}"),
        None => "x-nothing: y".to_owned(),
    };
    let before = cpu(server.0.id());
    let url = format!("http://{address}{PATH}");
    let wrk = ["-t", "2", "-c", "64", "-d", SECONDS, "-H", &header, &url];
    let told = Command::new("wrk").args(wrk).output().expect("wrk, of Debian's `wrk`");
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    let number = |name: &str| {
        let line =
            told.lines().find(|line| line.contains(name)).unwrap_or_else(|| panic!("{told}"));
        let number = line.split_whitespace().find_map(|word| word.parse::<f64>().ok());
        number.unwrap_or_else(|| panic!("{told}"))
    };
    let (requests, rate) = (number("requests in"), number("Requests/sec"));
    (rate, (cpu(server.0.id()) - before) * 1e6 / requests)
}

fn etag(address: SocketAddr) -> String {
    let mut stream = TcpStream::connect(address).expect("a connection");
    let request = format!("HEAD {PATH} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("it is sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let line = answer.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("etag").then(|| value.to_owned())
    });
    line.unwrap_or_else(|| panic!("{answer}"))
}

/// Seconds of CPU time that a process has used (proc(5)).
fn cpu(id: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).expect("a process");
    let fields: Vec<&str> =
        stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields[at].parse::<f64>().expect("a number");
    (ticks(11) + ticks(12)) / 100.0
}
