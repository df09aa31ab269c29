//! The draft of the next edition, as a subscriber would get it.

use mailparse::{MailHeaderMap, ParsedMail, parse_mail};

use crate::bed::Bed;

fn bed() -> Bed {
    let bed = Bed::new();
    let settings = bed.read("infocus.toml");
    bed.write(
        "infocus.toml",
        settings
            + "[mail]\nfrom = \"Čuvari reke <news@example.org>\"\naddress = \"Bridge Street 1\"\n\
               [newsletters.weekly]\ntitle = \"In Focus weekly\"\n",
    );
    bed.write("feeds/news.toml", "title = \"News\"\n[[source]]\nfiles = \"news/*.txt\"\n");
    bed
}

/// Some announcements, each with a long text.
fn announce(bed: &Bed, numbers: std::ops::Range<usize>) {
    for n in numbers {
        let text = "The towns of the valley met & agreed on a plan for the river. ".repeat(6);
        bed.write(
            &format!("feeds/news/{n:05}.txt"),
            format!("In Focus\n\nDevet žaba, no. {n}\n\n1 May 2026\n\n{text}"),
        );
    }
}

/// Text and HTML of a message, decoded, and the length of its HTML part as it is sent.
fn parts(mail: &ParsedMail) -> (String, String, usize) {
    assert_eq!(mail.ctype.mimetype, "multipart/alternative");
    let [text, html] = mail.subparts.as_slice() else { panic!("two parts") };
    assert_eq!(
        (text.ctype.mimetype.as_str(), html.ctype.mimetype.as_str()),
        ("text/plain", "text/html")
    );
    let body = |part: &ParsedMail| part.get_body().expect("a body").replace("\r\n", "\n");
    (body(text), body(html), html.raw_bytes.len())
}

#[test]
fn what_has_no_label_stands_under_a_heading_of_its_own() {
    let bed = bed();
    announce(&bed, 0..1);
    bed.write(
        "feeds/news/plain.txt",
        "A ferry for the valley, from June on\n\n2 May 2026\n\nIt is free.",
    );
    bed.run(&["refresh"]).ends(0);
    let text = bed.read("preview/weekly/digest.txt");
    let labelled = text.find("== In Focus ==").expect("a label");
    let others = text.find("== Other announcements ==").expect("a heading");
    let ferry = text.find("A ferry for the valley, from June on\n2 May").expect("the item");
    assert!(labelled < others && others < ferry, "{text}");
}

#[test]
fn the_draft_has_every_item_in_both_parts_and_the_headers_of_a_list() {
    let bed = bed();
    announce(&bed, 0..5);
    let told = bed.run(&["refresh"]).ends(0).stdout;
    assert!(told.contains("preview/weekly/digest.html"), "it says where: {told}");
    let raw = std::fs::read(bed.path("preview/weekly/digest.eml")).expect("a mail");
    let mail = parse_mail(&raw).expect("a mail");
    let header = |name: &str| mail.headers.get_first_value(name).unwrap_or_default();
    assert_eq!(header("From"), "Čuvari reke <news@example.org>");
    assert_eq!(header("Subject"), "In Focus weekly: Devet žaba, no. 0");
    assert_eq!(header("List-Id"), "\"In Focus weekly\" <weekly.news.example.org>");
    assert_eq!(header("List-Unsubscribe-Post"), "List-Unsubscribe=One-Click");
    assert_eq!(header("Date"), "Mon, 4 May 2026 15:00:00 +0000");
    let (text, html, _) = parts(&mail);
    assert_eq!(text.trim(), bed.read("preview/weekly/digest.txt").trim());
    for item in bed.json_feed("news")["items"].as_array().expect("items") {
        for field in ["title", "url"] {
            let value = item[field].as_str().expect(field);
            assert!(text.contains(value) && html.contains(value), "{field} {value}");
        }
    }
    assert!(text.contains("Draft of the first edition"), "it says that it is one");
    assert!(html.contains("Bridge Street 1") && text.contains("Bridge Street 1"));
    assert!(!html.contains("href=\"#"), "no anchors: clients do not follow them");
}

#[test]
fn the_draft_does_not_change_while_the_items_do_not() {
    let mut bed = bed();
    announce(&bed, 0..3);
    bed.run(&["refresh"]).ends(0);
    let first = bed.files("preview");
    bed.at("2026-05-06T15:00:00Z").run(&["refresh"]).ends(0);
    assert_eq!(bed.files("preview"), first);
}

#[test]
fn the_mail_is_never_clipped_and_the_text_has_everything() {
    for n in [60, 150, 1200] {
        let bed = bed();
        let definition =
            bed.read("feeds/news.toml").replace("[[source]]", "window = 2000\n[[source]]");
        bed.write("feeds/news.toml", definition);
        announce(&bed, 0..n);
        bed.run(&["refresh"]).ends(0);
        let raw = std::fs::read(bed.path("preview/weekly/digest.eml")).expect("a mail");
        let (text, html, length) = parts(&parse_mail(&raw).expect("a mail"));
        assert!(length <= 100_000, "{n} items: {length} bytes");
        assert!(length > 60_000, "{n} items: only {length} bytes used");
        assert!(html.contains("/newsletters/weekly/unsubscribe"), "{n} items");
        assert_eq!(
            text.matches("Devet žaba, no. ").count(),
            n + text.lines().nth(1).map_or(0, |peek| peek.matches("Devet žaba").count())
        );
        let shown = html.matches("class=\"name\"").count();
        if shown < n {
            assert!(
                html.contains(&format!("{} more on the web", n - shown)),
                "{n} items, {shown} shown"
            );
        }
    }
}

#[test]
fn a_period_has_what_came_in_it_and_not_what_was_there_before() {
    let mut bed = bed();
    announce(&bed, 0..2);
    bed.run(&["refresh"]).ends(0);
    announce(&bed, 2..3);
    bed.at("2026-05-05T15:00:00Z").run(&["refresh"]).ends(0);
    let since = |bed: &Bed, moment| {
        bed.run(&["digest", "weekly", "--since", moment, "--out", "out"]).ends(0).stdout
    };
    assert!(
        since(&bed, "2026-05-05T15:00:00Z").starts_with("1 item, new: "),
        "begins at, included"
    );
    let text = bed.read("out/digest.txt");
    assert!(text.contains("Devet žaba, no. 2") && !text.contains("no. 1"), "{text}");
    assert_eq!(since(&bed, "2026-05-05T15:00:01Z"), "Nothing new: there would be no edition.\n");
    assert!(since(&bed, "2020-01-01T00:00:00Z").starts_with("1 item"), "backfill is no news");
}

#[test]
fn several_feeds_are_told_apart_and_an_item_in_two_is_shown_once() {
    let bed = bed();
    bed.write("feeds/other.toml", "title = \"Other\"\n[[source]]\nfiles = \"other/*.md\"\n");
    for (feed, title) in [("news", "Same"), ("other", "Same again")] {
        bed.write(
            &format!("feeds/{feed}/same.md"),
            format!("---\ntitle: {title}\nurl: https://www.example.org/same\n---\nText."),
        );
    }
    bed.write("feeds/other/own.md", "# Own\n\nText.");
    announce(&bed, 0..1);
    let definition = bed.read("feeds/news.toml").replace("news/*.txt", "news/*");
    bed.write("feeds/news.toml", definition);
    bed.run(&["refresh"]).ends(0);
    let text = bed.read("preview/weekly/digest.txt");
    assert_eq!(text.matches("https://www.example.org/same\n").count(), 1, "{text}");
    let place = |what: &str| text.find(what).unwrap_or_else(|| panic!("{what} in {text}"));
    assert!(place("== News ==") < place("== Other ==") && place("== Other ==") < place("\nOwn\n"));
}

#[test]
fn a_newsletter_without_a_sender_or_name_is_told_what_it_lacks() {
    let bed = bed();
    announce(&bed, 0..1);
    let told = bed.run(&["digest", "wekly"]).ends(2).stderr;
    assert_eq!(told, "error: there is no newsletter `wekly`\nhelp: did you mean `weekly`?\n");
    let settings =
        bed.read("infocus.toml").replace("from = \"Čuvari reke <news@example.org>\"\n", "");
    bed.write("infocus.toml", settings);
    let told = bed.run(&["check"]).ends(2).stderr;
    assert!(
        told.starts_with("error: newsletter `weekly` has no sender\n  at: infocus.toml\nhelp: "),
        "{told}"
    );
    let settings = bed.read("infocus.toml").replace("[mail]\n", "[mail]\nfrom = \"nobody\"\n");
    bed.write("infocus.toml", settings);
    let told = bed.run(&["check"]).ends(2).stderr;
    assert!(told.contains("`nobody` is no mail address"), "{told}");
    let settings = bed.read("infocus.toml").replace("\"nobody\"", "\"news@example.org\"");
    for name in ["../up", "Weekly", "a b"] {
        bed.write(
            "infocus.toml",
            settings.replace("newsletters.weekly", &format!("newsletters.\"{name}\"")),
        );
        let told = bed.run(&["check"]).ends(2).stderr;
        assert!(told.contains(&format!("`{name}` is no name for a newsletter")), "{told}");
    }
    bed.write(
        "infocus.toml",
        settings.replace("\"In Focus weekly\"", "\"In\\nBcc: x@example.org\""),
    );
    bed.run(&["refresh"]).ends(0);
    let mail = bed.read("preview/weekly/digest.eml");
    let (head, _) = mail.split_once("\r\n\r\n").expect("a body");
    assert!(!head.contains("\nBcc:"), "{head}");
}
