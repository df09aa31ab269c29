//! The operator's desk: behind a password, and every form with the mark of its session.

use std::io::Write;
use std::process::Stdio;

use crate::bed::Bed;
use crate::served::{Reply, Served};

const PASSWORD: &str = "four words of nothing";

fn bed() -> Bed {
    let mut bed = Bed::new();
    let mut hashing = bed.command(&["serve", "--hash-password"]);
    let mut hashing = hashing.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a run");
    writeln!(hashing.stdin.take().expect("stdin"), "{PASSWORD}").expect("it is sent");
    let hash = hashing.wait_with_output().expect("a hash").stdout;
    let settings = bed.read("infocus.toml")
        + "[mail]\nfrom = \"news@example.org\"\n[newsletters.weekly]\ntitle = \"Weekly\"\n\
           schedule = \"Mon 08:00\"\napproval = \"required\"\n"
        + &String::from_utf8(hash).expect("text");
    bed.write("infocus.toml", settings);
    bed.write("feeds/news.toml", "title = \"News\"\n[[source]]\nfiles = \"news/*\"\n");
    bed.write("feeds/news/old.txt", "In Focus\n\nBefore it all\n\nText.");
    bed.at("2026-05-05T10:00:00Z").run(&["refresh"]).ends(0);
    bed.run(&["subscribers", "add", "weekly", "ana@example.org"]).ends(0);
    for title in ["Ferry", "Bridge"] {
        bed.write(
            &format!("feeds/news/{title}.txt"),
            format!("In Focus\n\n{title}\n\n5 May 2026\n\nText."),
        );
    }
    bed.at("2026-05-06T10:00:00Z").run(&["refresh"]).ends(0);
    bed
}

fn log_in(served: &Served) -> String {
    let reply = served.post("/desk/login", &format!("password={}", PASSWORD.replace(' ', "+")));
    assert_eq!((reply.status, reply.header("location")), (303, "/desk"));
    let cookie = reply.header("set-cookie");
    assert!(cookie.contains("; HttpOnly; SameSite=Strict; Secure"), "{cookie}");
    cookie.split(';').next().expect("a cookie").to_owned()
}

fn look(served: &Served, cookie: &str, path: &str) -> String {
    served.ask("GET", path, &[("cookie", cookie)], b"").ends(200)
}

fn csrf(page: &str) -> String {
    let rest = page.split("name=\"csrf\" value=\"").nth(1).expect("a mark");
    rest.split('"').next().expect("a mark").to_owned()
}

fn send(served: &Served, cookie: &str, path: &str, form: &str) -> Reply {
    let kind = ("content-type", "application/x-www-form-urlencoded");
    served.ask("POST", path, &[("cookie", cookie), kind], form.as_bytes())
}

#[test]
fn many_who_guess_at_once_do_not_keep_the_operator_waiting() {
    let bed = bed();
    let served = Served::start(&bed);
    let guess = |n: usize| {
        let headers = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("x-forwarded-for", &*format!("203.0.113.{n}")),
        ];
        served.ask("POST", "/desk/login", &headers, b"password=guess").status
    };
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let guesses: Vec<_> = (0..80).map(|n| scope.spawn(move || guess(n))).collect();
        guesses.into_iter().map(|guess| guess.join().expect("an answer")).collect()
    });
    let of = |wanted: u16| statuses.iter().filter(|status| **status == wanted).count();
    assert!(of(503) > 0 && of(401) >= 16 && of(401) + of(503) == 80, "{statuses:?}");
    log_in(&served);
}

#[test]
fn nobody_sees_the_desk_without_its_password_nor_guesses_it() {
    let bed = bed();
    let served = Served::start(&bed);
    for path in [
        "/desk",
        "/desk/feeds/news",
        "/desk/newsletters/weekly",
        "/desk/newsletters/weekly/next.html",
    ] {
        let reply = served.get(path);
        assert_eq!((reply.status, reply.header("location")), (303, "/desk/login"), "{path}");
    }
    assert_eq!(served.post("/desk/newsletters/weekly/edition", "act=approve").status, 303);
    for _ in 0..10 {
        assert_eq!(served.post("/desk/login", "password=guess").status, 401);
    }
    assert_eq!(served.post("/desk/login", &format!("password={PASSWORD}")).status, 429);
    drop(served);
    let settings = bed.read("infocus.toml");
    bed.write("infocus.toml", settings.split("[serve]").next().expect("settings"));
    let served = Served::start(&bed);
    for path in ["/desk", "/desk/login"] {
        assert_eq!(served.get(path).status, 404, "without a password there is no desk: {path}");
    }
    assert!(
        bed.command(&["serve", "--hash-password"])
            .stdin(Stdio::null())
            .status()
            .expect("a run")
            .code()
            == Some(2)
    );
}

#[test]
fn the_desk_shows_sources_items_and_how_their_dates_are_known() {
    let bed = bed();
    let served = Served::start(&bed);
    let cookie = log_in(&served);
    let desk = look(&served, &cookie, "/desk");
    for part in ["News", "news/*", "Weekly", "Mon 11 May 2026, 08:00"] {
        assert!(desk.contains(part), "{part} in {desk}");
    }
    let feed = look(&served, &cookie, "/desk/feeds/news");
    for part in ["Ferry", "5 May 2026", "read on the page", "first seen then"] {
        assert!(feed.contains(part), "{part} in {feed}");
    }
    assert_eq!(served.ask("GET", "/desk/feeds/none", &[("cookie", &cookie)], b"").status, 404);
    assert_eq!(
        served.ask("GET", "/desk/newsletters/none", &[("cookie", &cookie)], b"").status,
        404
    );
}

#[test]
fn people_pin_exclude_introduce_approve_and_hold_at_the_desk() {
    let mut bed = bed();
    bed.write("preview/weekly/edition.toml", "# the ferry goes first\n");
    bed.at("2026-05-07T10:00:00Z");
    // The editions begin with the newsletter's first run.
    bed.run(&["send"]).ends(0);
    bed.write("feeds/news/tunnel.txt", "In Focus\n\nTunnel\n\n7 May 2026\n\nText.");
    bed.write("feeds/news/dam.txt", "In Focus\n\nDam\n\n7 May 2026\n\nText.");
    bed.at("2026-05-08T10:00:00Z").run(&["refresh"]).ends(0);
    let served = Served::start(&bed);
    let cookie = log_in(&served);
    let path = "/desk/newsletters/weekly";
    let page = look(&served, &cookie, path);
    let mark = csrf(&page);
    let id = |title: &str| {
        let before =
            page.split(&format!("aria-label=\"exclude: {title}\"")).next().expect("a form");
        let value = before.rsplit("name=\"item\" value=\"").next().expect("an item");
        value.split('"').next().expect("an id").to_owned()
    };
    let item = format!("{path}/item");
    assert_eq!(
        send(&served, &cookie, &item, &format!("act=pin&item={}", id("Tunnel"))).status,
        403
    );
    assert_eq!(
        send(&served, &cookie, &item, &format!("csrf={mark}&act=pin&item={}", id("Tunnel"))).status,
        303
    );
    assert_eq!(
        send(&served, &cookie, &item, &format!("csrf={mark}&act=exclude&item={}", id("Dam")))
            .status,
        303
    );
    let notes = format!("csrf={mark}&subject=Ways&intro=Dear+readers%2C%0D%0A%0D%0Aspring.");
    let reply = send(&served, &cookie, &format!("{path}/notes"), &notes);
    assert!(
        reply.header("location").starts_with("/desk/newsletters/weekly?said="),
        "{}",
        reply.status
    );
    let kept = bed.read("preview/weekly/edition.toml");
    assert!(
        kept.contains("# the ferry goes first") && kept.contains("subject = \"Ways\""),
        "{kept}"
    );
    let page = look(&served, &cookie, path);
    assert!(page.contains("Subject: <strong>Ways</strong>") && page.contains("Kept out"), "{page}");
    let mail = look(&served, &cookie, &format!("{path}/next.html"));
    assert!(mail.contains("Tunnel") && !mail.contains("Dam") && mail.contains("spring."), "{mail}");
    let copy = format!("csrf={mark}&address=test%40example.org");
    assert_eq!(send(&served, &cookie, &format!("{path}/copy"), &copy).status, 303);
    assert!(bed.path("outbox/test/weekly-test@example.org.eml").exists());
    bed.at("2026-05-11T06:00:05Z").run(&["send"]).ends(3);
    let id = "weekly-20260511T060000Z";
    let act = |act: &str| {
        send(
            &served,
            &cookie,
            &format!("{path}/edition"),
            &format!("csrf={mark}&edition={id}&act={act}"),
        )
    };
    assert!(
        act("hold").header("location").contains("is+in+another+state+by+now"),
        "it is held already"
    );
    assert!(act("approve").header("location").contains("goes+out"));
    bed.run(&["send"]).ends(0);
    assert_eq!(bed.files("outbox").len(), 2, "the copy and the edition");
    assert!(look(&served, &cookie, path).contains("1 accepted"));
    assert_eq!(send(&served, &cookie, "/desk/logout", &format!("csrf={mark}")).status, 303);
    assert_eq!(served.ask("GET", "/desk", &[("cookie", &cookie)], b"").status, 303);
}

#[test]
fn a_form_of_somebody_else_does_nothing() {
    let bed = bed();
    let served = Served::start(&bed);
    let cookie = log_in(&served);
    let mark = csrf(&look(&served, &cookie, "/desk/newsletters/weekly"));
    let headers = [
        ("cookie", &*cookie),
        ("content-type", "application/x-www-form-urlencoded"),
        ("sec-fetch-site", "cross-site"),
    ];
    let form = format!("csrf={mark}&intro=mine");
    let reply = served.ask("POST", "/desk/newsletters/weekly/notes", &headers, form.as_bytes());
    assert_eq!(reply.status, 403);
    assert!(!bed.path("preview/weekly/edition.toml").exists());
}

#[test]
fn the_operator_reads_what_is_wrong_with_the_notes_and_where() {
    let bed = bed();
    bed.write("preview/weekly/edition.toml", "pin = [\n");
    let served = Served::start(&bed);
    let cookie = log_in(&served);
    let reply = served.ask("GET", "/desk/newsletters/weekly", &[("cookie", &cookie)], b"");
    let page = reply.ends(500);
    assert!(page.contains("unclosed array") && page.contains("edition.toml:1"), "{page}");
}
