//! Announcements as plain text, as people copy them from pages.

use infocus::dates::Reader;
use infocus::extract::{RawItem, text};
use infocus::model::Evidence;

fn read(announcement: &str) -> RawItem {
    text::read(announcement, &Reader::new("en"))
}

/// Kicker, title and date of an announcement, `-` for what is not there.
fn header(announcement: &str) -> [String; 3] {
    let item = read(announcement);
    let date = item.published.map(|date| match date.evidence {
        Evidence::Page => date.text,
        other => format!("{} ({})", date.text, other.as_str()),
    });
    [item.kicker, item.title, date].map(|field| field.unwrap_or_else(|| "-".to_owned()))
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

#[test]
fn an_announcement_copied_from_a_page_is_read_whole() {
    assert_eq!(
        header(AS_COPIED),
        [
            "In Focus",
            "New handbook: \u{201c}Across the River: Towards shared water services of the Lower Valley and its Neighbours\u{201d}",
            "4 March 2024",
        ]
    );
    assert_eq!(
        read(AS_COPIED).content.as_deref(),
        Some(
            "<p>1 March 2024, The Water Programme presents the handbook. It follows the meeting of \
             6 December 2023 &amp; names &lt;three&gt; steps.</p>
<ol>
<li>Shared frameworks for the valley.</li>
<li>Shared services and their costs.</li>
</ol>
<p>The full text of the handbook is available here</p>
<p>More about the programme is available here</p>
<h2>Background</h2>
<p>The Programme has worked in the valley since 2010.</p>
"
        )
    );
}

#[test]
fn headers_vary_and_are_understood() {
    let body = "The Water Programme met its partners. They agreed on a plan.";
    let cases = [
        (
            "In Focus: A new handbook for the valley\n\n4 March 2024\n\n",
            ["In Focus", "A new handbook for the valley", "4 March 2024"],
        ),
        (
            "News - Detail\n\nIn Focus\n\nA new handbook for the valley\n\n4 March 2024\n\n",
            ["In Focus", "A new handbook for the valley", "4 March 2024"],
        ),
        (
            "News - Detail\n\nA new handbook for the valley\n\n",
            ["-", "A new handbook for the valley", "-"],
        ),
        (
            "4 March 2024\n\nA new handbook for the valley\n\n",
            ["-", "A new handbook for the valley", "4 March 2024"],
        ),
        (
            "In Focus\nA new handbook for the valley\n4 March 2024\n\n",
            ["In Focus", "A new handbook for the valley", "4 March 2024"],
        ),
        (
            "Valley Report\n\nA new handbook for the valley\n\n4 March 2024\n\n",
            ["Valley Report", "A new handbook for the valley", "4 March 2024"],
        ),
        (
            "A new handbook for all of the towns of the Lower\nValley and their neighbours\n\n4 March 2024\n\n",
            [
                "-",
                "A new handbook for all of the towns of the Lower Valley and their neighbours",
                "4 March 2024",
            ],
        ),
        ("Budget 2026\n\nVienna, 4 March 2024\n\n", ["-", "Budget 2026", "Vienna, 4 March 2024"]),
        (
            "A new handbook\n\nVienna, 4 March 2024 – ",
            ["-", "A new handbook", "4 March 2024 (inferred)"],
        ),
        (
            "A new handbook\n\nNovi Brod, 4. marta 2024. – ",
            ["-", "A new handbook", "4. marta 2024 (inferred)"],
        ),
        ("A new handbook\n\n", ["-", "A new handbook", "-"]),
    ];
    for (top, expected) in cases {
        let announcement = format!("{top}{body}");
        assert_eq!(header(&announcement), expected, "{announcement}");
        let content = read(&announcement).content.unwrap_or_default();
        assert!(content.contains("agreed on a plan.</p>"), "{announcement}: {content}");
    }
}

#[test]
fn a_date_inside_the_body_is_not_the_date_of_the_announcement() {
    let item = read("A new handbook\n\nThe partners met on 4 March 2024 in Vienna. They agreed.");
    assert_eq!(item.published, None);
}

#[test]
fn nothing_gives_nothing() {
    assert_eq!(read(""), RawItem::default());
    assert_eq!(read("\u{a0}\n\nLoading...\n"), RawItem::default());
}
