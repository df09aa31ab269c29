//! Which date in a plain text is that of the announcement, and which is not.

use crate::text::{B, check};

#[test]
fn a_title_with_a_date_in_it_stays_the_title() {
    check(&[
        ("Open Day, 14 June 2026\n\n{B}", ["-", "Open Day, 14 June 2026", "-", "-", "<p>{B}</p>"]),
        (
            "Sommerfest, 14. Juni 2026\n\n{B}",
            ["-", "Sommerfest, 14. Juni 2026", "-", "-", "<p>{B}</p>"],
        ),
        (
            "Results of the referendum of 3 May 2026\n\n5 May 2026\n\n{B}",
            ["-", "Results of the referendum of 3 May 2026", "5 May 2026", "-", "<p>{B}</p>"],
        ),
        (
            "In Focus\n\nOpen Day, 14 June 2026\n\n10 June 2026\n\n{B}",
            ["In Focus", "Open Day, 14 June 2026", "10 June 2026", "-", "<p>{B}</p>"],
        ),
        (
            "Statement on 8 March 2026\n\n{B}",
            ["-", "Statement on 8 March 2026", "-", "-", "<p>{B}</p>"],
        ),
        (
            "International Women's Day, 8 March 2026\n\nVienna, 5 March 2026 – {B}",
            [
                "-",
                "International Women's Day, 8 March 2026",
                "5 March 2026 (inferred)",
                "-",
                "<p>Vienna, 5 March 2026 – {B}</p>",
            ],
        ),
        (
            "In Focus\n\nHandbook for all 4 May 2026\n\n{B}",
            ["In Focus", "Handbook for all 4 May 2026", "-", "-", "<p>{B}</p>"],
        ),
        (
            "Conference, 3-5 May 2026, Belgrade\n\nPosted on 1 April 2026\n\n{B}",
            [
                "-",
                "Conference, 3-5 May 2026, Belgrade",
                "Posted on 1 April 2026",
                "-",
                "<p>{B}</p>",
            ],
        ),
        ("Pannonia, 4 March 2024\n\n{B}", ["-", "Pannonia, 4 March 2024", "-", "-", "<p>{B}</p>"]),
    ]);
}

#[test]
fn a_day_of_something_else_dates_nothing_and_stays_in_the_text() {
    let titled = |body: &str| {
        (format!("Call for experts\n\n{body}\n\n{B}"), format!("<p>{body}</p><p>{B}</p>"))
    };
    for body in [
        "Since 1 January 2010, the institute has been working in the valley.",
        "On 6 December 2021, the network met in Vienna. It was cold.",
        "Until 30 June 2020, applications are open.",
        "On 17 June 2026, the Ministry of Water will meet the towns.",
        "6 December 2021, the network met.",
        "8 March 2026, International Women's Day, is a holiday.",
        "Le 3 mai 2026, le réseau se réunit à Paris.",
        "In Vienna, on 3 May 2026, The Towns meet.",
        "Dana 3. maja 2026. Institut otvara vrata.",
        "3. Mai 2026 ist auch ein Tag.",
        "Open Day, 14 June 2026 – come and see the laboratory.",
        "4 May 2026 – 6 May 2026, in the town hall. Come.",
        "Join us on 3 May 2026.",
        "Register by 30 June 2026!",
        "Deadline: 3 May 2026",
        "Deadline, 3 May 2026",
        "Open Day, 14 June 2026",
        "3-5 May 2026",
        "Updated: 5 May 2026",
        "Event | 14 June 2026",
    ] {
        let (text, html) = titled(body);
        check(&[(&text, ["-", "Call for experts", "-", "-", &html])]);
    }
    check(&[
        (
            "Meeting of the towns\n\nDate: 14 June 2026\nVenue: Town hall\n\n{B}",
            [
                "-",
                "Meeting of the towns",
                "-",
                "-",
                "<p>Date: 14 June 2026<br>Venue: Town hall</p><p>{B}</p>",
            ],
        ),
        (
            "Call for experts\n\nDeadline:\n\n3 May 2026\n\n{B}",
            ["-", "Call for experts", "-", "-", "<p>Deadline:</p><p>3 May 2026</p><p>{B}</p>"],
        ),
        (
            "A new handbook\n\nThe partners met on 4 March 2024 in Vienna. They agreed.",
            [
                "-",
                "A new handbook",
                "-",
                "-",
                "<p>The partners met on 4 March 2024 in Vienna. They agreed.</p>",
            ],
        ),
    ]);
}

#[test]
fn a_line_that_says_when_it_was_published_is_the_date() {
    for line in [
        "4 March 2024",
        "Monday, 4 March 2024",
        "Published: 4 March 2024",
        "Posted on Monday, 4 March 2024",
        "Date: 4 March 2024",
        "4 March 2024, Vienna",
        "Veröffentlicht am 4. März 2024",
        "Wien, am 4. März 2024",
        "4. März 2024, 14.30 Uhr",
        "Publié le 4 mars 2024",
        "Paris, le 4 mars 2024",
        "lundi 4 mars 2024",
        "Objavljeno 4. marta 2024.",
        "Novi Brod, 4. marta 2024. godine",
        "Објављено: 4. март 2024.",
        "03/05/2026",
    ] {
        check(&[(
            &format!("A new handbook\n\n{line}\n\n{B}"),
            ["-", "A new handbook", line, "-", "<p>{B}</p>"],
        )]);
    }
    check(&[
        (
            "In Focus\n\nUpdated: 5 May 2026\n\nPublished: 3 March 2026\n\nHandbook for all\n\n{B}",
            ["In Focus", "Handbook for all", "Published: 3 March 2026", "-", "<p>{B}</p>"],
        ),
        (
            "Handbook for all\n\nPublished: 3 March 2026 | Updated: 5 May 2026\n\n{B}",
            ["-", "Handbook for all", "Published: 3 March 2026", "-", "<p>{B}</p>"],
        ),
    ]);
}

#[test]
fn a_dateline_dates_the_announcement_and_stays_in_its_text() {
    for (line, date) in [
        ("Vienna, 4 March 2024 – ", "4 March 2024"),
        ("Novi Brod, 4. marta 2024. – ", "4. marta 2024"),
        ("Vienna, 21 February 2022 - ", "21 February 2022"),
        ("17 February 2022, ", "17 February 2022"),
        ("VIENNA, March 4, 2024 -- ", "March 4, 2024"),
        ("Wien, am 3. Mai 2026 – ", "3. Mai 2026"),
        ("BELGRADE, 3 May 2026 /", "3 May 2026"),
        ("Vienna, 3 May 2026. ", "3 May 2026"),
        ("VIENNA, AUSTRIA, 4 May 2026 | ", "4 May 2026"),
        ("VIENNA (ICMPD), Monday, 4 May 2026 – ", "4 May 2026"),
        ("(Vienna, 4 May 2026) ", "4 May 2026"),
        ("17. Februar 2024 – ", "17. Februar 2024"),
        ("Београд, 3. маја 2026. године – ", "3. маја 2026"),
    ] {
        let expected = [
            "-",
            "A new handbook",
            &format!("{date} (inferred)"),
            "-",
            &format!("<p>{line}{B}</p>"),
        ];
        check(&[(&format!("A new handbook\n\n{line}{B}"), expected)]);
    }
    check(&[
        (
            "A new handbook\n\n{B}\n\nVienna, 4 May 2026",
            [
                "-",
                "A new handbook",
                "4 May 2026 (inferred)",
                "-",
                "<p>{B}</p><p>Vienna, 4 May 2026</p>",
            ],
        ),
        (
            "A new handbook\n\n{B}\n\nPublished: 4 May 2026",
            ["-", "A new handbook", "Published: 4 May 2026", "-", "<p>{B}</p>"],
        ),
        (
            "A new handbook\n\n{B}\n\nThe next meeting\n\nVienna, 4 May 2026",
            [
                "-",
                "A new handbook",
                "-",
                "-",
                "<p>{B}</p><p>The next meeting</p><p>Vienna, 4 May 2026</p>",
            ],
        ),
        (
            "A new handbook\n\n17. februara 2024. Institut je otvorio vrata.",
            [
                "-",
                "A new handbook",
                "-",
                "-",
                "<p>17. februara 2024. Institut je otvorio vrata.</p>",
            ],
        ),
    ]);
}

#[test]
fn the_date_is_found_behind_a_subtitle_an_author_or_a_label() {
    check(&[
        (
            "Clean water\n\nA subtitle\n\n4 March 2024\n\n{B}",
            ["-", "Clean water", "4 March 2024", "-", "<h2>A subtitle</h2><p>{B}</p>"],
        ),
        (
            "Title\n\nSubtitle\n\n4 March 2024\n\n{B}",
            ["-", "Title", "4 March 2024", "-", "<h2>Subtitle</h2><p>{B}</p>"],
        ),
        (
            "Title\n\nBy Jane Doe\n\n4 March 2024\n\n{B}",
            ["-", "Title", "4 March 2024", "Jane Doe", "<p>{B}</p>"],
        ),
        (
            "Title\n\nAutorin: Ana von der Weide | 4. März 2024\n\n{B}",
            ["-", "Title", "4. März 2024", "Ana von der Weide", "<p>{B}</p>"],
        ),
        (
            "Title\n\nBy Jane Doe and Bo Li, 4 March 2024\n\n{B}",
            ["-", "Title", "4 March 2024", "Jane Doe and Bo Li", "<p>{B}</p>"],
        ),
        (
            "Contact: Jane Doe\n\nTitle\n\n4 March 2024 by Jane Doe\n\n{B}",
            ["-", "Title", "4 March 2024", "Jane Doe", "<h2>Contact: Jane Doe</h2><p>{B}</p>"],
        ),
        (
            "Join us!\n\nOpen Day at the laboratory\n\n14 June 2026\n\n{B}",
            [
                "-",
                "Join us!",
                "-",
                "-",
                "<p>Open Day at the laboratory</p><p>14 June 2026</p><p>{B}</p>",
            ],
        ),
        (
            "Title\n\nIn Focus\n\n4 March 2024\n\n{B}",
            ["In Focus", "Title", "4 March 2024", "-", "<p>{B}</p>"],
        ),
        (
            "Title\n\n{B}\n\nStatement\n\n{B}",
            ["-", "Title", "-", "-", "<p>{B}</p><h2>Statement</h2><p>{B}</p>"],
        ),
    ]);
}
