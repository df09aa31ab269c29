//! Definitions are repaired for pages that were built anew, and tried on pages that are kept.

use crate::drift::{RULES, TITLES, classic, ids, list, modern, page, settled};

#[test]
fn the_rules_of_a_page_that_was_built_anew_are_written_into_its_definition() {
    let (server, bed) =
        settled(&format!("# The mayor asked for this.\n{RULES}image = \"img @src\"\n"));
    let before = ids(&bed);
    assert!(bed.run(&["add", "--repair", "news"]).ends(0).stdout.contains("gives what it should"));
    server.change(|_| modern());
    let told = bed.run(&["add", "--repair", "news"]).ends(0).stdout;
    for line in ["-item = \"ul.news > li\"", "+item = \"div.card\"", "-summary = \"p\""] {
        assert!(told.contains(line), "{told}");
    }
    let definition = bed.read("feeds/news.toml");
    assert!(definition.contains("# The mayor asked for this."), "{definition}");
    assert!(definition.contains("image = \"img @src\""), "{definition}");
    let ran = bed.run(&["refresh", "--force"]).ends(0);
    assert_eq!(ran.stderr, "", "the rules find what they should");
    let after = ids(&bed);
    assert_eq!(after.len(), 9);
    assert!(before.iter().all(|known| after.contains(known)));
    assert!(bed.run(&["status"]).ends(0).stdout.contains("fresh"));
}

#[test]
fn a_page_that_is_right_with_less_is_taken_as_it_is() {
    let (server, bed) = settled(RULES);
    server.change(|_| classic(7..=8));
    bed.run(&["refresh", "--force"]).ends(3);
    let told = bed.run(&["add", "--repair", "news"]).ends(0).stdout;
    assert!(told.contains("counts as usual from now on"), "{told}");
    bed.run(&["refresh", "--force"]).ends(0);
    assert_eq!(ids(&bed).len(), 8);
}

#[test]
fn a_page_without_anything_known_is_not_repaired_by_guessing() {
    let (server, bed) = settled(RULES);
    let before = bed.read("feeds/news.toml");
    let other = |title: &str| {
        list(
            1..=8,
            "<article><h2><a href='/jobs/{n}'>{title}</a></h2><b>{day} April 2026</b></article>",
        )
        .replace("The", title)
    };
    let cards = TITLES.iter().fold(other("Job:"), |cards, title| {
        cards.replace(title, &title.chars().rev().collect::<String>())
    });
    server.change(move |_| page(&cards));
    let ran = bed.run(&["add", "--repair", "news"]).ends(1);
    assert!(ran.stderr.contains("--example"), "{}", ran.stderr);
    assert_eq!(bed.read("feeds/news.toml"), before);
    let example: String = TITLES[5].chars().rev().collect();
    bed.run(&["add", "--repair", "news", "--example", &example]).ends(0);
    assert!(bed.read("feeds/news.toml").contains("item = \"article\""));
}

#[test]
fn a_kept_page_shows_what_a_changed_definition_would_change() {
    let (_server, bed) = settled(RULES);
    let tried = bed.run(&["test"]).ends(0).stdout;
    assert_eq!(tried, "news/1: 8 items on the page of 2026-05-20, as then\n");
    let definition = bed.read("feeds/news.toml");
    let tried = |from: &str, to: &str| {
        bed.write("feeds/news.toml", definition.replace(from, to));
        bed.run(&["test", "news"]).ends(1).stdout
    };
    let told = tried("title = \"h3\"", "title = \"p\"");
    assert!(
        told.contains("  title  Annual report on the state of the dikes\n      -> What is"),
        "{told}"
    );
    let told = tried("published = \"time\"", "published = \"i\"");
    assert!(told.contains(": 2026-05-06 becomes none"), "{told}");
    let told = tried("ul.news > li", "ul.news > li:not(:first-child)");
    assert!(told.contains("  lost   Free swimming"), "{told}");
    let told = tried(
        "item = \"ul.news > li\"\ntitle = \"h3\"",
        "item = \"ul > li\"\ntitle = [\"h3\", \"a\"]",
    );
    assert!(told.contains("  new    About us"), "{told}");
    let files = bed.files("public");
    bed.write("feeds/news.toml", &definition);
    bed.run(&["test"]).ends(0);
    assert_eq!(bed.files("public"), files, "nothing is published");
}

#[test]
fn what_is_kept_keeps_no_feed_back() {
    let (server, bed) = settled(RULES);
    std::fs::remove_dir_all(bed.path("kept")).expect("it was there");
    bed.write("kept", "in the way");
    server.change(|_| classic(1..=9));
    let told = bed.run(&["refresh", "--force"]).ends(0).stderr;
    assert!(told.starts_with("warning: source `news/1`: failed to keep its page"), "{told}");
    assert_eq!(ids(&bed).len(), 9);
    assert!(bed.run(&["test"]).ends(1).stdout.contains("failed to read its kept page"));
}

#[test]
fn comments_stay_where_rules_are_repaired() {
    let rules = RULES
        .replace("item =", "# the cards\nitem =")
        .replace("title = \"h3\"", "title = \"h3\" # not the label");
    let (server, bed) = settled(&rules);
    server.change(|_| modern());
    bed.run(&["add", "--repair", "news"]).ends(0);
    let definition = bed.read("feeds/news.toml");
    assert!(definition.contains("# the cards\nitem = \"div.card\""), "{definition}");
    assert!(definition.contains("# not the label"), "{definition}");
}
