//! The text under a header: lists, headings, addresses, and what does not belong.

use infocus::dates::Reader;
use infocus::extract::{html, text};

/// Texts under a title, and the HTML they become.
#[track_caller]
fn check(table: &[(&str, &str)]) {
    let mut wrong = String::new();
    for (body, expected) in table {
        let item = text::read(&format!("A title for the text\n\n{body}"), &Reader::new("en"));
        let got = item.content.unwrap_or_default().replace('\n', "");
        if got != *expected || item.title.as_deref() != Some("A title for the text") {
            wrong += &format!("\n{body}\n  expected {expected}\n  got      {got}\n");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn marks_before_lines_make_a_list() {
    check(&[
        (
            "The document covers:\n- one thing\n- another thing\n- a third thing",
            "<p>The document covers:</p><ul><li>one thing</li><li>another thing</li><li>a third thing</li></ul>",
        ),
        (
            "It names three steps that the towns of the valley can take:\n1. Frameworks, of the law.\n2. Services\nand their costs.\n3. Costs.\nThe full text is available here\n\nMore text. End.",
            "<p>It names three steps that the towns of the valley can take:</p><ol><li>Frameworks, of the law.</li><li>Services and their costs.</li><li>Costs.</li></ol><p>The full text is available here</p><p>More text. End.</p>",
        ),
        ("a) one\nb) two", "<ol type=\"a\"><li>one</li><li>two</li></ol>"),
        ("(1) one\n(2) two", "<ol><li>one</li><li>two</li></ol>"),
        ("4. four\n5. five", "<ol start=\"4\"><li>four</li><li>five</li></ol>"),
        ("1. one\n1. two", "<ol><li>one</li><li>two</li></ol>"),
        ("1. Main results\n2. Other", "<ol><li>Main results</li><li>Other</li></ol>"),
        ("— one\n— two", "<ul><li>one</li><li>two</li></ul>"),
        ("•one\n• two", "<ul><li>one</li><li>two</li></ul>"),
        (
            "1. one\n- a\n- b\n2. two",
            "<ol><li>one</li></ol><ul><li>a</li><li>b</li></ul><ol start=\"2\"><li>two</li></ol>",
        ),
    ]);
    for mark in ["▪", "‣", "→", "●", "\u{f0b7}", "*", "·", "–"] {
        check(&[(&format!("{mark} one\n\n{mark} two"), "<ul><li>one</li><li>two</li></ul>")]);
    }
}

#[test]
fn a_numbered_list_goes_on_behind_other_text() {
    check(&[(
        "1. Frameworks\n\nWhat the law allows.\n\n2. Services\n\nFrom the laboratory on.\n\n3. Costs",
        "<ol><li>Frameworks</li></ol><p>What the law allows.</p><ol start=\"2\"><li>Services</li></ol><p>From the laboratory on.</p><ol start=\"3\"><li>Costs</li></ol>",
    )]);
}

#[test]
fn a_mark_that_stands_alone_is_part_of_the_text() {
    check(&[
        ("– We are glad, said the Minister.", "<p>– We are glad, said the Minister.</p>"),
        (
            "Text. More.\n\n- 5 degrees were measured.",
            "<p>Text. More.</p><p>- 5 degrees were measured.</p>",
        ),
        (
            "The 12. Sitzung follows the\n11. Sitzung of the council. End.",
            "<p>The 12. Sitzung follows the<br>11. Sitzung of the council. End.</p>",
        ),
        ("1. FC Wasserball wins.", "<p>1. FC Wasserball wins.</p>"),
    ]);
}

#[test]
fn the_number_of_a_day_begins_no_list() {
    for text in [
        "17. Februar 2024 – Das Institut stellt vor.",
        "17. februara 2024. Institut je otvoren.",
        "3. Mai 2026 ist auch ein Tag.",
        "17. Februar bleibt frei.",
        "1. Mai: Eröffnung\n\n2. Mai: Konzert",
        "1. Mai 2026: Eröffnung.\n\n2. Mai 2026: Konzert.",
    ] {
        let html: String = text.split("\n\n").map(|line| format!("<p>{line}</p>")).collect();
        check(&[(text, &html)]);
    }
}

#[test]
fn short_lines_of_an_address_stay_lines() {
    let long =
        "The institute has worked in the valley for the towns since the year of its founding. "
            .repeat(3);
    check(&[
        (
            &format!(
                "{}\n\nICMPD\nGonzagagasse 1\n1010 Vienna\n\nTel.: 1 23\nE-mail: a@example.org",
                long.trim()
            ),
            &format!(
                "<p>{}</p><p>ICMPD<br>Gonzagagasse 1<br>1010 Vienna</p><p>Tel.: 1 23<br>E-mail: a@example.org</p>",
                long.trim()
            ),
        ),
        (
            "The institute has worked in the valley\nfor the towns of the valley and of the\nriver. It is old.",
            "<p>The institute has worked in the valley for the towns of the valley and of the river. It is old.</p>",
        ),
    ]);
}

#[test]
fn what_a_page_leaves_behind_is_gone() {
    for residue in [
        "Share this",
        "Share this:",
        "Facebook\nTwitter",
        "Back to news",
        "Previous\n\nNext",
        "En savoir plus",
        "Read more",
        "Partager sur Facebook",
        "Share on LinkedIn",
        "-----",
        "***",
        "====",
        "© 2026 The Institute",
        "Share\nFacebook",
        "Loading",
        "Print",
        "Next",
        "Loading...",
        "Teilen\nDrucken",
        "Назад на вести",
    ] {
        check(&[(
            &format!("The towns met. They agreed.\n\n{residue}"),
            "<p>The towns met. They agreed.</p>",
        )]);
    }
    check(&[
        ("The towns met.\n\nRead more\n\nThey agreed.", "<p>The towns met.</p><p>They agreed.</p>"),
        (
            "=====\n\nThe towns met.\n-----\nThey agreed.",
            "<p>The towns met.</p><p>They agreed.</p>",
        ),
    ]);
}

#[test]
fn a_word_that_a_button_could_say_is_a_heading_over_text() {
    check(&[
        (
            "The towns met.\n\nLoading\n\nThe ships wait for it.",
            "<p>The towns met.</p><h2>Loading</h2><p>The ships wait for it.</p>",
        ),
        (
            "The towns met.\n\nBackground\n\n- one\n- two",
            "<p>The towns met.</p><h2>Background</h2><ul><li>one</li><li>two</li></ul>",
        ),
        (
            "The towns met.\n\n4 March 2024\n\nThey agreed.",
            "<p>The towns met.</p><p>4 March 2024</p><p>They agreed.</p>",
        ),
    ]);
}

/// A text made of a piece, so and so many times.
type Made = fn(usize) -> String;

#[test]
fn a_text_built_to_hurt_takes_time_in_proportion_to_its_length() {
    const TEXTS: [Made; 9] = [
        |n| "- a\n".repeat(n),
        |n| "1. abc\n".repeat(n),
        |n| "<".repeat(n),
        |n| "‹".repeat(n),
        |n| "“ ".repeat(n),
        |n| "a\n".repeat(n),
        |n| format!("a\n\n{}", "a\n".repeat(n)),
        |n| ".".repeat(2 * n),
        |n| format!("In Focus\n\n{}", "Share\n\n".repeat(n)),
    ];
    const PAGES: [Made; 5] = [
        |n| format!("<p>{}", "a<br>".repeat(n)),
        |n| format!("<p>{}</p><h1>T</h1>", "a<br>".repeat(n)),
        |n| format!("{}{}<p>x", "<b>".repeat(400), "<i>a</i>".repeat(n)),
        |n| "<article>a</article>".repeat(n),
        |n| "<nav><h1>a</h1></nav>".repeat(n),
    ];
    let reader = Reader::new("en");
    let in_proportion = |read: &dyn Fn(usize)| {
        let time = |n: usize| {
            let start = std::time::Instant::now();
            read(n);
            start.elapsed()
        };
        // Eight times as much would take 64 times as long if it were quadratic.
        (0..3).any(|_| time(40_000) < 30 * time(5_000).max(std::time::Duration::from_millis(1)))
    };
    for made in TEXTS {
        let is_fine = in_proportion(&|n| drop(text::read(&made(n), &reader)));
        assert!(is_fine, "{}", made(3));
    }
    for made in PAGES {
        let is_fine = in_proportion(&|n| drop(html::read(&made(n), &reader)));
        assert!(is_fine, "{}", made(3));
    }
}
