//! Delivering an edition: each subscriber gets it once, whatever the relay does.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use mailparse::{MailHeaderMap, parse_mail};
use serde_json::Value;

use crate::bed::{Bed, Ran, is_on_file};
use crate::relay::{At, Moment, Relay, Say};

/// A site with a newsletter without a schedule, something new, and so many subscribers.
pub fn bed(relay: &Relay, subscribers: usize) -> Bed {
    bed_with(&format!("transport = \"{}\"\n", relay.transport()), subscribers)
}

pub fn bed_with(mail: &str, subscribers: usize) -> Bed {
    furnished(Bed::new(), mail, subscribers)
}

pub fn furnished(mut bed: Bed, mail: &str, subscribers: usize) -> Bed {
    let settings = bed.read("infocus.toml")
        + "[mail]\nfrom = \"In Focus <news@example.org>\"\n"
        + mail
        + "[newsletters.weekly]\ntitle = \"In Focus weekly\"\n";
    bed.write("infocus.toml", settings);
    bed.write("feeds/news.toml", "title = \"News\"\n[[source]]\nfiles = \"news/*.txt\"\n");
    announce(&bed, 0);
    bed.run(&["refresh"]).ends(0);
    announce(&bed, 1);
    bed.at("2026-05-05T15:00:00Z").run(&["refresh"]).ends(0);
    let addresses: Vec<String> = (0..subscribers).map(address).collect();
    bed.write("people.csv", format!("email\n{}\n", addresses.join("\n")));
    bed.run(&["subscribers", "import", "weekly", "people.csv"]).ends(0);
    bed.at("2026-05-05T16:00:00Z");
    bed
}

fn announce(bed: &Bed, n: usize) {
    let text = "The towns of the valley met and agreed. ".repeat(8);
    bed.write(
        &format!("feeds/news/{n}.txt"),
        format!("In Focus\n\nFerry {n} sails again\n\n1 May 2026\n\n{text}"),
    );
}

pub fn address(n: usize) -> String {
    format!("reader{n:05}@example.com")
}

/// Numbers that nobody would think of, the same ones each time; with `INFOCUS_SEED` others.
pub struct Chance(u64);

impl Chance {
    pub fn new() -> Chance {
        Chance(from_environment("INFOCUS_SEED", 1) as u64)
    }

    /// A number below another one. The generator is SplitMix64.
    pub fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % end as u64) as usize
    }

    /// When something is to happen while a number grows to an end, that many times.
    pub fn moments(&mut self, count: usize, end: usize) -> Vec<usize> {
        let mut moments: Vec<usize> = (0..count).map(|_| self.below(end)).collect();
        moments.sort();
        moments
    }
}

/// How many deliveries of the only edition are in each state.
pub fn states(bed: &Bed) -> BTreeMap<String, u64> {
    let told = bed.run(&["edition", "list", "weekly", "--json"]).ends(0).stdout;
    let told: Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!(told["editions"].as_array().map(Vec::len), Some(1), "one edition: {told}");
    serde_json::from_value(told["editions"][0]["deliveries"].clone()).expect("counts")
}

fn send(bed: &Bed) -> Ran {
    bed.run(&["send", "weekly"])
}

fn is_reader(moment: &Moment, n: usize) -> bool {
    moment.recipient == address(n)
}

#[track_caller]
fn assert_once(relay: &Relay, subscribers: usize) {
    let counts = relay.counts();
    for n in 0..subscribers {
        assert_eq!(counts.get(&address(n)), Some(&1), "{}: {counts:?}", address(n));
    }
    assert_eq!(counts.len(), subscribers);
}

#[test]
fn everybody_gets_it_once_with_links_of_their_own() {
    let relay = Relay::start();
    let mut bed = bed(&relay, 40);
    let told = send(&bed).ends(0).stdout;
    assert!(told.contains("40 accepted"), "{told}");
    assert_once(&relay, 40);
    assert_eq!(states(&bed), BTreeMap::from([("accepted".to_owned(), 40)]));
    let taken = relay.taken();
    let mut tokens = std::collections::HashSet::new();
    for letter in &taken {
        let mail = parse_mail(&letter.message).expect("a mail");
        let header = |name: &str| mail.headers.get_first_value(name).unwrap_or_default();
        assert_eq!(header("To").trim_matches(['<', '>']), letter.to);
        let leave = header("List-Unsubscribe");
        let token =
            leave.split("/unsubscribe/").nth(1).and_then(|rest| rest.get(..32)).expect("a token");
        for part in &mail.subparts {
            let body = part.get_body().expect("a body");
            assert!(body.contains(&format!("/unsubscribe/{token}")), "{body}");
            assert!(!body.contains("recipient0token"), "{body}");
            assert!(body.contains("Ferry 1 sails again") && !body.contains("Ferry 0"), "{body}");
        }
        assert_eq!(letter.from, "news@example.org");
        let text = String::from_utf8(letter.message.clone()).expect("text");
        assert!(text.lines().all(|line| line.len() <= 998));
        tokens.insert(token.to_owned());
    }
    assert_eq!(tokens.len(), 40, "nobody shares a token");
    let told = bed.at("2026-05-06T16:00:00Z").run(&["send", "weekly"]).ends(0).stdout;
    assert!(told.contains("skipped: empty"), "{told}");
    assert_once(&relay, 40);
}

#[test]
fn a_session_carries_many_messages_and_costs_a_round_trip_each() {
    let relay = Relay::start();
    let bed = bed(&relay, 60);
    send(&bed).ends(0);
    let greeted = relay.commands().iter().filter(|line| line.starts_with("EHLO")).count();
    assert!(greeted <= 20, "{greeted} connections for 60 messages");
    let plain = Relay::without_pipelining(|_| Say::Yes);
    let bed = self::bed(&plain, 60);
    send(&bed).ends(0);
    assert_once(&plain, 60);
}

#[test]
fn what_the_relay_defers_waits_and_is_tried_again_later() {
    let relay = Relay::with(|moment| match moment.at {
        At::Rcpt if is_reader(moment, 3) && moment.time < 3 => Say::This("451 4.7.1 greylisted"),
        At::End if is_reader(moment, 5) && moment.time == 1 => Say::This("452 4.3.1 no room"),
        _ => Say::Yes,
    });
    let mut bed = bed(&relay, 10);
    let told = send(&bed).ends(3).stdout;
    assert!(told.contains("8 accepted, 2 deferred"), "{told}");
    assert!(
        told.contains("deferred: reader00003@example.com: RCPT: 451 4.7.1 greylisted"),
        "{told}"
    );
    let told = bed.at("2026-05-05T16:04:59Z").run(&["send", "weekly"]).ends(3).stdout;
    assert!(told.contains("2 deferred"), "not before its time: {told}");
    bed.at("2026-05-05T16:05:30Z").run(&["send"]).ends(3);
    bed.at("2026-05-05T16:14:00Z").run(&["send"]).ends(3);
    assert_eq!(relay.counts().len(), 9, "the wait has grown");
    bed.at("2026-05-05T16:16:30Z").run(&["send"]).ends(0);
    assert_once(&relay, 10);
}

#[test]
fn who_does_not_exist_is_never_mailed_again_and_a_full_mailbox_is() {
    let relay = Relay::with(|moment| match moment.at {
        At::Rcpt if is_reader(moment, 1) => Say::This("550 5.1.1 no such user"),
        At::End if is_reader(moment, 2) => Say::This("552 5.2.2 mailbox full"),
        _ => Say::Yes,
    });
    let bed = bed_with(&format!("transport = \"{}\"\nconnections = 1\n", relay.transport()), 6);
    let told = send(&bed).ends(0).stdout;
    assert!(told.contains("4 accepted, 2 failed"), "{told}");
    send(&bed).ends(0);
    assert!(relay.stray().is_empty(), "nothing of a message goes to who was refused");
    let add = |n| bed.run(&["subscribers", "add", "weekly", &address(n)]);
    assert!(add(1).ends(2).stderr.contains("never mailed again: there is no such mailbox"));
    add(2).ends(0);
    relay.does(|_| Say::Yes);
    let told = bed.run(&["send", "weekly", "--only", "failed"]).ends(0).stdout;
    assert!(told.contains("5 accepted, 1 suppressed"), "{told}");
}

#[test]
fn a_session_that_breaks_before_the_end_of_a_message_costs_nobody_anything() {
    for at in [At::Mail, At::Rcpt, At::Data] {
        let relay = Relay::with(move |moment| match moment.at == at && moment.time == 1 {
            // At that step nobody is named yet.
            true if at == At::Mail && moment.recipient.is_empty() => Say::Close,
            true if is_reader(moment, 2) => Say::Close,
            _ => Say::Yes,
        });
        let bed = bed(&relay, 8);
        send(&bed).ends(0);
        assert_once(&relay, 8);
    }
}

#[test]
fn a_message_that_left_without_an_answer_is_uncertain_and_sent_again_only_if_asked() {
    let relay = Relay::with(|moment| match moment.at {
        At::End if is_reader(moment, 4) && moment.time == 1 => Say::Close,
        At::End if is_reader(moment, 6) && moment.time == 1 => Say::TakeAndClose,
        _ => Say::Yes,
    });
    let bed = bed(&relay, 10);
    let told = send(&bed).ends(3).stdout;
    assert!(told.contains("8 accepted, 2 uncertain"), "{told}");
    for n in [4, 6] {
        let line = format!("uncertain: {}: after the message: ", address(n));
        assert!(told.contains(&line), "{told}");
    }
    send(&bed).ends(0);
    assert_eq!(relay.counts().get(&address(4)), None, "held");
    bed.run(&["send", "weekly", "--only", "uncertain"]).ends(0);
    let counts = relay.counts();
    assert_eq!((counts[&address(4)], counts[&address(6)]), (1, 2));
    let ids: Vec<String> = relay
        .taken()
        .iter()
        .filter(|letter| letter.to == address(6))
        .filter_map(|letter| {
            parse_mail(&letter.message).ok()?.headers.get_first_value("Message-ID")
        })
        .collect();
    assert_eq!(ids[0], ids[1], "whoever has both can tell");
}

#[test]
fn what_is_our_fault_pauses_the_edition_and_no_subscriber_suffers() {
    let relay = Relay::with(|moment| match moment.at {
        At::Rcpt => Say::This("550 5.7.26 not authenticated"),
        _ => Say::Yes,
    });
    let bed = bed(&relay, 200);
    let told = send(&bed).ends(1).stderr;
    assert!(told.contains("the relay does not take it from us: RCPT: 550 5.7.26"), "{told}");
    let tried = relay.commands().iter().filter(|line| line.starts_with("RCPT")).count();
    assert!(tried <= 10, "{tried} were tried");
    assert!(bed.run(&["edition", "list", "weekly"]).ends(0).stdout.starts_with("paused"));
    let told = send(&bed).ends(3).stdout;
    assert!(told.contains("is paused: RCPT: 550 5.7.26"), "{told}");
    assert_eq!(relay.counts().len(), 0, "a paused edition stays where it is");
    relay.does(|_| Say::Yes);
    bed.run(&["edition", "approve", "weekly"]).ends(0);
    bed.run(&["send", "weekly", "--only", "deferred"]).ends(0);
    assert_once(&relay, 200);
}

#[test]
fn a_relay_that_wants_fewer_connections_gets_fewer() {
    let relay = Relay::with(|moment| match moment.at {
        At::Connect if moment.open > 3 => Say::Bye("421 4.7.0 too many connections"),
        _ => Say::Yes,
    });
    let bed = bed(&relay, 300);
    send(&bed).ends(0);
    assert_once(&relay, 300);
    assert!(relay.most_open() >= 3, "{} at once", relay.most_open());
}

#[test]
fn a_relay_that_throttles_is_left_alone_for_a_while_and_loses_nobody() {
    let relay = Relay::with(|moment| match moment.at {
        At::Rcpt if moment.time == 1 && moment.recipient < address(4) => {
            Say::This("454 4.7.0 throttling failure")
        }
        At::Mail if moment.taken > 0 && moment.taken % 5 == 0 => Say::Bye("421 4.4.2 enough"),
        _ => Say::Yes,
    });
    let bed = bed(&relay, 40);
    send(&bed).ends(0);
    assert_once(&relay, 40);
}

#[test]
fn a_relay_that_is_not_there_loses_nobody_and_is_told_of() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = port.local_addr().expect("an address");
    drop(port);
    let bed = bed_with(&format!("transport = \"smtp://{address}?tls=none\"\n"), 5);
    let told = send(&bed).ends(1).stderr;
    assert!(told.contains("error: the relay takes nothing: connecting: "), "{told}");
    assert_eq!(states(&bed), BTreeMap::from([("due".to_owned(), 5)]));
    let bed = bed_with("transport = \"smtp://no.such.host.invalid:25?tls=none\"\n", 5);
    send(&bed).ends(1);
    assert_eq!(states(&bed), BTreeMap::from([("due".to_owned(), 5)]));
    // A relay that does not offer what the settings ask for.
    let relay = Relay::start();
    let open = relay.transport().replace("?tls=none", "");
    let bed = bed_with(&format!("transport = \"{open}\"\n"), 5);
    let told = send(&bed).ends(1).stderr;
    assert!(told.contains("the relay does not offer STARTTLS"), "{told}");
    assert_eq!(relay.counts().len(), 0);
}

#[test]
fn who_leaves_before_their_turn_gets_nothing() {
    let relay = Relay::with(|moment| match moment.at {
        At::Rcpt => Say::This("451 4.3.0 later"),
        _ => Say::Yes,
    });
    let mut bed = bed(&relay, 4);
    send(&bed).ends(3);
    bed.run(&["subscribers", "remove", "weekly", &address(0)]).ends(0);
    bed.run(&["subscribers", "suppress", "weekly", &address(1)]).ends(0);
    relay.does(|_| Say::Yes);
    let told = bed.at("2026-05-05T17:00:00Z").run(&["send", "weekly"]).ends(0).stdout;
    assert!(told.contains("2 accepted, 2 suppressed"), "{told}");
}

#[test]
fn an_outbox_is_a_directory_of_messages() {
    let bed = bed_with("", 120);
    bed.run(&["send", "weekly", "--to", "me@example.org"]).ends(0);
    let copy = bed.files("outbox/test");
    let (_, (copy, _)) = copy.iter().next().expect("a copy");
    let mail = parse_mail(copy).expect("a mail");
    assert_eq!(mail.headers.get_first_value("To").as_deref(), Some("<me@example.org>"));
    let subject = mail.headers.get_first_value("Subject").expect("a subject");
    assert_eq!(subject, "[Test] In Focus weekly: Ferry 1 sails again");
    let told = send(&bed).ends(0).stdout;
    assert!(told.contains("120 accepted") && told.contains("Written to outbox"), "{told}");
    assert_eq!(bed.files("outbox").len(), 121);
}

#[test]
fn fifty_runs_at_once_make_one_edition_and_send_it_once() {
    let relay = Relay::start();
    let bed = bed(&relay, 30);
    let runs: Vec<_> = (0..50)
        .map(|_| {
            let mut command = bed.command(&["send", "weekly"]);
            command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
            command.spawn().expect("the program runs")
        })
        .collect();
    for run in runs {
        Ran::from(run.wait_with_output().expect("an end")).ends(0);
    }
    assert_once(&relay, 30);
    states(&bed);
}

#[test]
fn no_more_leave_in_any_stretch_of_time_than_the_rates_allow() {
    let relay = Relay::start();
    let mail = format!("transport = \"{}\"\nrates = [\"10/s\"]\n", relay.transport());
    let bed = bed_with(&mail, 35);
    send(&bed).ends(0);
    assert_once(&relay, 35);
    let times: Vec<_> = relay.taken().iter().map(|letter| letter.at).collect();
    for pair in times.windows(11) {
        let apart = pair[10].duration_since(pair[0]);
        assert!(apart.as_millis() >= 1000, "eleven within {apart:?}");
    }
}

#[test]
fn what_is_tried_for_two_days_in_vain_is_given_up() {
    let relay = Relay::with(|moment| match moment.at {
        At::Rcpt if is_reader(moment, 0) => Say::This("451 4.3.0 later"),
        _ => Say::Yes,
    });
    let mut bed = bed(&relay, 2);
    send(&bed).ends(3);
    bed.at("2026-05-06T18:00:00Z").run(&["send"]).ends(3);
    let told = bed.at("2026-05-07T18:00:00Z").run(&["send"]).ends(0).stdout;
    assert!(told.contains("1 accepted, 1 failed"), "{told}");
}

/// Runs that are killed, and subscribers; `INFOCUS_KILLS=200 INFOCUS_SUBSCRIBERS=10000 cargo test` for
/// more.
pub fn from_environment(name: &str, otherwise: usize) -> usize {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(otherwise)
}

/// Begins to send, and stops it when the relay has taken so many more; false if it had ended before.
fn stopped_after(
    bed: &Bed,
    relay: &Relay,
    more: usize,
    stop: impl Fn(&mut std::process::Child),
) -> bool {
    let enough = relay.count() + more;
    let mut command = bed.command(&["send", "weekly"]);
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    let mut run = command.spawn().expect("the program runs");
    while relay.count() < enough {
        if run.try_wait().expect("a state").is_some() {
            return false;
        }
        std::thread::yield_now();
    }
    stop(&mut run);
    run.wait().expect("an end");
    true
}

#[test]
fn a_run_that_is_killed_at_any_moment_mails_nobody_twice_and_forgets_nobody() {
    let kills = from_environment("INFOCUS_KILLS", 20);
    let subscribers = from_environment("INFOCUS_SUBSCRIBERS", 1000);
    let relay = Relay::start();
    let mut bed = bed(&relay, subscribers);
    let mut killed = 0;
    let mut random = 7_u64;
    let start: Timestamp = "2026-05-05T16:00:00Z".parse().expect("a moment");
    while killed < kills {
        // Among machines, what a run has claimed is nobody's half an hour later.
        bed.at(&(start + Duration::from_secs(killed as u64 * 1860)).to_string());
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let more = (random >> 33) as usize % (2 * subscribers / (kills + 1) - 1);
        if !stopped_after(&bed, &relay, more, |run| run.kill().expect("a kill")) {
            break;
        }
        killed += 1;
    }
    bed.at(&(start + Duration::from_secs(killed as u64 * 1860)).to_string());
    let told = bed.run(&["send", "weekly"]).stdout;
    let states = states(&bed);
    let uncertain = states.get("uncertain").copied().unwrap_or(0) as usize;
    println!("{killed} kills, {subscribers} subscribers: {states:?}");
    assert!(killed > kills / 2 && uncertain <= 20 * killed, "{uncertain} after {killed} kills");
    assert_eq!(states.values().sum::<u64>(), subscribers as u64, "{states:?}");
    assert_eq!(states.get("accepted"), Some(&((subscribers - uncertain) as u64)), "{told}");
    let counts = relay.counts();
    assert!(counts.values().all(|count| *count == 1), "nobody twice");
    let missing: Vec<String> =
        (0..subscribers).map(address).filter(|address| !counts.contains_key(address)).collect();
    assert!(missing.len() <= uncertain, "{} missing, {uncertain} uncertain", missing.len());
    bed.run(&["send", "weekly", "--only", "uncertain"]).ends(0);
    let counts = relay.counts();
    assert_eq!(counts.len(), subscribers, "nobody forgotten");
    let twice = counts.values().filter(|count| **count > 1).count();
    assert_eq!(twice, uncertain - missing.len(), "only who was uncertain");
}

#[test]
fn a_run_that_is_asked_to_stop_finishes_what_is_on_its_way() {
    let relay = Relay::start();
    let bed = bed(&relay, 400);
    let before = std::time::Instant::now();
    let ask = |run: &mut std::process::Child| {
        let pid = rustix::process::Pid::from_child(run);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("a signal");
    };
    for _ in 0..3 {
        assert!(stopped_after(&bed, &relay, 60, ask), "{:?}", states(&bed));
    }
    assert!(before.elapsed().as_secs() < 10);
    let states = states(&bed);
    assert_eq!(states.get("uncertain"), None, "{states:?}");
    assert_eq!(states.get("accepted"), Some(&(relay.count() as u64)), "{states:?}");
    send(&bed).ends(0);
    assert_once(&relay, 400);
}

#[test]
fn looking_on_does_not_disturb_a_run() {
    let relay = Relay::start();
    let bed = bed(&relay, 300);
    let mut run = bed
        .command(&["send", "weekly"])
        .stdout(std::process::Stdio::null())
        .spawn()
        .expect("it runs");
    while run.try_wait().expect("a state").is_none() {
        bed.run(&["status"]).ends(0);
        bed.run(&["edition", "list", "weekly"]).ends(0);
    }
    assert!(run.wait().expect("an end").success());
    assert_once(&relay, 300);
}

#[test]
fn the_rates_hold_over_all_runs() {
    let relay = Relay::start();
    let mail = format!("transport = \"{}\"\nrates = [\"100/s\", \"10/h\"]\n", relay.transport());
    let mut bed = bed_with(&mail, 25);
    for (now, accepted) in [("16:00:00", 10), ("16:30:00", 10), ("17:02:00", 20), ("17:59:00", 20)]
    {
        let told = bed.at(&format!("2026-05-05T{now}Z")).run(&["send", "weekly"]).ends(3).stdout;
        assert!(told.contains("stopped: the rates allow no more for now"), "{told}");
        assert_eq!(relay.count(), accepted, "at {now}");
    }
    bed.at("2026-05-05T18:30:00Z").run(&["send", "weekly"]).ends(0);
    assert_once(&relay, 25);
}

#[test]
fn a_clock_that_is_set_back_or_forth_repeats_nothing() {
    let relay = Relay::with(|moment| match moment.at {
        At::Rcpt if is_reader(moment, 1) && moment.time == 1 => Say::This("451 4.3.0 later"),
        _ => Say::Yes,
    });
    let mut bed = bed(&relay, 5);
    send(&bed).ends(3);
    // Before it was made there is no edition.
    for (now, code) in [("2026-05-05T14:00:00Z", 0), ("2026-05-05T16:01:00Z", 3)] {
        bed.at(now).run(&["send", "weekly"]).ends(code);
        assert_eq!(relay.count(), 4, "{now}");
    }
    bed.at("2026-05-06T16:00:00Z").run(&["send", "weekly"]).ends(0);
    bed.at("2026-05-05T14:00:00Z").run(&["send", "weekly"]).ends(0);
    assert_once(&relay, 5);
}

#[test]
fn nothing_leaves_that_cannot_be_written_down() {
    if !is_on_file("nothing leaves that cannot be written down") {
        return;
    }
    let relay = Relay::start();
    let mut bed = bed(&relay, 400);
    let settings = bed.read("infocus.toml") + "approval = \"required\"\n";
    bed.write("infocus.toml", settings);
    send(&bed).ends(3);
    bed.run(&["edition", "approve", "weekly"]).ends(0);
    // As if the disk were full: no file may be longer, and the ledger has to be.
    let binary = env!("CARGO_BIN_EXE_infocus");
    let script = format!(
        "trap '' XFSZ; ulimit -f 200; exec {binary} --now 2026-05-05T16:00:00Z send weekly"
    );
    let mut command = std::process::Command::new("bash");
    let ran: Ran =
        command.current_dir(bed.path("")).args(["-c", &script]).output().expect("it runs").into();
    let told = ran.ends(1).stderr;
    assert!(told.contains("deliveries cannot be written down"), "{told}");
    let left = relay.count();
    assert!(left < 400, "{left} left");
    let told = bed.at("2026-05-05T17:00:00Z").run(&["send", "weekly"]).stdout;
    let uncertain = states(&bed).get("uncertain").copied().unwrap_or(0) as usize;
    assert!(uncertain <= 20, "one for each connection at most: {told}");
    let counts = relay.counts();
    assert!(counts.values().all(|count| *count == 1), "nobody twice");
    assert!(counts.len() >= 400 - uncertain, "nobody forgotten: {told}");
}

/// Takes TLS off, in front of a relay, with a certificate for 127.0.0.1 that nobody has signed.
fn encrypted(relay: &Relay) -> (u16, String) {
    let made =
        rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).expect("a certificate");
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der())
        .expect("a key");
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .expect("a certificate");
    let acceptor = tokio_rustls::TlsAcceptor::from(std::sync::Arc::new(config));
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let inner = relay.address();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(async move {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a port");
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let Ok(mut outer) = acceptor.accept(stream).await else { return };
                    let mut inner = tokio::net::TcpStream::connect(inner).await.expect("the relay");
                    let _ = tokio::io::copy_bidirectional(&mut outer, &mut inner).await;
                });
            }
        });
    });
    (port, made.cert.pem())
}

#[test]
fn a_relay_that_does_not_prove_who_it_is_is_told_nothing() {
    let relay = Relay::start();
    let (port, certificate) = encrypted(&relay);
    let bed = bed_with(&format!("transport = \"smtps://127.0.0.1:{port}\"\n"), 5);
    let told = send(&bed).ends(1).stderr;
    assert!(told.contains("TLS: the connection is not secure: "), "{told}");
    assert_eq!((relay.count(), relay.commands().len()), (0, 0));
    // The machine may be told to trust it.
    bed.write("trusted.pem", certificate);
    let mut command = bed.command(&["send", "weekly"]);
    command.env("SSL_CERT_FILE", bed.path("trusted.pem"));
    Ran::from(command.output().expect("it runs")).ends(0);
    assert_once(&relay, 5);
}

#[test]
fn a_session_that_breaks_within_a_message_is_tried_again_or_told_of() {
    let relay = Relay::with(|moment| match moment.at {
        At::Content if moment.time == 1 && moment.recipient < address(4) => Say::Close,
        _ => Say::Yes,
    });
    let bed = bed(&relay, 20);
    let told = send(&bed).stdout;
    // Whether the end had left by then is a matter of who was faster.
    let states = states(&bed);
    let uncertain = states.get("uncertain").copied().unwrap_or(0);
    assert!(uncertain <= 4, "{told}");
    assert_eq!(states["accepted"] + uncertain, 20, "{told}");
    assert_eq!(relay.count() as u64, states["accepted"]);
    bed.run(&["send", "weekly", "--only", "uncertain"]).ends(0);
    assert_once(&relay, 20);
}

#[test]
fn who_leaves_while_a_run_is_at_work_is_not_mailed_and_a_held_edition_stops() {
    let (tried, gate) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(())));
    let (trying, hinge) = (tried.clone(), gate.clone());
    // The relay takes its time with the sixth.
    let relay = Relay::with(move |moment| {
        if moment.at == At::Rcpt {
            let mut tried = trying.lock().expect("addresses");
            tried.push(moment.recipient.to_owned());
            let count = tried.len();
            drop(tried);
            if count == 6 {
                drop(hinge.lock());
            }
        }
        Say::Yes
    });
    let mail = format!("transport = \"{}\"\nconnections = 1\n", relay.transport());
    let bed = bed_with(&mail, 60);
    let closed = gate.lock().expect("a gate");
    let mut command = bed.command(&["send", "weekly"]);
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    let mut run = command.spawn().expect("the program runs");
    let six = loop {
        let tried = tried.lock().expect("addresses").clone();
        if tried.len() == 6 {
            break tried;
        }
        std::thread::yield_now();
    };
    let mut others = (0..60).map(address).filter(|address| !six.contains(address));
    let gone: Vec<String> = others.by_ref().take(3).collect();
    for (act, address) in ["remove", "suppress", "erase"].iter().zip(&gone) {
        bed.run(&["subscribers", act, "weekly", address]).ends(0);
    }
    bed.run(&["edition", "hold", "weekly"]).ends(0);
    drop(closed);
    assert_eq!(run.wait().expect("an end").code(), Some(3));
    let held = relay.count();
    assert!(held <= 6, "{held} had left");
    send(&bed).ends(3);
    assert_eq!(relay.count(), held);
    bed.run(&["edition", "approve", "weekly"]).ends(0);
    send(&bed).ends(0);
    let counts = relay.counts();
    assert_eq!(counts.len(), 57);
    assert!(counts.values().all(|count| *count == 1));
    assert!(gone.iter().all(|address| !counts.contains_key(address)));
}

#[test]
fn a_relay_that_says_goodbye_at_once_is_not_asked_for_ever() {
    let relay = Relay::with(|moment| match moment.at {
        At::Connect => Say::This("220 hello\r\n421 4.3.2 goodbye"),
        _ => Say::Yes,
    });
    let bed = bed(&relay, 3);
    send(&bed).ends(1);
    let greeted = relay.commands().iter().filter(|line| line.starts_with("EHLO")).count();
    assert!(greeted <= 20, "{greeted} connections");
}

#[test]
fn one_recipient_that_is_always_throttled_does_not_stop_the_others() {
    let relay = Relay::with(|moment| match moment.at {
        At::Rcpt if is_reader(moment, 2) => Say::This("454 4.7.1 relay access denied"),
        _ => Say::Yes,
    });
    let bed = bed(&relay, 8);
    let told = send(&bed).ends(3).stdout;
    assert!(told.contains("7 accepted, 1 deferred"), "{told}");
}

#[test]
fn rates_that_were_just_enough_are_no_reason_to_stop() {
    let relay = Relay::start();
    let mail = format!("transport = \"{}\"\nrates = [\"3/h\"]\n", relay.transport());
    let told = send(&bed_with(&mail, 3)).ends(0).stdout;
    assert!(told.contains("3 accepted") && !told.contains("stopped"), "{told}");
}

#[test]
fn uncertain_ones_of_an_earlier_edition_can_be_tried_again() {
    let relay = Relay::with(|moment| match moment.at {
        At::End if is_reader(moment, 1) && moment.time == 1 => Say::Close,
        _ => Say::Yes,
    });
    let mut bed = bed(&relay, 3);
    send(&bed).ends(3);
    announce(&bed, 2);
    bed.at("2026-05-06T15:00:00Z").run(&["refresh"]).ends(0);
    bed.at("2026-05-06T16:00:00Z").run(&["send", "weekly"]).ends(0);
    bed.run(&["send", "weekly", "--only", "uncertain"]).ends(0);
    assert_eq!(relay.counts()[&address(1)], 2, "both editions");
    bed.run(&["send", "weekly", "--only", "uncertain"]).ends(0);
    assert_eq!(relay.count(), 6);
}
