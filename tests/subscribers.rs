//! Who gets a newsletter: subscribing, leaving, being forgotten.

use crate::bed::{Bed, is_on_file};

fn bed() -> Bed {
    let bed = Bed::new();
    let settings = bed.read("infocus.toml")
        + "[mail]\nfrom = \"news@example.org\"\n\
           [newsletters.weekly]\ntitle = \"Weekly\"\nfeeds = [\"news\", \"jobs\"]\n\
           [newsletters.weekly.frequencies]\ndaily = \"daily 07:00\"\n";
    bed.write("infocus.toml", settings);
    for feed in ["news", "jobs"] {
        let definition = format!("title = \"{feed}\"\n[[source]]\nfiles = \"{feed}/*.txt\"\n");
        bed.write(&format!("feeds/{feed}.toml"), definition);
        bed.write(
            &format!("feeds/{feed}/one.txt"),
            "A ferry for the valley\n\n1 May 2026\n\nFree.",
        );
    }
    bed
}

fn list(bed: &Bed) -> Vec<String> {
    let told = bed.run(&["subscribers", "list", "weekly"]).ends(0).stdout;
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    told.lines().map(words).collect()
}

#[test]
fn an_import_tells_what_became_of_every_line() {
    let bed = bed();
    bed.run(&["subscribers", "add", "weekly", "Bo@Example.org"]).ends(0);
    bed.run(&["subscribers", "remove", "weekly", "bo@example.org"]).ends(0);
    bed.run(&["subscribers", "suppress", "weekly", "eve@example.org"]).ends(0);
    let table = "\u{feff}Name;E-Mail;Language;Frequency;Feeds\n\
                 \"Ana; Müller\";ana@example.org;de;daily;news\n\
                 Bo;bo@example.org;;;\n\
                 ;cy@bücher.example;;;\n\
                 Dee;dee at example.org;;;\n\
                 Eve;EVE@example.org;;;\n\
                 Flo;flo@example.org;;hourly;\n\
                 Gil;gil@example.org;;;sports\n\
                 Ana;ANA@example.org;;;\n\
                 Hal;;;;\n\
                 Ivo;ivo@127.0.0.1;;;\n";
    bed.write("people.csv", table);
    let told = bed.run(&["subscribers", "import", "weekly", "people.csv"]).ends(3).stdout;
    let expected = "\
2 added, 1 there already, 7 refused
  people.csv:3: `bo@example.org` has unsubscribed
  people.csv:5: `dee at example.org` is no address
  people.csv:6: `EVE@example.org` is never mailed again: by hand
  people.csv:7: there is no frequency `hourly`, there is `daily`
  people.csv:8: it carries no feed `sports`, it carries `news`, `jobs`
  people.csv:10: no address
  people.csv:11: `ivo@127.0.0.1` is no address
";
    assert_eq!(told, expected);
    let expected = [
        "active ana@example.org de, daily, news",
        "unsubscribed Bo@Example.org",
        "active cy@xn--bcher-kva.example",
    ];
    assert_eq!(list(&bed), expected);
}

#[test]
fn an_import_takes_what_old_programs_write() {
    let bed = bed();
    bed.write("old.csv", b"email\tname\r\nana@example.org\tM\xfcller\r\n");
    bed.write("bare.csv", "email\nbo@example.org\n");
    for file in ["old.csv", "bare.csv"] {
        bed.run(&["subscribers", "import", "weekly", file, "--consent", "asked at the fair"])
            .ends(0);
    }
    let exported = bed.run(&["subscribers", "export", "weekly"]).ends(0).stdout;
    let expected = "\
email,name,language,frequency,feeds,status,since,consent
ana@example.org,Müller,,,,active,2026-05-04T15:00:00Z,asked at the fair
bo@example.org,,,,,active,2026-05-04T15:00:00Z,asked at the fair
";
    assert_eq!(exported, expected);
    bed.write("none.csv", "Vorname,Nachname\nAna,Müller\n");
    let told = bed.run(&["subscribers", "import", "weekly", "none.csv"]).ends(1).stderr;
    assert!(told.contains("there is no column `email`, the first line has: `vorname`"), "{told}");
}

#[test]
fn what_is_exported_can_be_imported_elsewhere() {
    let (here, there) = (bed(), bed());
    let add = ["subscribers", "add", "weekly", "Ana Li <ana@example.org>", "--language", "fr"];
    here.run(&add).ends(0);
    there.write("people.csv", here.run(&["subscribers", "export", "weekly"]).ends(0).stdout);
    there.run(&["subscribers", "import", "weekly", "people.csv"]).ends(0);
    assert_eq!(list(&there), list(&here));
}

#[test]
fn who_is_forgotten_leaves_a_hash_and_is_never_subscribed_again() {
    if !is_on_file("who is forgotten leaves a hash and is never subscribed again") {
        return;
    }
    let bed = bed();
    bed.run(&["subscribers", "add", "weekly", "ana@example.org", "--consent", "by letter"]).ends(0);
    let known = bed.run(&["subscribers", "export", "weekly", "ana@example.org"]).ends(0).stdout;
    let known: serde_json::Value = serde_json::from_str(&known).expect("JSON");
    assert_eq!(known["consent"]["text"], "by letter");
    assert_eq!(known["consent"]["asked_at"], "2026-05-04T15:00:00Z");
    bed.run(&["subscribers", "erase", "weekly", "ANA@example.org"]).ends(0);
    assert!(list(&bed).is_empty());
    let told = bed.run(&["subscribers", "add", "weekly", "ana@example.org"]).ends(2).stderr;
    assert_eq!(told, "error: `ana@example.org` is never mailed again: erased\n");
    bed.write("people.csv", "email\nana@example.org\n");
    let told = bed.run(&["subscribers", "import", "weekly", "people.csv"]).ends(3).stdout;
    assert!(
        told.contains("people.csv:2: `ana@example.org` is never mailed again: erased"),
        "{told}"
    );
    let database = std::fs::read(bed.path("infocus.db")).expect("a database");
    let holds = |text: &[u8]| database.windows(text.len()).any(|window| window == text);
    assert!(!holds(b"ana@example.org"), "nothing of the address is left");
}

#[test]
fn who_left_comes_back_only_if_they_asked_for_it() {
    let bed = bed();
    let add = ["subscribers", "add", "weekly", "ana@example.org"];
    bed.run(&add).ends(0);
    bed.run(&["subscribers", "remove", "weekly", "ana@example.org"]).ends(0);
    let told = bed.run(&add).ends(2).stderr;
    assert!(told.starts_with("error: `ana@example.org` has left `weekly`\nhelp: "), "{told}");
    bed.run(&[&add[..], &["--again", "--consent", "paper form 77"]].concat()).ends(0);
    assert_eq!(list(&bed), ["active ana@example.org"]);
    let known = bed.run(&["subscribers", "export", "weekly", "ana@example.org"]).ends(0).stdout;
    assert!(known.contains("paper form 77"), "{known}");
    let told = bed.run(&["subscribers", "remove", "weekly", "bo@example.org"]).ends(2).stderr;
    assert!(told.starts_with("error: `bo@example.org` does not get `weekly`\n"), "{told}");
}

#[test]
fn who_is_asked_first_gets_nothing_until_they_confirm_and_the_receipt_says_to_what() {
    let mut bed = bed();
    let add = ["subscribers", "add", "weekly", "ana@example.org", "--ask", "--language", "de"];
    bed.run(&add).ends(0);
    let told = bed.run(&add).ends(0).stdout;
    assert!(told.contains("was asked within a day"), "{told}");
    assert_eq!(list(&bed), ["pending ana@example.org de"]);
    let mail =
        std::fs::read(bed.path("outbox/confirm/weekly-ana@example.org.eml")).expect("a mail");
    let mail = mailparse::parse_mail(&mail).expect("a mail");
    let text = mail.subparts[0].get_body().expect("a text");
    let token = text.split("/newsletters/weekly/confirm/").nth(1).expect("a link").lines().next();
    let token = token.expect("a token").to_owned();
    assert!(text.contains("Ja, ich möchte ihn"), "{text}");
    let told = bed.run(&["send", "weekly", "--include-backlog"]).ends(0).stdout;
    assert!(told.contains("nobody gets it yet"), "{told}");
    let answer = |token: &str| {
        bed.write(
            "answer.eml",
            format!("From: ana@example.org\nSubject: Re: confirm weekly {token}\n\n"),
        );
        bed.run(&["bounce", "answer.eml"]).ends(0).stdout
    };
    assert!(answer(&token.chars().rev().collect::<String>()).contains("0 confirmed, 1 ignored"));
    assert!(answer(&token).contains("1 confirmed"));
    assert!(answer(&token).contains("0 confirmed"), "once");
    assert_eq!(list(&bed), ["active ana@example.org de"]);
    let known = bed.run(&["subscribers", "export", "weekly", "ana@example.org"]).ends(0).stdout;
    let known: serde_json::Value = serde_json::from_str(&known).expect("JSON");
    assert_eq!(known["consent"]["confirmed_at"], "2026-05-04T15:00:00Z");
    assert!(known["consent"]["text"].as_str().expect("a text").contains("Ja, ich möchte ihn"));
    // Whoever left comes back the same way, a day later.
    bed.run(&["subscribers", "remove", "weekly", "ana@example.org"]).ends(0);
    bed.run(&add).ends(0);
    assert_eq!(list(&bed), ["unsubscribed ana@example.org de"]);
    bed.at("2026-05-05T15:00:01Z").run(&add).ends(0);
    assert_eq!(list(&bed), ["pending ana@example.org de"]);
}
