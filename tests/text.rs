//! Announcements as plain text, as people copy them from pages: what stands over the text.

use infocus::dates::Reader;
use infocus::extract::{RawItem, text};
use infocus::model::Evidence;
use proptest::prelude::*;

/// Kicker, title, date with its evidence, author and content; `-` for what is not there.
pub fn reading(item: RawItem) -> [String; 5] {
    let date = item.published.map(|date| match date.evidence {
        Evidence::Page => date.text,
        other => format!("{} ({})", date.text, other.as_str()),
    });
    let content = item.content.map(|html| html.trim_end().replace('\n', ""));
    [item.kicker, item.title, date, item.author, content]
        .map(|field| field.unwrap_or_else(|| "-".to_owned()))
}

/// Texts, and what they are read as: `B` is a body of no interest.
pub type Table<'a> = &'a [(&'a str, [&'a str; 5])];

pub const B: &str = "The Water Programme met its partners. They agreed on a plan.";

#[track_caller]
pub fn check(table: Table) {
    let with_body = |text: &str| text.replace("{B}", B);
    let mut wrong = String::new();
    for (announcement, expected) in table {
        let announcement = with_body(announcement);
        let expected = expected.map(with_body);
        let got = reading(text::read(&announcement, &Reader::new("en")));
        if got != expected {
            wrong += &format!("\n{announcement}\n  expected {expected:#?}\n  got      {got:#?}\n");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

const AS_COPIED: &str = "In Focus

New handbook: \u{201c}Across the River: Towards shared water services of the Lower Valley and its Neighbours\u{201d}

4 March 2024

1 March 2024, The Water Programme presents the handbook. It follows the meeting of 6 December 2023 & names <three> steps.

1. Shared frameworks for the valley.

2. Shared services
and their costs.

\u{a0}

The full text of the handbook is available here

More about the programme is available here

\u{a0}

Background

The Programme has worked in the valley since 2010.

Loading...";

const AS_COPIED_READ: [&str; 5] = [
    "In Focus",
    "New handbook: \u{201c}Across the River: Towards shared water services of the Lower Valley and its Neighbours\u{201d}",
    "4 March 2024",
    "-",
    "<p>1 March 2024, The Water Programme presents the handbook. It follows the meeting of \
     6 December 2023 &amp; names &lt;three&gt; steps.</p><ol><li>Shared frameworks for the \
     valley.</li><li>Shared services and their costs.</li></ol><p>The full text of the handbook is \
     available here</p><p>More about the programme is available here</p><h2>Background</h2>\
     <p>The Programme has worked in the valley since 2010.</p>",
];

#[test]
fn an_announcement_copied_from_a_page_is_read_whole() {
    check(&[(AS_COPIED, AS_COPIED_READ)]);
}

#[test]
fn line_ends_of_any_system_are_line_ends() {
    for end in ["\r", "\r\n", "\u{2028}", "\u{b}"] {
        check(&[(&AS_COPIED.replace('\n', end), AS_COPIED_READ)]);
    }
}

#[test]
fn a_title_in_several_lines_is_one_title() {
    let [kicker, title, date, author, body] = AS_COPIED_READ;
    let broken =
        |at: &str, end: &str| AS_COPIED.replacen(at, &format!("{}{end}", at.trim_end()), 1);
    for text in [
        broken("River: ", "\n"),
        broken("New handbook: ", "\n"),
        broken("New handbook: ", "\n\n"),
        broken("Towards ", "\n").replacen("services ", "services\n", 1),
    ] {
        check(&[(&text, [kicker, title, date, author, body])]);
    }
    check(&[
        (
            "A new handbook for all of the towns of the Lower\nValley and their neighbours\n\n4 March 2024\n\n{B}",
            [
                "-",
                "A new handbook for all of the towns of the Lower Valley and their neighbours",
                "4 March 2024",
                "-",
                "<p>{B}</p>",
            ],
        ),
        (
            "In Focus\nNew handbook for all of the towns of the Lower Valley\nThe Water Programme presents the handbook for the towns. It is free.\n\nBackground\n\n{B}",
            [
                "In Focus",
                "New handbook for all of the towns of the Lower Valley",
                "-",
                "-",
                "<p>The Water Programme presents the handbook for the towns. It is free.</p><h2>Background</h2><p>{B}</p>",
            ],
        ),
        (
            "Conference of the valley: towards an integrated flood-\nprotection of the towns\n\nDie Wasser-\nund Abfallwirtschaft der Region tagt in der alten-\nneuen Halle. Ende.",
            [
                "-",
                "Conference of the valley: towards an integrated flood-protection of the towns",
                "-",
                "-",
                "<p>Die Wasser- und Abfallwirtschaft der Region tagt in der alten-neuen Halle. Ende.</p>",
            ],
        ),
    ]);
}

#[test]
fn headers_vary_and_are_understood() {
    check(&[
        (
            "In Focus: A new handbook for the valley\n\n4 March 2024\n\n{B}",
            ["In Focus", "A new handbook for the valley", "4 March 2024", "-", "<p>{B}</p>"],
        ),
        (
            "News - Detail\n\nIn Focus\n\nA new handbook for the valley\n\n4 March 2024\n\n{B}",
            ["In Focus", "A new handbook for the valley", "4 March 2024", "-", "<p>{B}</p>"],
        ),
        (
            "News - Detail\n\nA new handbook for the valley\n\n{B}",
            ["-", "A new handbook for the valley", "-", "-", "<p>{B}</p>"],
        ),
        (
            "4 March 2024\n\nA new handbook for the valley\n\n{B}",
            ["-", "A new handbook for the valley", "4 March 2024", "-", "<p>{B}</p>"],
        ),
        (
            "In Focus\nA new handbook for the valley\n4 March 2024\n\n{B}",
            ["In Focus", "A new handbook for the valley", "4 March 2024", "-", "<p>{B}</p>"],
        ),
        (
            "Valley Report\n\nA new handbook for the valley\n\n4 March 2024\n\n{B}",
            ["Valley Report", "A new handbook for the valley", "4 March 2024", "-", "<p>{B}</p>"],
        ),
        (
            "Budget 2026\n\nVienna, 4 March 2024\n\n{B}",
            ["-", "Budget 2026", "Vienna, 4 March 2024", "-", "<p>{B}</p>"],
        ),
        ("A new handbook\n\n{B}", ["-", "A new handbook", "-", "-", "<p>{B}</p>"]),
        ("Only a title", ["-", "Only a title", "-", "-", "-"]),
    ]);
}

#[test]
fn a_label_is_the_kicker_and_what_it_stands_over_the_title() {
    check(&[
        (
            "Veranstaltung\n\nWas bringt die Reform?\n\n4. März 2024\n\n{B}",
            ["Veranstaltung", "Was bringt die Reform?", "4. März 2024", "-", "<p>{B}</p>"],
        ),
        (
            "Opinion\n\nWho decides on water?\n\n4 March 2024\n\n{B}",
            ["Opinion", "Who decides on water?", "4 March 2024", "-", "<p>{B}</p>"],
        ),
        (
            "Саопштење за јавност\n\nНова лабораторија отворена\n\n4. март 2024.\n\n{B}",
            [
                "Саопштење за јавност",
                "Нова лабораторија отворена",
                "4. март 2024.",
                "-",
                "<p>{B}</p>",
            ],
        ),
        (
            "In Focus:\n\nNew handbook for the valley\n\n{B}",
            ["In Focus", "New handbook for the valley", "-", "-", "<p>{B}</p>"],
        ),
        (
            "[In Focus]\n\nNew handbook for the valley\n\n{B}",
            ["In Focus", "New handbook for the valley", "-", "-", "<p>{B}</p>"],
        ),
        (
            "In Focus / Water\n\nNew handbook for the valley\n\n{B}",
            ["In Focus / Water", "New handbook for the valley", "-", "-", "<p>{B}</p>"],
        ),
        (
            "In Focus\n\nMigration\n\nNew handbook for the valley\n\n4 March 2024\n\n{B}",
            [
                "In Focus",
                "New handbook for the valley",
                "4 March 2024",
                "-",
                "<h2>Migration</h2><p>{B}</p>",
            ],
        ),
        (
            "In Focus – New handbook: the valley\n\n{B}",
            ["In Focus", "New handbook: the valley", "-", "-", "<p>{B}</p>"],
        ),
        (
            "PRESS RELEASE No. 12/2026\nFOR IMMEDIATE RELEASE\n\nHandbook for all\n\n{B}",
            ["PRESS RELEASE No. 12/2026", "Handbook for all", "-", "-", "<p>{B}</p>"],
        ),
        (
            "IN FOCUS | 4 March 2024\n\nHandbook for all\n\n{B}",
            ["IN FOCUS", "Handbook for all", "4 March 2024", "-", "<p>{B}</p>"],
        ),
        (
            "Press release – 4 March 2024\n\nHandbook for all\n\n{B}",
            ["Press release", "Handbook for all", "4 March 2024", "-", "<p>{B}</p>"],
        ),
        (
            "News | 21/02/2022\n\nHandbook for all\n\n{B}",
            ["News", "Handbook for all", "21/02/2022", "-", "<p>{B}</p>"],
        ),
        (
            "Pressemitteilung vom 4. März 2024\n\nHandbuch für alle\n\n{B}",
            ["Pressemitteilung", "Handbuch für alle", "4. März 2024", "-", "<p>{B}</p>"],
        ),
    ]);
}

#[test]
fn the_way_to_the_page_is_no_part_of_the_announcement() {
    check(&[
        (
            "Home\n\nNews\n\nHandbook for all\n\n4 May 2026\n\n{B}",
            ["News", "Handbook for all", "4 May 2026", "-", "<p>{B}</p>"],
        ),
        (
            "Home > News > Handbook for all\n\nHandbook for all\n\n4 May 2026\n\n{B}",
            ["-", "Handbook for all", "4 May 2026", "-", "<p>{B}</p>"],
        ),
        (
            "You are here: Home / News\n\nHandbook for all\n\n{B}",
            ["-", "Handbook for all", "-", "-", "<p>{B}</p>"],
        ),
        (
            "Startseite › Aktuelles › Handbuch für alle\n\n4. Mai 2026\n\n{B}",
            ["-", "Handbuch für alle", "4. Mai 2026", "-", "<p>{B}</p>"],
        ),
    ]);
}

#[test]
fn a_text_without_a_title_keeps_its_text() {
    let long = "The institute opens its doors to all who are curious about water. ".repeat(12);
    let long = long.trim();
    check(&[
        (long, ["-", "-", "-", "-", &format!("<p>{long}</p>")]),
        (&format!("{long}\n\n{B}"), ["-", "-", "-", "-", &format!("<p>{long}</p><p>{B}</p>")]),
        ("In Focus\n\n4 March 2024\n\n{B}", ["In Focus", "-", "4 March 2024", "-", "<p>{B}</p>"]),
        ("By Land And Sea\n\n{B}", ["-", "By Land And Sea", "-", "-", "<p>{B}</p>"]),
        (
            "The towns agree on a plan.\n\n4 March 2024\n\n{B}",
            ["-", "The towns agree on a plan.", "4 March 2024", "-", "<p>{B}</p>"],
        ),
    ]);
}

#[test]
fn nothing_gives_nothing() {
    check(&[("", ["-"; 5]), ("\u{a0}\n\nLoading...\n", ["-"; 5])]);
}

/// Lines of which headers and texts are made, in no order.
fn any_line() -> impl Strategy<Value = String> {
    let lines = [
        "",
        "",
        "",
        "In Focus",
        "Handbook for all",
        "Vienna, 4 March 2024",
        "Open Day, 14 June 2026",
        "4 March 2024",
        "Deadline: 3 May 2026",
        "By Jane Doe",
        "Was bringt die Reform?",
        "- one",
        "1. first",
        "2. second",
        "17. Februar 2024 – Das Institut",
        "New publication:",
        "“Across",
        "the River”",
        "The towns met. They agreed on a plan that costs nothing.",
        "Ministry of Water",
        "In Focus / Migration",
        "Press release – 4 March 2024",
        "[News]",
        "•bullet",
        "3-5 May 2026",
        "Valley Report",
        "Wasser-",
        "und Abwasser",
        "On 6 December 2021, we met.",
        "21/02/2022",
    ];
    prop_oneof![8 => prop::sample::select(lines.to_vec()).prop_map(str::to_owned), 1 => ".{0,40}"]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn no_word_is_lost_and_no_text_breaks_the_reader(lines in prop::collection::vec(any_line(), 0..14)) {
        let item = text::read(&lines.join("\n"), &Reader::new("en"));
        let [kicker, title, date, author, content] = reading(item);
        let kept = format!("{kicker} {title} {date} {author} {content}");
        let ascii = |line: &&String| line.is_ascii() && line.len() < 60;
        for word in lines.iter().filter(ascii).flat_map(|line| line.split(|c: char| !c.is_alphanumeric())) {
            let is_known = ["Share", "Print", "Loading"].contains(&word);
            prop_assert!(word.len() < 4 || is_known || kept.contains(word), "{word} of {lines:?} in {kept}");
        }
    }
}
