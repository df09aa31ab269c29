//! What a mailing costs: an edition of 30 kB to each of some thousand subscribers, over ten
//! connections, with everything on, beside Postfix's `smtp-source` in the same run.
//!
//! `cargo bench --bench newsletter [-- SUBSCRIBERS]` prints messages per second, CPU time per message
//! (user and system, whole process) and peak memory; with and without a DKIM signature, and over a line
//! with a round trip of 50 ms. Postfix's `smtp-sink` and `smtp-source` have to be in the `PATH`
//! (Debian's `postfix`, which need not run). `-- open SUBSCRIBERS` measures opening an edition alone.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use wait4::Wait4;

/// Bytes of a message that `smtp-source` sends; ours is about as long.
const SIZE: usize = 30_000;
const CONNECTIONS: usize = 10;
const ROUND_TRIP: Duration = Duration::from_millis(50);

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let number = |at: usize| arguments.get(at).and_then(|argument| argument.parse().ok());
    match arguments.first().map(String::as_str) {
        Some("open") => open(number(1).unwrap_or(1_000_000)),
        _ => compare(number(0).unwrap_or(5_000)),
    }
}

/// What a run has used.
struct Cost {
    seconds: f64,
    /// Milliseconds, user and system.
    cpu: f64,
    /// Megabytes at the peak.
    memory: f64,
}

fn compare(subscribers: usize) {
    let port = free_port();
    let sink = Sink::start(port);
    println!("{:<34} {:>10} {:>10} {:>9}", "run", "messages/s", "CPU each", "peak");
    let print = |name: &str, messages: usize, cost: &Cost| {
        println!(
            "{name:<34} {:>10.0} {:>7.3} ms {:>6.1} MB",
            messages as f64 / cost.seconds,
            cost.cpu / messages as f64,
            cost.memory
        );
    };
    let (sessions, messages, size) =
        (CONNECTIONS.to_string(), subscribers.to_string(), SIZE.to_string());
    let address = format!("127.0.0.1:{port}");
    let source = cost(Command::new("smtp-source").args([
        "-s",
        &sessions,
        "-m",
        &messages,
        "-l",
        &size,
        "-f",
        "a@example.org",
        "-t",
        "b@example.com",
        &address,
    ]));
    print("smtp-source", subscribers, &source);
    for (name, dkim) in [("without signature", false), ("DKIM, RSA-2048", true)] {
        let site = site(port, CONNECTIONS, subscribers, dkim);
        print(name, subscribers, &send(site.path()));
    }
    let slow = delayed(port);
    for connections in [1, CONNECTIONS] {
        let few = subscribers.min(200 * connections);
        let site = site(slow, connections, few, true);
        print(&format!("50 ms away, {connections} connections"), few, &send(site.path()));
    }
    drop(sink);
}

/// An edition for many, without delivering it: what it costs to open and to claim.
fn open(subscribers: usize) {
    // Nothing listens there: the run ends as soon as that is known.
    let site = site(free_port(), CONNECTIONS, subscribers, false);
    let cost = run(site.path(), "2026-06-03T08:00:00Z", &["send", "weekly"]);
    println!(
        "{subscribers} subscribers: edition opened in {:.1} s, {:.1} s of CPU, {:.1} MB at the peak",
        cost.seconds,
        cost.cpu / 1000.0,
        cost.memory
    );
}

/// A site with an edition to make, of so many items that a message has about 30 kB.
fn site(port: u16, connections: usize, subscribers: usize, dkim: bool) -> tempfile::TempDir {
    let site = tempfile::tempdir().expect("a directory");
    let path = site.path();
    let mut settings = format!(
        "base_url = \"https://news.example.org/\"\n[mail]\nfrom = \"News <news@example.org>\"\n\
         transport = \"smtp://127.0.0.1:{port}?tls=none\"\nconnections = {connections}\n\
         return_path = \"bounces@example.org\"\n"
    );
    if dkim {
        settings += "[mail.dkim]\ndomain = \"example.org\"\nselector = \"infocus\"\nkey_file = \"dkim.pem\"\n";
        fs::write(path.join("dkim.pem"), include_bytes!("../tests/keys/dkim.pem")).expect("a key");
    }
    settings += "[newsletters.weekly]\ntitle = \"Weekly\"\n";
    fs::write(path.join("infocus.toml"), settings).expect("settings");
    fs::create_dir_all(path.join("feeds/news")).expect("a directory");
    let definition = "title = \"News\"\n[[source]]\nfiles = \"news/*.txt\"\n";
    fs::write(path.join("feeds/news.toml"), definition).expect("a definition");
    announce(path, 0..1);
    run(path, "2026-06-01T08:00:00Z", &["refresh"]);
    announce(path, 1..18);
    run(path, "2026-06-02T08:00:00Z", &["refresh"]);
    let mut table = String::from("email\n");
    for n in 0..subscribers {
        table += &format!("reader{n:07}@example.com\n");
    }
    fs::write(path.join("people.csv"), table).expect("a table");
    run(path, "2026-06-02T08:00:00Z", &["subscribers", "import", "weekly", "people.csv"]);
    site
}

fn announce(site: &Path, numbers: std::ops::Range<usize>) {
    let text = "The towns of the valley met and agreed on a plan for the river. ".repeat(4);
    for n in numbers {
        let file = site.join(format!("feeds/news/{n}.txt"));
        let content = format!("In Focus\n\nThe towns meet for the {n}th time this year\n\n{text}");
        fs::write(file, content).expect("an announcement");
    }
}

fn send(site: &Path) -> Cost {
    run(site, "2026-06-03T08:00:00Z", &["send", "weekly"])
}

fn run(site: &Path, now: &str, arguments: &[&str]) -> Cost {
    let mut command = Command::new(env!("CARGO_BIN_EXE_infocus"));
    cost(command.current_dir(site).args(["--now", now]).args(arguments))
}

fn cost(command: &mut Command) -> Cost {
    let start = Instant::now();
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it runs");
    let used = child.wait4().expect("it ends");
    Cost {
        seconds: start.elapsed().as_secs_f64(),
        cpu: (used.rusage.utime + used.rusage.stime).as_secs_f64() * 1000.0,
        memory: used.rusage.maxrss as f64 / 1_000_000.0,
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

/// A relay that takes everything and keeps nothing.
struct Sink(Child);

impl Sink {
    fn start(port: u16) -> Sink {
        let address = format!("127.0.0.1:{port}");
        let mut command = Command::new("smtp-sink");
        // As root it wants to be somebody else.
        if fs::metadata("/proc/self")
            .is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
        {
            command.args(["-u", "nobody"]);
        }
        let child =
            command.args([&address, "128"]).spawn().expect("Postfix's smtp-sink in the PATH");
        while TcpStream::connect(&address).is_err() {
            thread::sleep(Duration::from_millis(20));
        }
        Sink(child)
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A port that leads to another, half a round trip away in each direction.
fn delayed(port: u16) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let own = listener.local_addr().expect("an address").port();
    thread::spawn(move || {
        for near in listener.incoming().flatten() {
            let far =
                TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], port))).expect("the sink");
            for (from, to) in [(&near, &far), (&far, &near)] {
                let (from, to) =
                    (from.try_clone().expect("a line"), to.try_clone().expect("a line"));
                to.set_nodelay(true).expect("a line");
                carry(from, to);
            }
        }
    });
    own
}

fn carry(mut from: TcpStream, mut to: TcpStream) {
    let (sender, receiver) = std::sync::mpsc::channel::<(Instant, Vec<u8>)>();
    thread::spawn(move || {
        let mut chunk = vec![0; 65_536];
        while let Ok(length @ 1..) = from.read(&mut chunk) {
            let due = Instant::now() + ROUND_TRIP / 2;
            if sender.send((due, chunk[..length].to_vec())).is_err() {
                break;
            }
        }
    });
    thread::spawn(move || {
        for (due, bytes) in receiver {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            if to.write_all(&bytes).is_err() {
                break;
            }
        }
        let _ = to.shutdown(std::net::Shutdown::Write);
    });
}
