//! The pages of subscribers: they ask, confirm, choose and leave, and nobody else does it for them.

use std::sync::{Arc, Mutex};

use mailparse::MailHeaderMap;
use serde_json::Value;

use crate::bed::Bed;
use crate::relay::{At, Relay, Say};
use crate::served::{Reply, Served};

const SUBSCRIBE: &str = "/newsletters/weekly/subscribe";

fn bed(settings: &str) -> Bed {
    let bed = Bed::new();
    let own = bed.read("infocus.toml")
        + "[mail]\nfrom = \"news@example.org\"\n[newsletters.weekly]\ntitle = \"Weekly\"\n"
        + settings;
    bed.write("infocus.toml", own);
    for slug in ["news", "dams"] {
        let feed = format!("title = \"About {slug}\"\n[[source]]\nfiles = \"{slug}/*\"\n");
        bed.write(&format!("feeds/{slug}.toml"), feed);
        bed.write(&format!("feeds/{slug}/one.txt"), format!("In Focus\n\nOne of {slug}\n\nText."));
    }
    bed.run(&["refresh"]).ends(0);
    bed
}

/// One that mails by a relay.
fn by(relay: &Relay) -> Bed {
    let bed = bed("");
    let settings = bed.read("infocus.toml");
    let transport = format!("[mail]\ntransport = \"{}\"\n", relay.transport());
    bed.write("infocus.toml", settings.replace("[mail]\n", &transport));
    bed
}

fn mails(bed: &Bed) -> Vec<String> {
    bed.files("outbox").into_keys().filter(|name| name.contains("confirm/")).collect()
}

/// The path of the link in the mail that somebody got.
fn link(served: &Served, bed: &Bed, newsletter: &str, address: &str) -> String {
    let file = format!("outbox/confirm/{newsletter}-{address}.eml");
    served.until("mail", || bed.path(&file).exists().then_some(()));
    let mail = bed.read(&file).replace("=\r\n", "");
    let start = mail.find(&format!("/newsletters/{newsletter}/confirm/")).expect("a link");
    mail[start..].chars().take_while(|c| !c.is_whitespace() && *c != '"').collect()
}

fn statuses(bed: &Bed) -> String {
    bed.run(&["subscribers", "list", "weekly"]).ends(0).stdout
}

#[test]
fn somebody_asks_confirms_chooses_and_leaves_and_comes_back() {
    let bed = bed("[newsletters.weekly.frequencies]\ndaily = \"daily 08:00\"\n");
    let served = Served::start(&bed);
    let form = served.get(SUBSCRIBE).ends(200);
    for part in ["type=\"email\"", "name=\"frequency\"", "value=\"daily\"", "About dams"] {
        assert!(form.contains(part), "{part} in {form}");
    }
    let told =
        served.post(SUBSCRIBE, "email=ana%40example.org&frequency=daily&feeds=news&feeds=dams");
    assert!(told.ends(200).contains("Please look into your mailbox"));
    let confirm = link(&served, &bed, "weekly", "ana@example.org");
    assert!(served.get(&confirm).ends(200).contains("Do you want this newsletter?"));
    assert!(statuses(&bed).contains("pending"), "a look confirms nothing");
    assert!(served.post(&confirm, "").ends(200).contains("You are subscribed"));
    assert_eq!(statuses(&bed), "active        ana@example.org                           daily\n");
    let preferences = confirm.replace("confirm", "preferences");
    let page = served.get(&preferences).ends(200);
    assert!(page.contains("value=\"daily\" selected"), "{page}");
    served.post(&preferences, "frequency=&feeds=dams").ends(200);
    assert_eq!(statuses(&bed), "active        ana@example.org                           dams\n");
    assert_eq!(served.post(&preferences, "frequency=hourly").status, 422);
    let leave = confirm.replace("confirm", "unsubscribe");
    served.get(&leave).ends(200);
    served.ask("HEAD", &leave, &[], b"");
    assert!(statuses(&bed).starts_with("active"), "a look leaves nothing");
    assert!(served.post(&leave, "").ends(200).contains("You are unsubscribed"));
    assert!(statuses(&bed).starts_with("unsubscribed"));
    served.post(&confirm, "").ends(200);
    assert!(statuses(&bed).starts_with("active"), "it was a mistake");
    let data: Value =
        serde_json::from_str(&served.get(&format!("{preferences}/data")).ends(200)).expect("JSON");
    assert_eq!(data["email"], "ana@example.org");
    assert!(
        data["consent"]["confirmed_at"].is_string() && data["consent"]["text"].is_string(),
        "{data}"
    );
    served.post(&format!("{preferences}/erase"), "").ends(200);
    assert_eq!(statuses(&bed), "");
    served.get(&preferences).ends(404);
}

#[test]
fn one_click_leaves_without_cookie_login_or_redirect_and_as_often_as_anybody_likes() {
    let bed = bed("");
    bed.run(&["subscribers", "add", "weekly", "ana@example.org"]).ends(0);
    bed.run(&["send", "weekly", "--include-backlog"]).ends(0);
    let mail = bed.files("outbox").into_values().next().expect("a mail").0;
    let mail = mailparse::parse_mail(&mail).expect("a mail");
    let header = mail.headers.get_first_value("List-Unsubscribe").expect("a header");
    let url = header.split(['<', '>']).find(|part| part.starts_with("https:")).expect("an address");
    let path = url.strip_prefix("https://news.example.org").expect("a path");
    let served = Served::start(&bed);
    for forged in
        [&path[..path.len() - 1], &path.replace("weekly", "other"), &(path.to_owned() + "0")]
    {
        assert_eq!(served.post(forged, "List-Unsubscribe=One-Click").status, 404, "{forged}");
    }
    assert!(statuses(&bed).starts_with("active"));
    for _ in 0..2 {
        let reply = served.post(path, "List-Unsubscribe=One-Click");
        assert_eq!(
            (reply.status, reply.header("location"), reply.header("set-cookie")),
            (200, "", "")
        );
    }
    assert!(statuses(&bed).starts_with("unsubscribed"));
    bed.write("feeds/news/two.txt", "In Focus\n\nTwo\n\nText.");
}

/// What a stranger can see of an answer.
fn seen(reply: Reply) -> (u16, String, String) {
    (reply.status, reply.header("content-security-policy").to_owned(), reply.text())
}

#[test]
fn known_unknown_and_suppressed_addresses_are_answered_alike() {
    let bed = bed("");
    bed.run(&["subscribers", "add", "weekly", "known@example.org"]).ends(0);
    bed.run(&["subscribers", "suppress", "weekly", "never@example.org"]).ends(0);
    let served = Served::start(&bed);
    let answers: Vec<_> = ["known", "never", "new", "known"]
        .iter()
        .map(|name| seen(served.post(SUBSCRIBE, &format!("email={name}@example.org"))))
        .collect();
    assert!(answers.windows(2).all(|two| two[0] == two[1]), "{answers:?}");
    link(&served, &bed, "weekly", "new@example.org");
    assert_eq!(mails(&bed).len(), 1, "{:?}", mails(&bed));
}

#[test]
fn an_address_is_asked_once_a_day_by_whatever_way() {
    let mut bed = bed("[newsletters.monthly]\ntitle = \"Monthly\"\n");
    let served = Served::start(&bed);
    served.post(SUBSCRIBE, "email=ana@example.org").ends(200);
    let confirm = link(&served, &bed, "weekly", "ana@example.org");
    served.post(SUBSCRIBE, "email=ANA@example.org").ends(200);
    let json = [("content-type", "application/json")];
    let asked = served.ask(
        "POST",
        "/newsletters/monthly/subscribe",
        &json,
        b"{\"email\":\"ana@example.org\"}",
    );
    assert!(asked.ends(200).contains("\"result\":\"asked\""));
    // Whoever was asked after her has been, so that she was, or was left alone.
    served.post(SUBSCRIBE, "email=last@example.org").ends(200);
    link(&served, &bed, "weekly", "last@example.org");
    let told =
        bed.run(&["subscribers", "add", "monthly", "ana@example.org", "--ask"]).ends(0).stdout;
    assert!(told.contains("within a day"), "{told}");
    assert_eq!(mails(&bed).len(), 2, "{:?}", mails(&bed));
    let page = served.get(&confirm).ends(200);
    assert!(page.contains("name=\"also\" value=\"monthly\""), "one mail asks for all: {page}");
    served.post(&confirm, "also=monthly").ends(200);
    let monthly = bed.run(&["subscribers", "list", "monthly"]).ends(0).stdout;
    assert!(monthly.starts_with("active"), "{monthly}");
    let known = bed.run(&["subscribers", "export", "monthly", "ana@example.org"]).ends(0).stdout;
    assert!(
        known.contains("Do you want") || known.contains("confirm"),
        "what she was shown: {known}"
    );
    drop(served);
    bed.run(&["subscribers", "remove", "monthly", "ana@example.org"]).ends(0);
    bed.at("2026-05-05T15:00:01Z");
    let told =
        bed.run(&["subscribers", "add", "monthly", "ana@example.org", "--ask"]).ends(0).stdout;
    assert!(told.contains("Asked: ana@example.org"), "{told}");
}

#[test]
fn a_client_that_asks_too_often_is_refused_and_feeds_are_still_answered() {
    let bed = bed("[serve]\nwishes = 3\n");
    let served = Served::start(&bed);
    let ask = |n: usize, client: &str| {
        let headers =
            [("x-forwarded-for", client), ("content-type", "application/x-www-form-urlencoded")];
        served.ask("POST", SUBSCRIBE, &headers, format!("email=p{n}@example.org").as_bytes())
    };
    let answers: Vec<u16> = (0..5).map(|n| ask(n, "192.0.2.1").status).collect();
    assert_eq!(answers, [200, 200, 200, 429, 429]);
    assert!(ask(6, "192.0.2.1").header("retry-after").parse::<u64>().expect("seconds") > 3000);
    assert_eq!(ask(7, "192.0.2.2").status, 200);
    assert_eq!(served.get("/news/feed.xml").status, 200);
}

#[test]
fn programs_that_fill_in_everything_are_not_asked() {
    let bed = bed("");
    let served = Served::start(&bed);
    let told = served.post(SUBSCRIBE, "email=bot@example.org&website=https://spam.example");
    assert!(told.ends(200).contains("Please look into your mailbox"), "and are not told");
    served.post(SUBSCRIBE, "email=ana@example.org").ends(200);
    link(&served, &bed, "weekly", "ana@example.org");
    assert_eq!(mails(&bed).len(), 1);
}

#[test]
fn what_is_no_address_comes_back_with_what_was_filled_in() {
    let bed = bed("language = \"de\"\n");
    let served = Served::start(&bed);
    for wrong in ["ana", "ana%40", "", "%3Cscript%3E", "a%0d%0abcc:x%40example.org"] {
        let reply = served.post(SUBSCRIBE, &format!("email={wrong}&feeds=dams"));
        assert_eq!(reply.status, 422, "{wrong}");
        let page = reply.text();
        assert!(
            page.contains("Das ist keine E-Mail-Adresse") && !page.contains("<script"),
            "{page}"
        );
        assert!(
            page.contains("value=\"dams\" checked") && page.contains("value=\"news\">"),
            "{page}"
        );
    }
    let json = [("content-type", "application/json")];
    let reply = served.ask("POST", SUBSCRIBE, &json, b"{\"email\":\"ana\"}");
    assert_eq!(reply.status, 422);
    let told: Value = serde_json::from_slice(&reply.body).expect("JSON");
    assert_eq!(told["result"], "refused");
    assert_eq!(served.ask("POST", SUBSCRIBE, &json, b"no json").status, 422);
    assert_eq!(served.get("/newsletters/none/subscribe").status, 404);
}

#[test]
fn who_cannot_be_asked_now_is_asked_when_the_relay_is_back() {
    let mut bed = bed("");
    let settings = bed.read("infocus.toml");
    let away =
        settings.replace("[mail]\n", "[mail]\ntransport = \"smtp://127.0.0.1:1?tls=none\"\n");
    bed.write("infocus.toml", away);
    let served = Served::start(&bed);
    served.post(SUBSCRIBE, "email=ana@example.org").ends(200);
    served.until("subscriber", || statuses(&bed).contains("ana").then_some(()));
    drop(served);
    bed.write("infocus.toml", settings);
    bed.at("2026-05-04T15:10:00Z");
    let served = Served::start(&bed);
    link(&served, &bed, "weekly", "ana@example.org");
}

#[test]
fn a_browser_has_to_work_before_it_may_ask_if_the_site_says_so() {
    let bed = bed("[serve]\nproof_of_work = 8\n");
    let served = Served::start(&bed);
    let page = served.get(SUBSCRIBE).ends(200);
    let challenge =
        page.split("name=\"challenge\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    let challenge = challenge.expect("a challenge");
    let is_proof = |n: &u32| {
        let hash =
            ring::digest::digest(&ring::digest::SHA256, format!("{challenge}{n}").as_bytes());
        hash.as_ref()[0] == 0
    };
    let proof = (0..).find(is_proof).expect("a proof");
    let wish = format!("email=ana@example.org&challenge={challenge}&proof=");
    assert_eq!(served.post(SUBSCRIBE, &format!("{wish}x")).status, 422);
    assert_eq!(served.post(SUBSCRIBE, &format!("{wish}{proof}")).status, 200);
    assert_eq!(served.post(SUBSCRIBE, &format!("{wish}{proof}")).status, 422, "each is for once");
}

#[test]
fn pages_of_secret_addresses_tell_them_to_nobody() {
    let bed = bed("");
    let served = Served::start(&bed);
    served.post(SUBSCRIBE, "email=ana@example.org").ends(200);
    let confirm = link(&served, &bed, "weekly", "ana@example.org");
    let reply = served.get(&confirm);
    assert_eq!(reply.header("referrer-policy"), "no-referrer");
    assert_eq!(reply.header("cache-control"), "no-store");
    assert_eq!(reply.header("x-robots-tag"), "noindex");
    assert!(reply.header("content-security-policy").starts_with("default-src 'none'"));
    assert!(
        !reply.text().contains("ana@"),
        "whoever gets the link passed on does not see whose it is"
    );
}

#[test]
fn a_template_that_asks_for_what_is_not_there_is_found_by_check() {
    let bed = bed("");
    for name in ["subscriber/form.html", "subscriber/said.html", "newsletter.html", "edition.html"]
    {
        bed.write(&format!("templates/{name}"), "{{nothing_of_the_kind}}");
        let told = bed.run(&["check"]).ends(2).stderr;
        assert!(told.contains(name) && told.contains("nothing_of_the_kind"), "{name}: {told}");
        std::fs::remove_file(bed.path(&format!("templates/{name}"))).expect("it is removed");
    }
    bed.run(&["check"]).ends(0);
}

#[test]
fn who_has_confirmed_one_newsletter_is_asked_about_another_the_day_after() {
    let mut bed = bed("[newsletters.monthly]\ntitle = \"Monthly\"\n");
    let served = Served::start(&bed);
    served.post(SUBSCRIBE, "email=ana@example.org").ends(200);
    served.post(&link(&served, &bed, "weekly", "ana@example.org"), "").ends(200);
    served.post("/newsletters/monthly/subscribe", "email=ana@example.org").ends(200);
    drop(served);
    bed.at("2026-05-05T15:01:00Z");
    let served = Served::start(&bed);
    link(&served, &bed, "monthly", "ana@example.org");
}

#[test]
fn what_cannot_be_read_or_is_not_offered_changes_no_choice() {
    let bed = bed("[newsletters.weekly.frequencies]\ndaily = \"daily 08:00\"\n");
    let served = Served::start(&bed);
    served.post(SUBSCRIBE, "email=ana@example.org&frequency=daily&feeds=news").ends(200);
    let confirm = link(&served, &bed, "weekly", "ana@example.org");
    served.post(&confirm, "").ends(200);
    let before = statuses(&bed);
    let preferences = confirm.replace("confirm", "preferences");
    let json = [("content-type", "application/json")];
    for body in
        ["no json", "{\"feeds\": null}", "{\"language\": \"xx\"}", "{\"feeds\": [\"none\"]}"]
    {
        let reply = served.ask("POST", &preferences, &json, body.as_bytes());
        assert_eq!(reply.status, 422, "{body}");
    }
    assert_eq!(statuses(&bed), before);
}

#[test]
fn what_was_answered_is_not_lost_when_it_stops_while_a_relay_hangs() {
    let gate = Arc::new(Mutex::new(()));
    let (closed, hinge) = (gate.lock().expect("a gate"), gate.clone());
    let relay = Relay::with(move |_| {
        drop(hinge.lock());
        Say::Yes
    });
    let mut bed = by(&relay);
    let served = Served::start(&bed);
    served.post(SUBSCRIBE, "email=first@example.org").ends(200);
    served.until("connection", || (relay.most_open() > 0).then_some(()));
    for n in 0..8 {
        served.post(SUBSCRIBE, &format!("email=p{n}@example.org")).ends(200);
    }
    assert_eq!(served.stop(), Some(0));
    drop(closed);
    bed.at("2026-05-04T15:10:00Z");
    let served = Served::start(&bed);
    served.until("eight mails", || (relay.count() == 8).then_some(()));
    assert_eq!(served.stop(), Some(0));
    // Nothing of hers had left.
    bed.at("2026-05-04T15:16:00Z").run(&["send"]).ends(0);
    assert_eq!(relay.counts()["first@example.org"], 1);
}

#[test]
fn a_mail_that_cannot_leave_is_tried_less_and_less_often_and_no_more_after_two_days() {
    let relay = Relay::with(|moment| match moment.at {
        At::Rcpt => Say::This("451 4.3.0 later"),
        _ => Say::Yes,
    });
    let mut bed = by(&relay);
    let tries = || relay.commands().iter().filter(|line| line.starts_with("RCPT")).count();
    bed.run(&["subscribers", "add", "weekly", "ana@example.org", "--ask"]).ends(1);
    for (now, expected) in [
        ("2026-05-04T15:04:59Z", 1),
        ("2026-05-04T15:05:00Z", 2),
        ("2026-05-04T15:09:59Z", 2),
        ("2026-05-04T15:10:00Z", 3),
        ("2026-05-04T15:20:00Z", 4),
        ("2026-05-04T15:39:59Z", 4),
        ("2026-05-05T15:00:00Z", 5),
        ("2026-05-05T20:59:59Z", 5),
        ("2026-05-05T21:00:00Z", 6),
        ("2026-05-06T15:00:01Z", 6),
    ] {
        bed.at(now).run(&["send"]);
        assert_eq!(tries(), expected, "at {now}");
    }
}

#[test]
fn who_may_have_been_asked_or_never_will_be_is_not_asked_again_that_day() {
    for (at, say) in [(At::End, Say::TakeAndClose), (At::Rcpt, Say::This("550 5.1.1 nobody"))] {
        let relay = Relay::with(move |moment| match moment.at == at {
            true => say.clone(),
            false => Say::Yes,
        });
        let mut bed = by(&relay);
        let tries = || relay.commands().iter().filter(|line| line.starts_with("RCPT")).count();
        bed.run(&["subscribers", "add", "weekly", "ana@example.org", "--ask"]).ends(1);
        assert_eq!(tries(), 1);
        bed.at("2026-05-05T14:00:00Z").run(&["send"]).ends(0);
        assert_eq!(tries(), 1, "{at:?}");
    }
}

#[test]
fn a_mail_that_asks_says_nothing_that_a_stranger_wrote() {
    let bed = bed("");
    let served = Served::start(&bed);
    let wish = b"{\"email\": \"ana@example.org\", \"name\": \"Win a car at cars.example\"}";
    served.ask("POST", SUBSCRIBE, &[("content-type", "application/json")], wish).ends(200);
    link(&served, &bed, "weekly", "ana@example.org");
    let mail = bed.read("outbox/confirm/weekly-ana@example.org.eml");
    assert!(!mail.contains("cars.example"), "{mail}");
}

#[test]
fn a_wish_brings_back_nobody_who_is_never_mailed() {
    let bed = bed("");
    bed.run(&["subscribers", "add", "weekly", "ana@example.org"]).ends(0);
    bed.run(&["subscribers", "suppress", "weekly", "ana@example.org"]).ends(0);
    let served = Served::start(&bed);
    for address in ["ana@example.org", "last@example.org"] {
        served.post(SUBSCRIBE, &format!("email={address}")).ends(200);
    }
    link(&served, &bed, "weekly", "last@example.org");
    assert!(statuses(&bed).contains("unsubscribed  ana@example.org"), "{}", statuses(&bed));
    assert_eq!(mails(&bed).len(), 1);
}

#[test]
fn who_clicks_twice_has_confirmed() {
    let bed = bed("");
    let served = Served::start(&bed);
    for n in 0..8 {
        let address = format!("p{n}@example.org");
        served.post(SUBSCRIBE, &format!("email={address}")).ends(200);
        let confirm = link(&served, &bed, "weekly", &address);
        std::thread::scope(|scope| {
            let clicks = [(); 2].map(|()| scope.spawn(|| served.post(&confirm, "").status));
            assert_eq!(clicks.map(|click| click.join().expect("an answer")), [200, 200]);
        });
    }
}

#[test]
fn who_gets_what_is_no_newsletter_any_more_may_leave_it() {
    let bed = bed("[newsletters.monthly]\ntitle = \"Monthly\"\n");
    let served = Served::start(&bed);
    served.post("/newsletters/monthly/subscribe", "email=ana@example.org").ends(200);
    let confirm = link(&served, &bed, "monthly", "ana@example.org");
    served.post(&confirm, "").ends(200);
    drop(served);
    let settings = bed.read("infocus.toml");
    let without = settings.replace("[newsletters.monthly]\ntitle = \"Monthly\"\n", "");
    bed.write("infocus.toml", without);
    let served = Served::start(&bed);
    let leave = confirm.replace("confirm", "unsubscribe");
    assert!(served.post(&leave, "").ends(200).contains("You are unsubscribed"));
    let nobody = leave.replace(|c: char| c.is_ascii_digit(), "0");
    assert_eq!(served.post(&nobody, "").status, 404);
    bed.write("infocus.toml", settings);
    let told = bed.run(&["subscribers", "list", "monthly"]).ends(0).stdout;
    assert!(told.starts_with("unsubscribed"), "{told}");
}

#[test]
fn who_wants_none_of_the_feeds_does_not_get_all_of_them() {
    let bed = bed("");
    let served = Served::start(&bed);
    served.post(SUBSCRIBE, "email=ana@example.org&feeds=news").ends(200);
    let confirm = link(&served, &bed, "weekly", "ana@example.org");
    served.post(&confirm, "").ends(200);
    assert_eq!(served.post(&confirm.replace("confirm", "preferences"), "frequency=").status, 422);
    assert!(statuses(&bed).trim_end().ends_with("news"), "{}", statuses(&bed));
}

#[test]
fn who_left_and_thinks_better_of_it_within_a_day_is_asked_when_that_is_over() {
    let mut bed = bed("");
    let served = Served::start(&bed);
    served.post(SUBSCRIBE, "email=ana@example.org").ends(200);
    let confirm = link(&served, &bed, "weekly", "ana@example.org");
    served.post(&confirm, "").ends(200);
    served.post(&confirm.replace("confirm", "unsubscribe"), "").ends(200);
    served.post(SUBSCRIBE, "email=ana@example.org").ends(200);
    served.post(SUBSCRIBE, "email=last@example.org").ends(200);
    link(&served, &bed, "weekly", "last@example.org");
    drop(served);
    std::fs::remove_dir_all(bed.path("outbox")).expect("it is removed");
    bed.at("2026-05-05T15:01:00Z").run(&["send"]).ends(0);
    assert_eq!(mails(&bed), ["confirm/weekly-ana@example.org.eml"]);
}

#[test]
fn what_somebody_agreed_to_is_kept_when_a_stranger_asks_for_them_again() {
    let mut bed = bed("");
    bed.run(&["subscribers", "add", "weekly", "ana@example.org", "--consent", "at the fair"])
        .ends(0);
    bed.run(&["subscribers", "remove", "weekly", "ana@example.org"]).ends(0);
    for at in ["2026-05-05T15:10:00Z", "2026-05-06T15:20:00Z"] {
        bed.at(at);
        let served = Served::start(&bed);
        served.post(SUBSCRIBE, "email=ana@example.org").ends(200);
        let confirm = link(&served, &bed, "weekly", "ana@example.org");
        let data = confirm.replace("confirm", "preferences") + "/data";
        let known = served.get(&data).ends(200);
        assert!(known.contains("at the fair"), "{at}: {known}");
        std::fs::remove_dir_all(bed.path("outbox")).expect("it is removed");
    }
}

#[test]
fn what_somebody_agreed_to_is_kept_however_often_they_are_asked() {
    let mut bed = bed("");
    let ana = "ana@example.org";
    bed.run(&["subscribers", "add", "weekly", ana, "--consent", "at the fair"]).ends(0);
    bed.run(&["subscribers", "remove", "weekly", ana]).ends(0);
    for at in ["2026-05-06T15:00:00Z", "2026-05-08T15:00:00Z"] {
        bed.at(at).run(&["subscribers", "add", "weekly", ana, "--ask"]).ends(0);
        let known = bed.run(&["subscribers", "export", "weekly", ana]).ends(0).stdout;
        assert!(known.contains("at the fair"), "{at}: {known}");
    }
}

#[test]
fn three_newsletters_are_asked_about_on_three_days() {
    let mut bed = bed("[newsletters.a]\ntitle = \"A\"\n[newsletters.b]\ntitle = \"B\"\n");
    let served = Served::start(&bed);
    for name in ["weekly", "a", "b"] {
        served.post(&format!("/newsletters/{name}/subscribe"), "email=ana@example.org").ends(200);
    }
    link(&served, &bed, "weekly", "ana@example.org");
    served.post("/newsletters/a/subscribe", "email=last@example.org").ends(200);
    link(&served, &bed, "a", "last@example.org");
    drop(served);
    for now in ["2026-05-05T15:30:00Z", "2026-05-06T16:30:00Z"] {
        bed.at(now).run(&["send"]).ends(0);
    }
    let ana = mails(&bed).into_iter().filter(|name| name.contains("ana@")).count();
    assert_eq!(ana, 3, "{:?}", mails(&bed));
}

#[test]
fn who_is_erased_is_gone_while_the_server_still_runs() {
    let bed = bed("");
    let served = Served::start(&bed);
    served.post(SUBSCRIBE, "email=ana@example.org").ends(200);
    let confirm = link(&served, &bed, "weekly", "ana@example.org");
    served.post(&confirm, "").ends(200);
    served.post(&format!("{}/erase", confirm.replace("confirm", "preferences")), "").ends(200);
    for (name, (bytes, _)) in bed.files("") {
        let text = String::from_utf8_lossy(&bytes);
        assert!(!name.contains("ana@example.org") && !text.contains("ana@example.org"), "{name}");
    }
}
