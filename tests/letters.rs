//! A mail as mail programs need it, whatever the announcements are like.

use mailparse::{MailHeaderMap, parse_mail};

use crate::bed::Bed;

const TITLES: [&str; 7] = [
    "اجتماع لجنة النهر في المدينة القديمة يوم الأحد",
    "Η επιτροπή συναντήθηκε για τα «νερά» του ποταμού",
    "River 🌊 festival: “it's” <b>bold</b> & free",
    "</style><script>alert(1)</script> in a title",
    "{{title}} {{#each items}} and %7B%7B liquid }} braces",
    "=?utf-8?Q?looks_encoded?= =3D and 100 % = done",
    "Line one of a title that somebody pasted\u{a0}with separators",
];

fn bed(language: &str) -> Bed {
    let bed = Bed::new();
    let settings = bed.read("infocus.toml")
        + "[mail]\nfrom = \"Ministère de l’Eau, “Service” <news@example.org>\"\n\
           [newsletters.weekly]\ntitle = \"Nouvelles\"\nlanguage = \""
        + language
        + "\"\n";
    bed.write("infocus.toml", settings);
    bed.write("feeds/news.toml", "title = \"News\"\n[[source]]\nfiles = \"news/*.md\"\n");
    bed
}

fn announce(bed: &Bed, n: usize, title: &str) {
    let title = serde_json::to_string(title).expect("a string");
    let text = "Ein Satz über den Fluß. ".repeat(20);
    bed.write(
        &format!("feeds/news/{n}.md"),
        format!("---\ntitle: {title}\nurl: https://www.example.org/news/{n}\n---\n{text}\n"),
    );
}

#[test]
fn any_title_comes_through_whole_and_harmless() {
    let long = "Sehr lange Überschrift ".repeat(15);
    for title in TITLES.into_iter().chain([long.trim()]) {
        let bed = bed("fr");
        announce(&bed, 1, title);
        bed.run(&["refresh"]).ends(0);
        let raw = std::fs::read(bed.path("preview/weekly/digest.eml")).expect("a mail");
        let text = String::from_utf8(raw.clone()).expect("ASCII");
        assert!(text.is_ascii(), "{title}");
        let (head, body) = text.split_once("\r\n\r\n").expect("a body");
        for line in head.split("\r\n") {
            assert!(line.len() <= 998, "{line}");
            for word in
                line.split(' ').filter(|word| word.starts_with("=?utf-8?") && word.ends_with("?="))
            {
                assert!(word.len() <= 75, "{word}");
            }
        }
        assert!(body.split("\r\n").all(|line| line.len() <= 76), "{title}");
        assert!(!text.replace("\r\n", "").contains(['\r', '\n']), "lines end in one way");
        let mail = parse_mail(&raw).expect("a mail");
        // The same as in the feed.
        let shown =
            bed.json_feed("news")["items"][0]["title"].as_str().expect("a title").to_owned();
        let subject = mail.headers.get_first_value("Subject").expect("a subject");
        let start: String = format!("Nouvelles: {shown}").chars().take(100).collect();
        assert!(subject.starts_with(&start), "{subject}");
        let from = mail.headers.get_first_value("From").expect("a sender");
        assert!(from.contains("Ministère de l’Eau, “Service”"), "{from}");
        assert_eq!(mail.ctype.mimetype, "multipart/alternative");
        let [plain, html] = mail.subparts.as_slice() else { panic!("two parts") };
        let plain = plain.get_body().expect("text");
        assert!(plain.contains(&shown), "{plain}");
        assert_eq!(plain.matches("https://www.example.org/news/1").count(), 1, "{plain}");
        let html = html.get_body().expect("HTML");
        let document = scraper::Html::parse_document(&html);
        let link = scraper::Selector::parse("h2 a").expect("a selector");
        let titles: Vec<String> =
            document.select(&link).map(|link| link.text().collect::<String>()).collect();
        assert_eq!(titles, [shown]);
        assert!(!html.contains("<script"), "{html}");
        let findings = infocus::newsletter::lint(&html);
        assert!(findings.is_empty(), "{title}: {findings:?}");
    }
}

#[test]
fn a_letter_is_written_from_the_right_where_its_language_is() {
    let bed = bed("ar");
    announce(&bed, 1, TITLES[0]);
    bed.run(&["refresh"]).ends(0);
    let html = bed.read("preview/weekly/digest.html");
    assert!(html.contains("<html lang=\"ar\" dir=\"rtl\">"), "{html}");
    let document = scraper::Html::parse_document(&html);
    let cell = scraper::Selector::parse("td[dir=rtl][lang=ar]").expect("a selector");
    assert!(
        document.select(&cell).next().is_some(),
        "mail programs drop what is outside of the body"
    );
    let raw = std::fs::read(bed.path("preview/weekly/digest.eml")).expect("a mail");
    let mail = parse_mail(&raw).expect("a mail");
    assert_eq!(mail.headers.get_first_value("Content-Language").as_deref(), Some("ar"));
}
