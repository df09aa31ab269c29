//! Definitions: what is right is compiled, what is wrong is told with file, line and way out.

use std::fs;

use infocus::catalog::Location;
use infocus::catalog::load;
use infocus::config::Settings;
use infocus::extract::Rules;
use tempfile::TempDir;

/// A site with one definition, `feeds/a.toml`, and two announcements beside it.
fn site(definition: &str) -> TempDir {
    let site = tempfile::tempdir().expect("a directory");
    fs::create_dir_all(site.path().join("feeds/news")).expect("feeds");
    fs::write(site.path().join("feeds/a.toml"), definition).expect("a definition");
    fs::write(site.path().join("feeds/news/one.txt"), "One").expect("an announcement");
    site
}

/// The problems with a definition, as a person reads them.
fn problems(definition: &str) -> String {
    let site = site(definition);
    load(site.path(), &Settings::default(), &|_| None).expect_err(definition).to_string()
}

const WHOLE: &str = r##"
title = "In Focus"
home_url = "https://www.example.org/news"
language = "de-AT"

[[source]]
files = "news/*.txt"

[[source]]
url = "https://www.example.org/news"
every = "2 days"
time_zone = "Europe/Vienna"
date_format = "%d/%m/%Y"
[source.html]
item = "article.news"
title = ["h3", "h2"]
url = "h3 a @href"
published = ["time @datetime", ".date"]
pages = 3
[source.detail]
content = ".article-body"
[source.keep]
kicker = "In Focus"
[source.drop]
title = ["/^test\\b/", "draft"]
"##;

#[test]
fn a_definition_is_compiled() {
    let site = site(WHOLE);
    let feeds = load(site.path(), &Settings::default(), &|_| None).expect("a feed");
    let feed = &feeds[0];
    assert_eq!((feed.slug.as_str(), feed.language.as_str(), feed.window), ("a", "de-AT", 50));
    assert!(
        matches!(&feed.sources[0].location, Location::Files { pattern, .. } if pattern == "news/*.txt")
    );
    let page = &feed.sources[1];
    assert_eq!((page.name.as_str(), page.every.as_hours()), ("a/2", 48));
    assert_eq!(page.defined_at.1, 9);
    assert!(matches!(page.rules, Rules::Html(_)));
    assert_eq!(page.pages, 3);
    assert_eq!((page.filter.keep.len(), page.filter.drop[0].patterns.len()), (1, 2));
}

#[test]
fn problems_are_told_with_line_and_way_out() {
    let head = "title = \"A\"\n[[source]]\n";
    let page = "title = \"A\"\n[[source]]\nurl = \"https://example.org/\"\n";
    let cases = [
        (
            "titel = \"A\"".to_owned(),
            "unknown key `titel`\n  at: feeds/a.toml:1\nhelp: did you mean `title`?",
        ),
        (
            "title = \"A\"".to_owned(),
            "feed `a` has no source\n  at: feeds/a.toml\nhelp: add a `[[source]]` with `files` or `url`",
        ),
        (
            format!("{head}files = \"nwes/*.txt\""),
            "there is no `nwes`\n  at: feeds/a.toml:3\nhelp: did you mean `news`?",
        ),
        (
            format!("{head}files = \"news/two.txt\""),
            "there is no `news/two.txt`\n  at: feeds/a.toml:3\nhelp: did you mean `one.txt`?",
        ),
        (
            format!("{head}files = \"news/***.txt\""),
            "bad glob `news/***.txt`\n  at: feeds/a.toml:3\n  reason: wildcards are either regular `*` or recursive `**`",
        ),
        (
            format!("{head}files = \"../../x/*.txt\""),
            "`../../x/*.txt` leads out of the site\n  at: feeds/a.toml:3\nhelp: put the files beside the definitions, or elsewhere under the site",
        ),
        (head.to_owned(), "source `a/1` has neither `files` nor `url`\n  at: feeds/a.toml:2"),
        (
            format!("{page}next_url = \"https://example.org/?page=2\""),
            "`next_url` leads nowhere: `https://example.org/?page=2`\n  at: feeds/a.toml:4\nhelp: an address with `{page}`, `{offset}` or `{next}`: `https://www.example.org/news?page={page}`",
        ),
        (
            format!("{page}[source.json]\ntitle = \"$.title\""),
            "`[source.json]` has no `item`\n  at: feeds/a.toml:4\nhelp: where the items are: `item = \"$.posts[*]\"`",
        ),
        (
            format!("{page}[source.request]\npassword = \"${{NEWS_PASSWORD}}\""),
            "there is no `NEWS_PASSWORD` in the environment\n  at: feeds/a.toml:5\nhelp: set it for the program: `NEWS_PASSWORD=... infocus refresh`",
        ),
        (
            format!("{page}date_format = \"DD.MM.YYYY\""),
            "bad date format `DD.MM.YYYY`\n  at: feeds/a.toml:4\nhelp: it says day, month and year, such as `%d/%m/%Y %H:%M`",
        ),
        (
            format!("{page}[source.html]\nitem = \"li >\""),
            "bad selector `li >`\n  at: feeds/a.toml:5\n  reason: it ends in a combinator\nhelp: a CSS selector, optionally with an attribute: `h3 a @href`",
        ),
        (
            format!("{page}every = \"soon\"\n[source.html]\nitem = \"li\""),
            "`soon` is no length of time\n  at: feeds/a.toml:4\nhelp: such as `30m`, `1h` or `2 days`",
        ),
        (
            format!("{page}[source.html]\nitem = \"li\"\ntitel = \"h3\""),
            "unknown key `titel`\n  at: feeds/a.toml:6\nhelp: did you mean `title`?",
        ),
        (
            format!("{page}[source.html]\nitem = \"li\"\n[source.keep]\ntitle = \"/(/\""),
            "bad regular expression `/(/`\n  at: feeds/a.toml:7\n  reason: error: unclosed group",
        ),
    ];
    for (definition, expected) in cases {
        assert_eq!(problems(&definition), expected, "{definition}");
    }
}

#[test]
fn all_problems_are_told_at_once() {
    let told = problems(
        "title = \"A\"\n[[source]]\nurl = \"gopher:x\"\n[source.html]\nitem = \"li >> a\"\ntitle = [\"h3\", \"::\"]",
    );
    for expected in ["`gopher:x` is no address", "bad selector `li >> a`", "bad selector `::`"] {
        assert!(told.contains(expected), "{told}");
    }
    assert_eq!(told.matches("\nerror: ").count(), 2, "{told}");
}
