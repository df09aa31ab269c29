//! Several processes, as if they were on several machines, with one database.

use std::collections::HashMap;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::bed::Bed;
use crate::postgres::is_there;
use crate::relay::{At, Relay, Say};
use crate::send::{Chance, address, from_environment, furnished, states};
use crate::server::{Answer, Server};

const START: &str = "2026-05-05T16:00:00Z";

/// Begins to send, by a clock that is so many half hours ahead.
fn sender(bed: &mut Bed, ahead: usize) -> Child {
    let start: Timestamp = START.parse().expect("a moment");
    bed.at(&(start + Duration::from_secs(ahead as u64 * 1860)).to_string());
    let mut command = bed.command(&["send", "weekly"]);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("a run")
}

/// With `INFOCUS_SUBSCRIBERS=100000` it is a test of an hour's mailing. What a process has claimed is
/// taken over while it lives, when the clock of another is ahead by more than the claim holds.
#[test]
fn several_senders_that_are_killed_mail_everybody_once() {
    if !is_there("several senders that are killed mail everybody once") {
        return;
    }
    let subscribers = from_environment("INFOCUS_SUBSCRIBERS", 2000);
    let kills = from_environment("INFOCUS_KILLS", 8);
    let relay = Relay::start();
    let transport = format!("transport = \"{}\"\n", relay.transport());
    let mut bed = furnished(Bed::shared(), &transport, subscribers);
    let mut senders: Vec<Child> = (0..4).map(|_| sender(&mut bed, 0)).collect();
    let mut chance = Chance::new();
    for (n, enough) in chance.moments(kills, subscribers).into_iter().enumerate() {
        while relay.count() < enough && senders.iter_mut().any(is_alive) {
            std::thread::yield_now();
        }
        let mut victim = senders.remove(chance.below(senders.len()));
        victim.kill().expect("a kill");
        victim.wait().expect("an end");
        senders.push(sender(&mut bed, n + 1));
    }
    for mut sender in senders {
        sender.wait().expect("an end");
    }
    // What the last of them left is nobody's by now.
    sender(&mut bed, kills + 1).wait().expect("an end");
    let states = states(&bed);
    let uncertain = states.get("uncertain").copied().unwrap_or(0) as usize;
    println!("{kills} kills, {subscribers} subscribers: {states:?}");
    assert_eq!(states.get("accepted"), Some(&((subscribers - uncertain) as u64)), "{states:?}");
    assert!(uncertain <= 20 * kills, "{uncertain}");
    let counts = relay.counts();
    let twice: Vec<&String> = counts.iter().filter(|one| *one.1 > 1).map(|one| one.0).collect();
    assert!(twice.is_empty(), "{twice:?} got it twice");
    let missing = (0..subscribers).filter(|n| !counts.contains_key(&address(*n))).count();
    assert!(missing <= uncertain, "{missing} missing, {uncertain} uncertain");
}

/// Two that sent at once would send twice as fast as the relay bears.
#[test]
fn of_several_senders_one_sends_when_there_are_rates_to_be_kept() {
    if !is_there("of several senders one sends when there are rates to be kept") {
        return;
    }
    let (gate, mails) = (Arc::new(Mutex::new(())), Arc::new(Mutex::new(0)));
    let (hinge, counted) = (gate.clone(), mails.clone());
    let relay = Relay::with(move |moment| {
        if moment.at == At::Mail {
            *counted.lock().expect("a count") += 1;
            drop(hinge.lock());
        }
        Say::Yes
    });
    let transport = format!("transport = \"{}\"\nrates = [\"1000/s\"]\n", relay.transport());
    let mut bed = furnished(Bed::shared(), &transport, 20);
    let closed = gate.lock().expect("a gate");
    let mut first = sender(&mut bed, 0);
    while *mails.lock().expect("a count") == 0 {
        std::thread::yield_now();
    }
    let other = bed.run(&["send", "weekly"]).ends(0);
    assert!(other.stderr.contains("another run is at work"), "{}", other.stderr);
    drop(closed);
    assert!(first.wait().expect("an end").success());
    assert_eq!(relay.count(), 20);
    bed.run(&["send", "weekly"]).ends(0);
    assert_eq!(relay.count(), 20);
}

fn is_alive(child: &mut Child) -> bool {
    child.try_wait().expect("a state").is_none()
}

fn page(titles: &[&str]) -> Answer {
    let item = |(n, title): (usize, &&str)| {
        let n = titles.len() - n;
        format!("<li><a href=\"/news/{n}\">{title}</a> <time>2026-05-0{n}</time></li>")
    };
    let items: Vec<String> = titles.iter().enumerate().map(item).collect();
    Answer::page(format!("<ul>{}</ul>", items.concat()))
}

/// A refresh begins, an edition is made, and then what the refresh has found is put down.
fn is_in_the_next_edition(mut bed: Bed) {
    let titles =
        ["The mill opens to visitors", "The bridge at the mill is closed", "The ferry sails again"];
    let server = Server::start(move |_| page(&titles[2..]));
    let settings = bed.read("infocus.toml")
        + "[mail]\nfrom = \"news@example.org\"\n[newsletters.weekly]\ntitle = \"Weekly\"\n";
    bed.write("infocus.toml", settings);
    let rules = "[source.html]\nitem = \"li\"\npublished = \"time\"\n";
    let definition =
        format!("title = \"News\"\n[[source]]\nurl = \"{}\"\n{rules}", server.url("/news"));
    bed.write("feeds/news.toml", definition);
    bed.run(&["refresh"]).ends(0);
    bed.run(&["subscribers", "add", "weekly", "ana@example.org"]).ends(0);
    bed.run(&["send", "weekly"]).ends(0);
    server.change(move |_| page(&titles[1..]));
    bed.at("2026-05-05T15:00:00Z").run(&["refresh"]).ends(0);
    let gate = Arc::new(Mutex::new(()));
    let (closed, hinge) = (gate.lock().expect("a gate"), gate.clone());
    server.change(move |_| {
        drop(hinge.lock());
        page(&titles)
    });
    server.asked();
    let mut refresh = bed.at("2026-05-06T15:00:00Z").command(&["refresh"]).spawn().expect("a run");
    while server.asked_paths().is_empty() {
        std::thread::yield_now();
    }
    let mailed = |bed: &Bed| {
        let mails = bed.files("outbox").into_values();
        let texts = mails.map(|(bytes, _)| String::from_utf8_lossy(&bytes).into_owned());
        texts.collect::<Vec<_>>().join("\n")
    };
    bed.at("2026-05-06T15:01:00Z").run(&["send", "weekly"]).ends(0);
    assert!(mailed(&bed).contains("The bridge") && !mailed(&bed).contains("The mill opens"));
    drop(closed);
    refresh.wait().expect("an end");
    bed.at("2026-05-06T15:02:00Z").run(&["send", "weekly"]).ends(0);
    assert!(mailed(&bed).contains("The mill opens"), "{}", mailed(&bed));
}

#[test]
fn what_is_found_while_an_edition_is_made_is_in_the_next() {
    is_in_the_next_edition(Bed::new());
    if is_there("what is found while an edition is made is in the next, on PostgreSQL") {
        is_in_the_next_edition(Bed::shared());
    }
}

/// Sources on ten hosts, by their paths; when each was asked, and where.
struct Guests {
    bed: Bed,
    sources: usize,
    asked: Arc<Mutex<Vec<(String, String, Instant)>>>,
    _server: Server,
}

const SPACING: Duration = Duration::from_millis(100);

impl Guests {
    fn new(sources: usize) -> Guests {
        let asked: Arc<Mutex<Vec<(String, String, Instant)>>> = Arc::default();
        let log = asked.clone();
        let server = Server::at("0.0.0.0:0", move |request| {
            let host = request.headers["host"].clone();
            log.lock().expect("a log").push((host, request.path.clone(), Instant::now()));
            page(&["The mill opens to visitors", "The ferry sails again on Sundays"])
        });
        let bed = Bed::shared();
        let settings = bed.read("infocus.toml").replace("spacing = \"0s\"", "spacing = \"100ms\"");
        bed.write("infocus.toml", settings);
        for n in 0..sources {
            let url = format!("http://127.0.0.{}:{}/{n}", n % 10 + 1, server.port());
            let rules = "[source.html]\nitem = \"li\"\npublished = \"time\"\n";
            let definition = format!("title = \"{n}\"\n[[source]]\nurl = \"{url}\"\n{rules}");
            bed.write(&format!("feeds/n{n}.toml"), definition);
        }
        Guests { bed, sources, asked, _server: server }
    }

    fn refresh(&self, mut command: Command) -> Child {
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("a run")
    }

    /// On a machine whose clock is ahead by so much, if Debian's `faketime` is there.
    fn refresh_ahead(&self, seconds: i64) -> Child {
        let mut command = self.bed.command_now(&["refresh"]);
        let library = glob::glob("/usr/lib/*/faketime/libfaketime.so.1").expect("a pattern");
        match library.flatten().next() {
            Some(library) => command.env("LD_PRELOAD", library),
            None => {
                eprintln!("by one clock, for want of faketime: several processes");
                &mut command
            }
        };
        command.env("FAKETIME", format!("{seconds:+}s")).env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        self.refresh(command)
    }

    /// How often each source was asked.
    fn counts(&self) -> Vec<usize> {
        let asked = self.asked.lock().expect("a log");
        let count = |n| asked.iter().filter(|(_, path, _)| *path == format!("/{n}")).count();
        (0..self.sources).map(count).collect()
    }

    /// The shortest time between two requests to one host.
    fn spacing(&self) -> Duration {
        let asked = self.asked.lock().expect("a log");
        let mut last: HashMap<&str, Instant> = HashMap::new();
        let mut shortest = Duration::MAX;
        for (host, _, at) in asked.iter() {
            if let Some(before) = last.insert(host, *at) {
                shortest = shortest.min(at.duration_since(before));
            }
        }
        shortest
    }
}

#[test]
fn several_processes_look_at_each_source_once_and_leave_hosts_their_time() {
    if !is_there("several processes look at each source once and leave hosts their time") {
        return;
    }
    let guests = Guests::new(from_environment("INFOCUS_SOURCES", 60));
    // Their clocks are a minute apart; another begins when all is done.
    let runs: Vec<Child> = [0, 60, -60].map(|ahead| guests.refresh_ahead(ahead)).into();
    for mut run in runs {
        assert!(run.wait().expect("an end").success());
    }
    assert!(guests.refresh_ahead(60).wait().expect("an end").success());
    assert!(guests.counts().iter().all(|count| *count == 1), "{:?}", guests.counts());
    assert!(guests.spacing() >= SPACING, "{:?}", guests.spacing());
    for n in 0..guests.sources {
        let feed = guests.bed.json_feed(&format!("n{n}"));
        assert_eq!(feed["items"].as_array().map(Vec::len), Some(2), "of {n}");
    }
}

/// With `INFOCUS_SOURCES=5000` and `INFOCUS_PROCESSES=8` it takes some minutes. Processes die at moments
/// that nobody chose.
#[test]
fn what_processes_that_were_killed_were_at_is_taken_over() {
    if !is_there("what processes that were killed were at is taken over") {
        return;
    }
    let processes = from_environment("INFOCUS_PROCESSES", 3);
    let mut guests = Guests::new(from_environment("INFOCUS_SOURCES", 60));
    let refresh = |guests: &Guests| guests.refresh(guests.bed.command_now(&["refresh"]));
    let mut runs: Vec<Child> = (0..processes).map(|_| refresh(&guests)).collect();
    // One of five dies, and another begins in its place.
    let kills = processes.div_ceil(5);
    let mut chance = Chance::new();
    for enough in chance.moments(kills, guests.sources) {
        while guests.asked.lock().expect("a log").len() < enough && runs.iter_mut().any(is_alive) {
            std::thread::yield_now();
        }
        let mut victim = runs.remove(chance.below(runs.len()));
        victim.kill().expect("a kill");
        victim.wait().expect("an end");
        runs.push(refresh(&guests));
    }
    for mut run in runs {
        assert!(run.wait().expect("an end").success());
    }
    assert!(guests.spacing() >= SPACING, "{:?}", guests.spacing());
    let before = guests.asked.lock().expect("a log").len();
    let later = Timestamp::now() + Duration::from_secs(20 * 60);
    guests.bed.at(&later.to_string());
    assert!(guests.refresh(guests.bed.command(&["refresh"])).wait().expect("an end").success());
    let counts = guests.counts();
    assert!(counts.iter().all(|count| *count >= 1), "{counts:?}");
    // What was asked for and not put down is asked for again.
    let again: usize = counts.iter().map(|count| count - 1).sum();
    let left = guests.asked.lock().expect("a log").len() - before;
    println!("{processes} processes, {kills} killed: {left} taken over, {again} asked again");
    assert!(again <= 40 * kills, "{counts:?}");
    let published = |n| guests.bed.path(&format!("public/n{n}/feed.xml")).exists();
    assert!((0..guests.sources).all(published));
}
