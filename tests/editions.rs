//! Editions: what is new in a period, once, at the time it was promised for.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use mailparse::parse_mail;
use serde_json::Value;

use crate::bed::Bed;
use crate::server::{Answer, Request, Server};

/// A site with an outbox, a newsletter of one feed, and one subscriber.
fn bed(newsletter: &str) -> Bed {
    let bed = Bed::new();
    let settings = bed.read("infocus.toml")
        + "[mail]\nfrom = \"news@example.org\"\n[newsletters.weekly]\ntitle = \"Weekly\"\n"
        + newsletter;
    bed.write("infocus.toml", settings);
    bed.write("feeds/news.toml", "title = \"News\"\n[[source]]\nfiles = \"news/*\"\n");
    announce(&bed, "news", "Before it all");
    bed
}

/// The same, of which the feed was read for the first time on 5 May.
fn begun(newsletter: &str) -> Bed {
    let mut bed = bed(newsletter);
    bed.at("2026-05-05T10:00:00Z").run(&["refresh"]).ends(0);
    subscribe(&bed, "ana@example.org");
    bed
}

fn announce(bed: &Bed, feed: &str, title: &str) {
    let name = title.replace(' ', "-").to_lowercase();
    bed.write(&format!("feeds/{feed}/{name}.txt"), format!("In Focus\n\n{title}\n\nText of it."));
}

fn subscribe(bed: &Bed, address: &str) {
    bed.run(&["subscribers", "add", "weekly", address]).ends(0);
}

/// Titles of what is new, and of what was changed, in each edition in the order of their names.
fn editions(bed: &Bed) -> Vec<(Vec<String>, Vec<String>)> {
    let files = bed.files("editions");
    let manifests = files.iter().filter(|(name, _)| name.ends_with("/edition.json"));
    let titles = |list: &Value| {
        let list = list.as_array().expect("a list");
        list.iter().map(|item| item["title"].as_str().expect("a title").to_owned()).collect()
    };
    manifests
        .map(|(_, (bytes, _))| {
            let manifest: Value = serde_json::from_slice(bytes).expect("JSON");
            let variant = &manifest["variants"][0];
            (titles(&variant["new"]), titles(&variant["updated"]))
        })
        .collect()
}

fn at(zone: &TimeZone, civil: &str) -> Timestamp {
    let civil: DateTime = civil.parse().expect("a time");
    zone.to_timestamp(civil).expect("a moment")
}

#[test]
fn consecutive_editions_have_every_item_once_whatever_the_clocks_do() {
    let zone = TimeZone::get("Europe/Vienna").expect("a zone");
    for (first, last) in [("2026-03-26", "2026-03-31"), ("2026-10-22", "2026-10-28")] {
        for schedule in ["30 2 * * *", "daily 08:00"] {
            let mut bed = bed(&format!("schedule = \"{schedule}\"\n"));
            let mut now = at(&zone, &format!("{first}T00:00:00"));
            let end = at(&zone, &format!("{last}T12:00:00"));
            bed.at(&now.to_string()).run(&["refresh"]).ends(0);
            subscribe(&bed, "ana@example.org");
            let mut announced = BTreeSet::new();
            while now < end {
                now += SignedDuration::from_mins(330);
                let title = format!("Item of {}", now.strftime("%d %H %M"));
                announce(&bed, "news", &title);
                announced.insert(title);
                bed.at(&now.to_string()).run(&["refresh"]).ends(0);
                bed.run(&["send"]).ends(0);
            }
            now += SignedDuration::from_hours(24);
            bed.at(&now.to_string()).run(&["send"]).ends(0);
            let editions = editions(&bed);
            let all: Vec<String> = editions.iter().flat_map(|(new, _)| new.clone()).collect();
            let once: BTreeSet<String> = all.iter().cloned().collect();
            assert_eq!(all.len(), once.len(), "{schedule}: nothing twice");
            assert_eq!(once, announced, "{schedule}: nothing left out");
            // The first day has nothing before half past two.
            let days = if first.starts_with("2026-03") { 6 } else { 7 };
            let expected = if schedule.ends_with("08:00") { days + 1 } else { days };
            assert_eq!(editions.len(), expected, "{schedule}: one a day");
        }
    }
}

#[test]
fn what_comes_at_the_very_moment_is_in_the_next_edition_only() {
    let mut bed = begun("schedule = \"Mon 08:00\"\n");
    announce(&bed, "news", "Just before");
    bed.at("2026-05-11T05:59:59Z").run(&["refresh"]).ends(0);
    announce(&bed, "news", "At eight");
    bed.at("2026-05-11T06:00:00Z").run(&["refresh"]).ends(0);
    let told = bed.run(&["send"]).ends(0).stdout;
    assert!(told.contains("weekly: an edition for 1 subscriber"), "{told}");
    let told = bed.at("2026-05-17T06:00:00Z").run(&["send", "weekly"]).ends(0).stdout;
    assert!(told.contains("the next edition is due on Mon 18 May 2026 08:00"), "{told}");
    bed.at("2026-05-18T06:00:10Z").run(&["send"]).ends(0);
    let titles: Vec<_> = editions(&bed).into_iter().map(|(new, _)| new).collect();
    assert_eq!(titles, [["Just before"], ["At eight"]]);
}

#[test]
fn without_news_there_is_no_edition_and_the_next_begins_where_the_last_ended() {
    let mut bed = begun("schedule = \"daily 08:00\"\n");
    for day in 6..9 {
        let told = bed.at(&format!("2026-05-0{day}T06:00:05Z")).run(&["send"]).ends(0).stdout;
        assert_eq!(told, "", "cron would mail every word");
        let told = bed.run(&["send", "weekly"]).ends(0).stdout;
        assert!(told.contains("weekly: skipped: empty"), "{told}");
    }
    assert!(bed.files("editions").is_empty() && bed.files("outbox").is_empty());
    announce(&bed, "news", "At last");
    bed.at("2026-05-08T10:00:00Z").run(&["refresh"]).ends(0);
    bed.at("2026-05-09T06:00:05Z").run(&["send"]).ends(0);
    let manifest = bed.read("editions/weekly-20260509T060000Z/edition.json");
    let manifest: Value = serde_json::from_str(&manifest).expect("JSON");
    assert_eq!(manifest["from"], "2026-05-05T10:00:00Z", "nothing was skipped");
}

#[test]
fn a_slot_that_was_missed_is_made_up_for_once_or_left_to_the_next() {
    let mut bed = begun("schedule = \"Mon 08:00\"\nlate = \"4h\"\n");
    announce(&bed, "news", "One");
    bed.at("2026-05-06T10:00:00Z").run(&["refresh"]).ends(0);
    bed.at("2026-05-11T09:00:00Z").run(&["send"]).ends(0);
    bed.at("2026-05-11T09:30:00Z").run(&["send"]).ends(0);
    assert_eq!(bed.files("outbox").len(), 1, "three hours late, once");
    announce(&bed, "news", "Two");
    bed.at("2026-05-12T10:00:00Z").run(&["refresh"]).ends(0);
    let told = bed.at("2026-05-18T11:00:00Z").run(&["send"]).ends(0).stdout;
    let expected = "weekly: the edition of Mon 18 May 2026 08:00 was missed, what it had comes later: \
                    the next edition is due on Mon 25 May 2026 08:00\n";
    assert_eq!(told, expected);
    let told = bed.at("2026-05-18T11:10:00Z").run(&["send"]).ends(0).stdout;
    assert_eq!(told, "", "once");
    bed.at("2026-05-25T06:10:00Z").run(&["send"]).ends(0);
    let titles: Vec<_> = editions(&bed).into_iter().map(|(new, _)| new).collect();
    assert_eq!(titles, [["One"], ["Two"]]);
}

#[test]
fn what_was_mailed_and_says_something_else_now_is_an_update_and_no_news() {
    let mut bed = begun("schedule = \"Mon 08:00\"\n");
    announce(&bed, "news", "Ferry times");
    bed.at("2026-05-06T10:00:00Z").run(&["refresh"]).ends(0);
    for words in
        ["Every hour, says the town council of the valley.", "Every two hours, all summer."]
    {
        bed.write("feeds/news/ferry-times.txt", format!("In Focus\n\nFerry times\n\n{words}"));
        bed.at(if words.contains("two") { "2026-05-08T10:00:00Z" } else { "2026-05-07T10:00:00Z" });
        bed.run(&["refresh"]).ends(0);
    }
    bed.at("2026-05-11T06:00:05Z").run(&["send"]).ends(0);
    let mail = bed.read("editions/weekly-20260511T060000Z/1/digest.txt");
    assert_eq!(mail.matches("\nFerry times\n").count(), 1, "{mail}");
    assert!(mail.contains("Every two hours"), "the newest text: {mail}");
    let other = "In Focus\n\nFerry times\n\nThere is no ferry until the autumn any more.";
    bed.write("feeds/news/ferry-times.txt", other);
    announce(&bed, "news", "Bridge opens");
    bed.at("2026-05-12T10:00:00Z").run(&["refresh"]).ends(0);
    bed.at("2026-05-18T06:00:05Z").run(&["send"]).ends(0);
    let (new, updated) = editions(&bed).pop().expect("an edition");
    assert_eq!((new, updated), (vec!["Bridge opens".to_owned()], vec!["Ferry times".to_owned()]));
    let mail = bed.read("editions/weekly-20260518T060000Z/1/digest.txt");
    let place = |text: &str| mail.find(text).unwrap_or_else(|| panic!("{text} in {mail}"));
    assert!(place("Bridge opens\n") < place("== Updated since the last edition =="));
    assert!(place("== Updated since the last edition ==") < place("There is no ferry until"));
}

#[test]
fn what_was_there_before_is_mailed_only_if_asked_for() {
    let mut bed = bed("schedule = \"Mon 08:00\"\n");
    for n in 0..40 {
        announce(&bed, "news", &format!("Old announcement of year {n}"));
    }
    bed.at("2026-05-10T10:00:00Z").run(&["refresh"]).ends(0);
    subscribe(&bed, "ana@example.org");
    let told = bed.at("2026-05-11T06:00:05Z").run(&["send", "weekly"]).ends(0).stdout;
    assert!(told.contains("goes out by `infocus send weekly --include-backlog`"), "{told}");
    let told = bed.run(&["send", "weekly", "--include-backlog"]).ends(0).stdout;
    assert!(told.contains("an edition for 1 subscriber"), "{told}");
    assert_eq!(editions(&bed)[0].0.len(), 41);
    bed.at("2026-05-18T06:00:05Z").run(&["send", "weekly", "--include-backlog"]).ends(0);
    assert_eq!(editions(&bed).len(), 1, "and only once");
}

#[test]
fn far_more_news_than_usual_wait_for_somebody_to_look() {
    let hook = Server::start(|_| Answer::page("thanks"));
    let mut bed = bed("schedule = \"Mon 08:00\"\n");
    let settings = bed.read("infocus.toml");
    let alerts = format!("[alerts]\nwebhook = \"{}\"\n[mail]\n", hook.url("/hook"));
    bed.write("infocus.toml", settings.replace("[mail]\n", &alerts));
    for n in 0..29 {
        announce(&bed, "news", &format!("Old announcement of year {n}"));
    }
    bed.at("2026-05-05T10:00:00Z").run(&["refresh"]).ends(0);
    subscribe(&bed, "ana@example.org");
    for n in 0..300 {
        announce(&bed, "news", &format!("Sudden announcement of year {n}"));
    }
    bed.at("2026-05-06T10:00:00Z").run(&["refresh"]);
    let ran = bed.at("2026-05-11T06:00:05Z").run(&["send"]).ends(3);
    let reason = "is held: 300 new items are far more than the usual 30";
    assert!(ran.stderr.contains(reason), "{}", ran.stderr);
    assert!(bed.files("outbox").is_empty());
    assert_eq!(hook.asked().iter().filter(|request| request.method == "POST").count(), 1);
    bed.run(&["edition", "discard", "weekly"]).ends(0);
    bed.run(&["send"]).ends(0);
    assert!(bed.files("outbox").is_empty());
    announce(&bed, "news", "One more");
    bed.at("2026-05-12T10:00:00Z").run(&["refresh"]).ends(0);
    bed.at("2026-05-18T06:00:05Z").run(&["send"]).ends(0);
    assert_eq!(editions(&bed)[1].0, ["One more"], "what was discarded is in no other");
    assert_eq!(bed.files("outbox").len(), 1);
}

#[test]
fn old_titles_under_new_addresses_wait_for_somebody_to_look() {
    let mut bed = bed("schedule = \"Mon 08:00\"\n");
    for n in 0..8 {
        announce(&bed, "news", &format!("Old announcement of year {n}"));
    }
    bed.at("2026-05-05T10:00:00Z").run(&["refresh"]).ends(0);
    subscribe(&bed, "ana@example.org");
    for n in 0..8 {
        let text = format!(
            "---\ntitle: Old announcement of year {n}\nurl: https://new.example.org/{n}\n---\nText."
        );
        bed.write(&format!("feeds/news/again-{n}.md"), text);
    }
    bed.at("2026-05-06T10:00:00Z").run(&["refresh"]).ends(0);
    let told = bed.at("2026-05-11T06:00:05Z").run(&["send"]).ends(3).stderr;
    assert!(told.contains("8 of 8 new items have titles that were announced before"), "{told}");
}

#[test]
fn an_edition_waits_for_approval_or_until_it_is_time() {
    let mut bed = begun("schedule = \"Mon 08:00\"\napproval = \"required\"\n");
    announce(&bed, "news", "One");
    bed.at("2026-05-06T10:00:00Z").run(&["refresh"]).ends(0);
    bed.at("2026-05-11T06:00:05Z").run(&["send"]).ends(3);
    let told = bed.at("2026-05-11T07:00:05Z").run(&["send", "weekly"]).ends(3).stdout;
    assert!(told.contains("weekly-20260511T060000Z is held: it waits for approval"), "{told}");
    bed.run(&["edition", "approve", "weekly"]).ends(0);
    bed.run(&["send"]).ends(0);
    assert_eq!(bed.files("outbox").len(), 1);
    let settings = bed.read("infocus.toml").replace("\"required\"", "\"until 10:00\"");
    bed.write("infocus.toml", settings);
    announce(&bed, "news", "Two");
    bed.at("2026-05-12T10:00:00Z").run(&["refresh"]).ends(0);
    bed.at("2026-05-18T06:00:05Z").run(&["send"]).ends(0);
    bed.at("2026-05-18T07:59:59Z").run(&["send"]).ends(0);
    assert_eq!(bed.files("outbox").len(), 1);
    bed.run(&["edition", "hold", "weekly"]).ends(0);
    bed.at("2026-05-18T08:00:05Z").run(&["send"]).ends(3);
    assert_eq!(bed.files("outbox").len(), 1, "held");
    bed.run(&["edition", "approve", "weekly"]).ends(0);
    bed.run(&["send"]).ends(0);
    assert_eq!(bed.files("outbox").len(), 2);
}

#[test]
fn people_pin_exclude_and_introduce_what_the_next_edition_has() {
    let mut bed = begun("schedule = \"Mon 08:00\"\n");
    for title in ["Ferry", "Bridge", "Tunnel"] {
        announce(&bed, "news", title);
    }
    bed.at("2026-05-06T10:00:00Z").run(&["refresh"]).ends(0);
    let notes = "subject = \"Ways over the river\"\nintro = \"Dear readers,\\n\\nspring is here.\"\n\
                 pin = [\"Tunnel\"]\nexclude = [\"Ferry\", \"Balloon\"]\n";
    bed.write("preview/weekly/edition.toml", notes);
    let told = bed.run(&["digest", "weekly"]).ends(0).stderr;
    assert!(told.contains("`edition.toml` names `Balloon`, which is not in it"), "{told}");
    assert!(bed.read("preview/weekly/digest.txt").contains("Dear readers,\n\nspring is here.\n"));
    bed.at("2026-05-11T06:00:05Z").run(&["send"]).ends(0);
    assert_eq!(editions(&bed)[0].0, ["Tunnel", "Bridge"]);
    let mail = bed.read("editions/weekly-20260511T060000Z/1/digest.eml");
    assert!(mail.contains("Subject: Ways over the river\r\n"), "{mail}");
    assert!(!bed.path("preview/weekly/edition.toml").exists(), "it was for this edition");
    assert_eq!(bed.read("editions/weekly-20260511T060000Z/edition.toml"), notes);
    bed.write("preview/weekly/edition.toml", "pinn = []\n");
    let told = bed.run(&["digest", "weekly"]).ends(2).stderr;
    assert!(told.contains("unknown key `pinn`\n  at: "), "{told}");
}

#[test]
fn an_edition_of_which_nothing_has_left_can_be_made_anew() {
    let mut bed = begun("schedule = \"Mon 08:00\"\napproval = \"required\"\n");
    announce(&bed, "news", "One");
    bed.at("2026-05-06T10:00:00Z").run(&["refresh"]).ends(0);
    bed.at("2026-05-11T06:00:05Z").run(&["send"]).ends(3);
    let first = bed.files("editions");
    bed.run(&["edition", "redo", "weekly"]).ends(0);
    assert!(bed.files("editions").is_empty());
    bed.run(&["send"]).ends(3);
    let bytes = |files: &crate::bed::Files| -> Vec<Vec<u8>> {
        files.values().map(|(bytes, _)| bytes.clone()).collect()
    };
    assert_eq!(bytes(&bed.files("editions")), bytes(&first), "the same to the byte");
    bed.run(&["edition", "approve", "weekly"]).ends(0);
    bed.run(&["send"]).ends(0);
    let told = bed.run(&["edition", "redo", "weekly"]).ends(2).stderr;
    assert!(told.contains("no edition of `weekly` is open or held or paused"), "{told}");
}

#[test]
fn no_more_items_are_shown_than_the_limits_allow_and_the_rest_is_counted() {
    let mut bed = begun("max_items = 20\n");
    for n in 0..57 {
        announce(&bed, "news", &format!("New announcement of year {n}"));
    }
    bed.at("2026-05-06T10:00:00Z").run(&["refresh"]);
    bed.at("2026-05-06T11:00:00Z").run(&["send", "weekly"]);
    bed.run(&["edition", "approve", "weekly"]);
    let shown = |name: &str| {
        let text = bed.read(&format!("editions/weekly-20260506T110000Z/1/{name}"));
        assert!(text.contains("37 more on the web"), "{text}");
        text.lines().filter(|line| line.contains("/items/")).count()
    };
    assert_eq!((shown("digest.txt"), shown("digest.html")), (20, 20));
    let settings = bed.read("infocus.toml").replace("max_items = 20", "max_per_section = 3");
    bed.write("infocus.toml", settings);
    for kicker in ["Water", "Roads"] {
        for n in 0..5 {
            let text = format!("{kicker}\n\n{kicker} announcement of year {n}\n\nText of it.");
            bed.write(&format!("feeds/news/{kicker}-{n}.txt"), text);
        }
    }
    bed.at("2026-05-07T10:00:00Z").run(&["refresh"]);
    bed.at("2026-05-07T11:00:00Z").run(&["send", "weekly"]).ends(0);
    let text = bed.read("editions/weekly-20260507T110000Z/1/digest.txt");
    assert_eq!(text.matches("2 more on the web").count(), 2, "{text}");
    assert_eq!(text.matches("/items/").count(), 6, "{text}");
}

/// What a subscriber chose.
struct Reader {
    address: String,
    feeds: Vec<&'static str>,
    frequency: &'static str,
    language: &'static str,
}

#[test]
fn everybody_gets_the_topics_they_chose_as_often_and_in_the_language_they_chose() {
    let frequencies = [
        ("", "Mon 08:00"),
        ("daily", "daily 08:00"),
        ("twice", "Mon,Thu 08:00"),
        ("monthly", "monthly 08:00"),
    ];
    let mut bed = bed("feeds = [\"news\", \"water\", \"roads\"]\nschedule = \"Mon 08:00\"\n\
         [newsletters.weekly.frequencies]\n\
         daily = \"daily 08:00\"\ntwice = \"Mon,Thu 08:00\"\nmonthly = \"monthly 08:00\"\n");
    for feed in ["water", "roads"] {
        let definition = format!("title = \"{feed}\"\n[[source]]\nfiles = \"{feed}/*.txt\"\n");
        bed.write(&format!("feeds/{feed}.toml"), definition);
        announce(&bed, feed, "Before it all");
    }
    let zone = TimeZone::get("Europe/Vienna").expect("a zone");
    let mut now = at(&zone, "2026-05-04T12:00:00");
    bed.at(&now.to_string()).run(&["refresh"]).ends(0);
    let mut readers = Vec::new();
    for feeds in [vec![], vec!["water"], vec!["water", "roads"]] {
        for (frequency, _) in frequencies {
            for language in ["", "de"] {
                let address = format!("r{}@example.org", readers.len());
                let mut add = vec!["subscribers", "add", "weekly", &address];
                add.extend(["--frequency", frequency, "--language", language]);
                if !feeds.is_empty() {
                    add.push("--feeds");
                    add.extend(&feeds);
                }
                bed.run(&add).ends(0);
                readers.push(Reader { address, feeds: feeds.clone(), frequency, language });
            }
        }
    }
    // What was announced when, and what everybody should have got, by the simplest reckoning.
    let mut announced: Vec<(Timestamp, &str, String)> = Vec::new();
    let mut expected: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut last: BTreeMap<&str, Timestamp> = BTreeMap::new();
    for day in 0..29 {
        let noon = now;
        for (n, feed) in ["news", "water", "roads"].into_iter().enumerate() {
            if (day + n) % (n + 2) == 0 {
                let title = format!("{feed} of day {day}");
                announce(&bed, feed, &title);
                announced.push((noon, feed, title));
            }
        }
        bed.at(&noon.to_string()).run(&["refresh"]).ends(0);
        let slot = noon + SignedDuration::from_hours(20);
        let civil = zone.to_datetime(slot);
        bed.at(&(slot + SignedDuration::from_secs(5)).to_string()).run(&["send"]).ends(0);
        for (frequency, _) in frequencies {
            let weekday = civil.weekday().to_monday_zero_offset();
            let is_due = match frequency {
                "" => weekday == 0,
                "daily" => true,
                "twice" => weekday == 0 || weekday == 3,
                _ => civil.day() == 1,
            };
            if !is_due {
                continue;
            }
            let from = last.insert(frequency, slot).unwrap_or(Timestamp::MIN);
            for reader in readers.iter().filter(|reader| reader.frequency == frequency) {
                let got = announced.iter().filter(|(at, feed, _)| {
                    *at >= from
                        && *at < slot
                        && (reader.feeds.is_empty() || reader.feeds.contains(feed))
                });
                expected
                    .entry(reader.address.clone())
                    .or_default()
                    .extend(got.map(|(_, _, title)| title.clone()));
            }
        }
        now += SignedDuration::from_hours(24);
    }
    let mut got: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, (bytes, _)) in bed.files("outbox") {
        let address =
            name.rsplit('/').next().and_then(|name| name.strip_suffix(".eml")).expect("a name");
        let mail = parse_mail(&bytes).expect("a mail");
        let text = mail.subparts[0].get_body().expect("a text").replace("\r\n", "\n");
        let reader = readers.iter().find(|reader| reader.address == address).expect("a reader");
        let leave = if reader.language == "de" { "Abbestellen: " } else { "Unsubscribe: " };
        assert!(text.contains(leave), "{text}");
        let titles = announced.iter().map(|(_, _, title)| title);
        let found = titles.filter(|title| text.contains(&format!("\n{title}\n"))).cloned();
        got.entry(address.to_owned()).or_default().extend(found);
    }
    for (address, titles) in expected {
        let got = got.remove(&address).unwrap_or_default();
        let once: BTreeSet<String> = got.iter().cloned().collect();
        assert_eq!(got.len(), once.len(), "{address}: nothing twice");
        assert_eq!(once, titles, "{address}");
    }
}

#[test]
fn who_changes_how_often_misses_nothing_and_gets_nothing_twice() {
    let mut bed = bed(
        "schedule = \"Mon 08:00\"\n[newsletters.weekly.frequencies]\ndaily = \"daily 09:00\"\n",
    );
    bed.at("2026-05-04T10:00:00Z").run(&["refresh"]).ends(0);
    subscribe(&bed, "ana@example.org");
    subscribe(&bed, "bo@example.org");
    for day in 4..20 {
        announce(&bed, "news", &format!("News of day {day}"));
        bed.at(&format!("2026-05-{day:02}T12:00:00Z")).run(&["refresh"]).ends(0);
        if day == 13 {
            let add = ["subscribers", "add", "weekly", "ana@example.org", "--frequency", "daily"];
            bed.run(&add).ends(0);
        }
        if day == 16 {
            bed.run(&["subscribers", "add", "weekly", "ana@example.org", "--frequency", ""])
                .ends(0);
        }
        for hour in ["06:00:05", "07:00:05"] {
            bed.at(&format!("2026-05-{:02}T{hour}Z", day + 1)).run(&["send"]).ends(0);
        }
    }
    bed.at("2026-05-25T06:00:05Z").run(&["send"]).ends(0);
    for reader in ["ana", "bo"] {
        let mut got = Vec::new();
        for (name, (bytes, _)) in bed.files("outbox") {
            if name.ends_with(&format!("{reader}@example.org.eml")) {
                let mail = parse_mail(&bytes).expect("a mail");
                let text = mail.subparts[0].get_body().expect("a text").replace("\r\n", "\n");
                got.extend((4..20).filter(|day| text.contains(&format!("\nNews of day {day}\n"))));
            }
        }
        got.sort_unstable();
        assert_eq!(got, (4..20).collect::<Vec<i32>>(), "{reader}");
    }
}

#[test]
fn an_edition_that_another_follows_is_not_made_anew() {
    let mut bed = begun("schedule = \"Mon 08:00\"\napproval = \"required\"\n");
    for (title, day, monday) in [("One", "06", "11"), ("Two", "12", "18")] {
        announce(&bed, "news", title);
        bed.at(&format!("2026-05-{day}T10:00:00Z")).run(&["refresh"]).ends(0);
        bed.at(&format!("2026-05-{monday}T06:00:05Z")).run(&["send"]).ends(3);
    }
    let told = bed.run(&["edition", "approve", "weekly"]).ends(0).stdout;
    assert!(told.contains("`weekly-20260511T060000Z` goes out"), "the oldest first: {told}");
    bed.run(&["edition", "hold", "weekly"]).ends(0);
    bed.run(&["edition", "redo", "weekly"]).ends(0);
    let told = bed.run(&["edition", "redo", "weekly"]).ends(0).stdout;
    assert!(told.contains("weekly-20260511T060000Z"), "none follows it any more: {told}");
    bed.run(&["send"]).ends(3);
    assert_eq!(editions(&bed)[0].0, ["Two", "One"]);
}

#[test]
fn what_comes_in_the_second_of_an_edition_is_in_the_next() {
    let mut bed = begun("");
    announce(&bed, "news", "One");
    bed.at("2026-05-06T10:00:00Z").run(&["refresh"]).ends(0);
    bed.at("2026-05-06T11:00:00.100Z").run(&["send", "weekly"]).ends(0);
    announce(&bed, "news", "Two");
    bed.at("2026-05-06T11:00:00.900Z").run(&["refresh"]).ends(0);
    bed.at("2026-05-07T11:00:00Z").run(&["send", "weekly"]).ends(0);
    let titles: Vec<_> = editions(&bed).into_iter().map(|(new, _)| new).collect();
    assert_eq!(titles, [["One"], ["Two"]]);
}

#[test]
fn what_was_kept_out_stays_out_when_it_is_edited_and_whatever_the_frequency() {
    let mut bed = begun(
        "schedule = \"Mon 08:00\"\n[newsletters.weekly.frequencies]\ndaily = \"daily 09:00\"\n",
    );
    bed.run(&["subscribers", "add", "weekly", "bo@example.org", "--frequency", "daily"]).ends(0);
    announce(&bed, "news", "Ferry");
    announce(&bed, "news", "Vacancy");
    bed.at("2026-05-06T10:00:00Z").run(&["refresh"]).ends(0);
    bed.write("preview/weekly/edition.toml", "intro = \"Hello\"\nexclude = [\"Vacancy\"]\n");
    bed.at("2026-05-07T07:00:05Z").run(&["send"]).ends(0);
    assert!(bed.path("preview/weekly/edition.toml").exists(), "the weekly one is still to come");
    let daily = bed.read("editions/weekly.daily-20260507T070000Z/1/digest.txt");
    assert!(!daily.contains("Vacancy") && !daily.contains("Hello"), "{daily}");
    bed.at("2026-05-11T06:00:05Z").run(&["send"]).ends(0);
    assert!(bed.read("editions/weekly-20260511T060000Z/1/digest.txt").contains("Hello"));
    bed.write("feeds/news/vacancy.txt", "In Focus\n\nVacancy\n\nIt is open again.");
    announce(&bed, "news", "Bridge");
    bed.at("2026-05-12T10:00:00Z").run(&["refresh"]).ends(0);
    bed.at("2026-05-18T06:00:05Z").run(&["send"]).ends(0);
    for edition in ["weekly-20260518T060000Z", "weekly.daily-20260518T060000Z"] {
        let path = format!("editions/{edition}/1/digest.txt");
        if bed.path(&path).exists() {
            assert!(!bed.read(&path).contains("Vacancy"), "{edition}");
        }
    }
    bed.at("2026-05-18T07:00:05Z").run(&["send"]).ends(0);
    let all: Vec<_> =
        editions(&bed).into_iter().flat_map(|(new, updated)| [new, updated]).collect();
    assert!(!all.concat().contains(&"Vacancy".to_owned()), "{all:?}");
}

#[test]
fn what_an_edition_taken_back_kept_out_can_come_in() {
    let mut bed = begun("schedule = \"Mon 08:00\"\napproval = \"required\"\n");
    announce(&bed, "news", "Ferry");
    announce(&bed, "news", "Vacancy");
    bed.at("2026-05-06T10:00:00Z").run(&["refresh"]).ends(0);
    bed.write("preview/weekly/edition.toml", "exclude = [\"Vacancy\"]\n");
    bed.at("2026-05-11T06:00:05Z").run(&["send"]).ends(3);
    assert_eq!(editions(&bed)[0].0, ["Ferry"]);
    bed.run(&["edition", "redo", "weekly"]).ends(0);
    bed.write("preview/weekly/edition.toml", "");
    bed.run(&["send"]).ends(3);
    assert_eq!(editions(&bed)[0].0.len(), 2);
}

#[test]
fn what_was_mailed_with_one_feed_is_no_news_of_another() {
    let feeds = |news: &'static [&str], dams: &'static [&str]| {
        move |request: &Request| {
            let titles = if request.path == "/news" { news } else { dams };
            let item = |title: &&str| {
                format!(
                    "<item><title>{title}</title><link>https://rivers.example/{title}</link></item>"
                )
            };
            let items: String = titles.iter().map(item).collect();
            Answer::page(format!(
                "<rss version=\"2.0\"><channel><title>T</title>{items}</channel></rss>"
            ))
            .with("content-type", "application/rss+xml")
        }
    };
    let server = Server::start(feeds(&["old"], &["older"]));
    let mut bed = bed("schedule = \"Mon 08:00\"\n");
    for (name, title) in [("news", "News"), ("dams", "Dams")] {
        let url = server.url(&format!("/{name}"));
        let feed = format!("title = \"{title}\"\n[[source]]\nurl = \"{url}\"\n");
        bed.write(&format!("feeds/{name}.toml"), feed);
    }
    bed.at("2026-05-05T10:00:00Z").run(&["refresh"]).ends(0);
    subscribe(&bed, "ana@example.org");
    server.change(feeds(&["sluice", "old"], &["older"]));
    bed.at("2026-05-06T10:00:00Z").run(&["refresh"]).ends(0);
    bed.at("2026-05-11T06:00:05Z").run(&["send"]).ends(0);
    server.change(feeds(&["sluice", "old"], &["sluice", "weir", "older"]));
    bed.at("2026-05-12T10:00:00Z").run(&["refresh"]).ends(0);
    bed.run(&["digest", "weekly"]).ends(0);
    assert!(!bed.read("preview/weekly/digest.txt").contains("sluice"), "nor in the draft");
    bed.at("2026-05-18T06:00:05Z").run(&["send"]).ends(0);
    let titles: Vec<_> = editions(&bed).into_iter().map(|(new, _)| new).collect();
    assert_eq!(titles, [["sluice"], ["weir"]]);
}

#[test]
fn who_changes_how_often_before_the_first_edition_misses_nothing() {
    let mut bed = bed(
        "schedule = \"Mon 08:00\"\n[newsletters.weekly.frequencies]\ndaily = \"daily 09:00\"\n",
    );
    bed.at("2026-05-04T10:00:00Z").run(&["refresh"]).ends(0);
    subscribe(&bed, "ana@example.org");
    bed.run(&["send"]).ends(0);
    announce(&bed, "news", "Ferry");
    bed.at("2026-05-05T10:00:00Z").run(&["refresh"]).ends(0);
    let add = ["subscribers", "add", "weekly", "ana@example.org", "--frequency", "daily"];
    bed.at("2026-05-08T10:00:00Z").run(&add).ends(0);
    bed.at("2026-05-09T07:00:05Z").run(&["send"]).ends(0);
    assert_eq!(editions(&bed)[0].0, ["Ferry"]);
}

#[test]
fn the_draft_shows_what_was_changed_as_the_edition_will() {
    let mut bed = begun("schedule = \"Mon 08:00\"\n");
    announce(&bed, "news", "Ferry");
    bed.at("2026-05-06T10:00:00Z").run(&["refresh"]).ends(0);
    bed.at("2026-05-11T06:00:05Z").run(&["send"]).ends(0);
    bed.write("feeds/news/ferry.txt", "In Focus\n\nFerry\n\nIt runs on Sundays, too.");
    bed.at("2026-05-12T10:00:00Z").run(&["refresh"]).ends(0);
    bed.run(&["digest", "weekly"]).ends(0);
    assert!(bed.read("preview/weekly/digest.txt").contains("Ferry"));
}

#[test]
fn what_was_mailed_is_on_the_web_for_everybody_and_nothing_of_those_who_got_it() {
    let mut bed = begun("schedule = \"Mon 08:00\"\napproval = \"required\"\n");
    bed.run(&["subscribers", "add", "weekly", "bo@example.org"]).ends(0);
    announce(&bed, "news", "Ferry times");
    bed.at("2026-05-06T10:00:00Z").run(&["refresh"]).ends(0);
    bed.at("2026-05-11T06:00:05Z").run(&["send"]).ends(3);
    assert!(!bed.path("public/newsletters").exists(), "nobody has got it");
    bed.run(&["edition", "approve", "weekly"]).ends(0);
    bed.run(&["send"]).ends(0);
    let page = bed.read("public/newsletters/weekly/weekly-20260511T060000Z.html");
    assert!(page.contains("Ferry times") && page.contains("11 May 2026"), "{page}");
    let list = bed.read("public/newsletters/weekly/index.html");
    let feed = bed.read("public/newsletters/weekly/feed.xml");
    assert!(!feed.contains("Sample") && !feed.contains("Description"), "{feed}");
    assert!(feed.contains("<description><![CDATA[Weekly, 11 May 2026]]></description>"), "{feed}");
    assert!(
        list.contains("./weekly-20260511T060000Z.html") && list.contains("./subscribe"),
        "{list}"
    );
    let mail = bed.read("outbox/weekly-20260511T060000Z/ana@example.org.eml");
    assert!(
        mail.contains("List-Archive: <https://news.example.org/newsletters/weekly/>"),
        "{mail}"
    );
    let token = mail
        .split("/preferences/")
        .nth(1)
        .map(|rest| rest.replace("=\r\n", "")[..32].to_owned())
        .expect("a link");
    for (name, (bytes, _)) in bed.files("public") {
        let text = String::from_utf8_lossy(&bytes);
        for secret in [token.as_str(), infocus::newsletter::Token::BLANK, "ana@", "bo@"] {
            assert!(!text.contains(secret), "{secret} in {name}");
        }
    }
    let before = bed.files("public");
    std::fs::remove_dir_all(bed.path("public")).expect("it is removed");
    bed.at("2026-06-01T10:00:00Z").run(&["publish"]).ends(0);
    let names = |files: &crate::bed::Files| -> Vec<(String, Vec<u8>)> {
        files.iter().map(|(name, (bytes, _))| (name.clone(), bytes.clone())).collect()
    };
    assert_eq!(
        names(&bed.files("public")),
        names(&before),
        "the same again from what is remembered"
    );
}
