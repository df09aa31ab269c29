//! What is wrong with mail from here, one finding for each fault.

use std::collections::BTreeMap;
use std::net::{SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex};
use std::thread;

use hickory_resolver::proto::op::{Message, ResponseCode};
use hickory_resolver::proto::rr::rdata::{A, PTR, TXT};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use infocus::config::Settings;
use infocus::mail::{Relay as MailRelay, Security, Signer, doctor};
use infocus::newsletter::lint;
use serde_json::Value;

use crate::bed::Bed;
use crate::relay::Relay;
use crate::send::bed_with;
use crate::served::Served;
use crate::server::{Answer, Server};

type Zone = BTreeMap<(String, RecordType), Vec<String>>;

/// A name server that knows what a test has put into it.
struct Dns {
    address: SocketAddr,
    zone: Arc<Mutex<Zone>>,
}

impl Dns {
    fn start() -> Dns {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
        let address = socket.local_addr().expect("an address");
        let zone: Arc<Mutex<Zone>> = Arc::default();
        let shared = zone.clone();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok((length, peer)) = socket.recv_from(&mut buffer) {
                let asked = Message::from_vec(&buffer[..length]).expect("a question");
                let answer = answer(&asked, &shared.lock().expect("a zone"));
                socket.send_to(&answer.to_vec().expect("bytes"), peer).expect("it is sent");
            }
        });
        Dns { address, zone }
    }

    fn set(&self, name: &str, kind: RecordType, values: &[&str]) {
        let values = values.iter().map(|value| (*value).to_owned()).collect();
        self.zone.lock().expect("a zone").insert((name.to_owned(), kind), values);
    }
}

fn answer(asked: &Message, zone: &Zone) -> Message {
    let mut answer = Message::response(asked.metadata.id, asked.metadata.op_code);
    let query = asked.queries.first().expect("a question").clone();
    let name = query.name().to_utf8().trim_end_matches('.').to_lowercase();
    let kind = query.query_type();
    for value in zone.get(&(name, kind)).into_iter().flatten() {
        let data = match kind {
            RecordType::A => RData::A(A(value.parse().expect("an address"))),
            RecordType::PTR => RData::PTR(PTR(Name::from_utf8(value).expect("a name"))),
            _ => {
                let pieces = value.as_bytes().chunks(200);
                RData::TXT(TXT::new(
                    pieces.map(|piece| String::from_utf8_lossy(piece).into_owned()).collect(),
                ))
            }
        };
        answer.add_answer(Record::from_rdata(query.name().clone(), 60, data));
    }
    if answer.answers.is_empty() {
        answer.metadata.response_code = ResponseCode::NXDomain;
    }
    answer.add_query(query);
    answer
}

fn bed(relay: &Relay) -> Bed {
    let mail = format!(
        "transport = \"{}\"\nreturn_path = \"bounces@example.org\"\naddress = \"Bridge Street 1\"\n\
         [mail.dkim]\ndomain = \"example.org\"\nselector = \"infocus\"\nkey_file = \"dkim.pem\"\n",
        relay.transport()
    );
    let bed = bed_with(&mail, 1);
    bed.write("dkim.pem", include_bytes!("keys/dkim.pem"));
    bed
}

/// A zone in which all is well.
fn well(bed: &Bed) -> Dns {
    let dns = Dns::start();
    let settings = bed.read("infocus.toml");
    let settings = Settings::parse("infocus.toml".as_ref(), &settings, |_| None).expect("settings");
    let signer = Signer::load(&bed.path(""), &settings.mail.dkim.expect("dkim")).expect("keys");
    let [key] = signer.published().try_into().expect("a key");
    dns.set("infocus._domainkey.example.org", RecordType::TXT, &[&key.record]);
    dns.set("example.org", RecordType::TXT, &["v=spf1 include:_spf.relay.example -all", "other"]);
    dns.set(
        "_spf.relay.example",
        RecordType::TXT,
        &["v=spf1 ip4:192.0.2.0/24 a:relay.example -all"],
    );
    dns.set("_dmarc.example.org", RecordType::TXT, &["v=DMARC1; p=none; rua=mailto:d@example.org"]);
    dns
}

/// What the findings are about, and what they say, where the site is served.
fn findings(bed: &Bed, dns: &Dns, code: i32) -> Vec<(String, String)> {
    let served = Served::start(bed);
    findings_at(bed, dns, served.address, code)
}

fn findings_at(bed: &Bed, dns: &Dns, server: SocketAddr, code: i32) -> Vec<(String, String)> {
    let (dns, server) = (dns.address.to_string(), server.to_string());
    let told = bed.run(&["doctor", "--json", "--dns", &dns, "--server", &server]).ends(code).stdout;
    let told: Value = serde_json::from_str(&told).expect("JSON");
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let findings = told["findings"].as_array().expect("findings");
    findings.iter().map(|finding| (text(&finding["about"]), text(&finding["problem"]))).collect()
}

#[test]
fn each_fault_of_a_zone_is_one_finding() {
    let relay = Relay::start();
    let bed = bed(&relay);
    let dns = well(&bed);
    assert_eq!(findings(&bed, &dns, 0), []);
    let txt = RecordType::TXT;
    let eleven = (0..11).map(|n| format!(" a:host{n}.example")).collect::<String>();
    let many = format!("v=spf1{eleven} -all");
    let nested = "v=spf1 include:one.example include:two.example -all";
    type Fault<'a> = (&'a str, &'a dyn Fn(&Dns), &'a str);
    let faults: [Fault; 11] = [
        ("spf", &|dns| dns.set("example.org", txt, &["other"]), "has no SPF record"),
        ("spf", &|dns| dns.set("example.org", txt, &["v=spf1 -all", "v=spf1 a -all"]), "has 2 SPF"),
        ("spf", &|dns| dns.set("example.org", txt, &["v=spf1 +all"]), "lets everybody send"),
        ("spf", &|dns| dns.set("example.org", txt, &[&many]), "costs 11 lookups"),
        (
            "spf",
            &|dns| {
                dns.set("example.org", txt, &[nested]);
                dns.set(
                    "one.example",
                    txt,
                    &["v=spf1 a mx exists:x.example include:two.example ?all"],
                );
                dns.set("two.example", txt, &["v=spf1 a mx ptr a:b.example redirect=one.example"]);
            },
            "costs 11 lookups",
        ),
        ("dkim", &|dns| dns.set("infocus._domainkey.example.org", txt, &[]), "is not there"),
        (
            "dkim",
            &|dns| dns.set("infocus._domainkey.example.org", txt, &["v=DKIM1; k=rsa; p=MIIB"]),
            "has another key than `key_file`",
        ),
        (
            "dkim",
            &|dns| dns.set("infocus._domainkey.example.org", txt, &["v=DKIM1; p="]),
            "has no key",
        ),
        ("dmarc", &|dns| dns.set("_dmarc.example.org", txt, &[]), "has no DMARC record"),
        (
            "alignment",
            &|dns| {
                let settings = bed.read("infocus.toml");
                let settings = settings.replace("news@example.org", "news@other.example");
                bed.write("infocus.toml", settings);
                dns.set("_dmarc.other.example", txt, &["v=DMARC1; p=none"]);
            },
            "by other domains only",
        ),
        (
            "one-click",
            &|_| {
                let settings =
                    bed.read("infocus.toml").replace("news@other.example", "news@example.org");
                bed.write("infocus.toml", settings.replace("https://news", "http://news"));
            },
            "over `https://` only",
        ),
    ];
    for (about, fault, problem) in faults {
        let dns = well(&bed);
        fault(&dns);
        let found = findings(&bed, &dns, 3);
        assert_eq!(found.len(), 1, "{problem}: {found:?}");
        assert_eq!(found[0].0, about, "{found:?}");
        assert!(found[0].1.contains(problem), "{found:?}");
    }
}

#[test]
fn a_one_click_that_is_not_answered_at_once_is_a_finding() {
    let relay = Relay::start();
    let bed = bed(&relay);
    let dns = well(&bed);
    for (answer, expected) in [
        (Answer::status(404), "answers 404 Not Found to the one click"),
        (Answer::status(302).with("location", "/login"), "answers 302 Found to the one click"),
    ] {
        let server = Server::start(move |_| answer.clone());
        let address = server.url("").strip_prefix("http://").and_then(|at| at.parse().ok());
        let found = findings_at(&bed, &dns, address.expect("an address"), 3);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].0, "one-click");
        assert!(found[0].1.contains(expected), "{found:?}");
        let paths = server.asked();
        assert_eq!(
            (paths.len(), paths[0].method.as_str()),
            (1, "POST"),
            "nobody follows: {paths:?}"
        );
    }
    let gone =
        std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    let found = findings_at(&bed, &dns, gone.expect("an address"), 3);
    assert!(found[0].1.contains("does not answer"), "{found:?}");
}

#[test]
fn who_chose_what_is_not_offered_any_more_is_a_finding() {
    let relay = Relay::start();
    let bed = bed(&relay);
    let dns = well(&bed);
    let settings = bed.read("infocus.toml");
    let offered = "[newsletters.weekly.frequencies]\nrare = \"monthly 08:00\"\n";
    bed.write("infocus.toml", settings.clone() + offered);
    bed.run(&["subscribers", "add", "weekly", "ana@example.org", "--frequency", "rare"]).ends(0);
    assert_eq!(findings(&bed, &dns, 0), []);
    bed.write("infocus.toml", settings);
    let found = findings(&bed, &dns, 3);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].1.starts_with("weekly: 1 subscriber chose `rare`"), "{found:?}");
}

#[test]
fn a_relay_that_lets_nobody_in_is_a_finding() {
    let relay = Relay::with(|_| crate::relay::Say::Bye("554 go away"));
    let bed = bed(&relay);
    let found = findings(&bed, &well(&bed), 3);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].1.ends_with("does not let us in: greeting: the relay said `554 go away`"),
        "{found:?}"
    );
    let told = bed.run(&["doctor", "--dns", "127.0.0.1:1"]).ends(3).stdout;
    assert!(told.contains("dns: no answer about `example.org`"), "{told}");
}

#[test]
fn what_mail_clients_do_not_know_is_a_finding() {
    let page = |inner: &str| {
        let kinds: Vec<&str> = lint(inner).iter().map(|finding| finding.about).collect();
        kinds
    };
    let cases = [
        ("<p style='padding: 1px; color: #123456'><a href='https://a.example/'>a</a></p>", vec![]),
        ("<img src='https://a.example/a.png' width='120'>", vec!["alt"]),
        ("<img src='https://a.example/a.png' alt='' width='120px'>", vec!["width"]),
        ("<img src='data:image/png;base64,AA' alt='' width='1'>", vec!["image"]),
        ("<img src='http://a.example/a.png' alt='' width='1'>", vec!["image"]),
        ("<a href='#top'>up</a>", vec!["link"]),
        ("<a href='/news'>news</a>", vec!["link"]),
        ("<p style='display: flex'>a</p>", vec!["style"]),
        ("<p style='font-size: 1.5rem'>a</p>", vec!["style"]),
        ("<p style='vertical-align: top; color: rgb(1,2,3)'>theorem</p>", vec![]),
        ("<form><p>a</p></form>", vec!["element"]),
        ("<p>don\u{92}t</p>", vec!["characters"]),
    ];
    for (html, expected) in cases {
        assert_eq!(page(html), expected, "{html}");
    }
    assert_eq!(page(&"<p>long</p>".repeat(10_000)), ["size"]);
}

#[test]
fn a_relay_whose_address_has_no_name_that_leads_back_is_a_finding() {
    // What loopback is called no name server is asked.
    let relay = MailRelay {
        host: "relay.example".to_owned(),
        port: 25,
        security: Security::StartTls,
        user: None,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let found = |names: &[&str], addresses: &[&str]| {
        let server = Dns::start();
        server.set("relay.example", RecordType::A, &["192.0.2.7"]);
        server.set("7.2.0.192.in-addr.arpa", RecordType::PTR, names);
        server.set("mx.relay.example", RecordType::A, addresses);
        let dns = infocus::mail::dns::Dns::new(Some(server.address)).expect("a resolver");
        let found = runtime.as_ref().expect("a runtime").block_on(doctor::ptr(&dns, &relay));
        found.expect("answers").map(|finding| finding.problem)
    };
    assert_eq!(found(&["mx.relay.example."], &["192.0.2.7"]), None);
    let expected = "the relay's address 192.0.2.7 has no name that leads back to it";
    assert_eq!(found(&[], &[]).as_deref(), Some(expected));
    assert_eq!(found(&["mx.relay.example."], &["192.0.2.8"]).as_deref(), Some(expected));
}
