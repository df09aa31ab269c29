//! The other commands, as somebody new to the program would use them.

use crate::bed::Bed;
use crate::server::{Answer, Server};

#[test]
fn a_new_site_is_made_and_left_alone_the_second_time() {
    let bed = Bed::new();
    let told = bed.run(&["init", "fresh"]).ends(0).stdout;
    assert!(told.contains("fresh/infocus.toml") && told.contains("infocus add"), "{told}");
    bed.run(&["--site", "fresh", "check"]).ends(0);
    let told = bed.run(&["--site", "fresh", "refresh"]).ends(0);
    assert_eq!((told.stdout.as_str(), told.stderr.as_str()), ("", ""));
    let told = bed.run(&["init", "fresh"]).ends(2).stderr;
    assert_eq!(
        told,
        "error: `fresh/infocus.toml` is there already\nhelp: nothing was changed; name another directory\n"
    );
}

#[test]
fn where_there_is_no_site_the_way_to_one_is_told() {
    let bed = Bed::new();
    let told = bed.run(&["--site", "nowhere", "refresh"]).ends(2).stderr;
    assert_eq!(
        told,
        "error: there is no `nowhere/infocus.toml`\nhelp: `infocus init` makes a site; `--site DIR` names another one\n"
    );
}

#[test]
fn a_folder_of_files_is_added_shown_and_published() {
    let bed = Bed::new();
    bed.write("feeds/Press Releases/a.txt", "In Focus\n\nA \"handbook\"\n\n3 May 2026\n\nText.")
        .write("feeds/Press Releases/b.txt", [0; 50]);
    let told = bed.run(&["add", "Press Releases/*.txt"]).ends(0).stdout;
    assert_eq!(
        told,
        "1 announcement:\n  3 May 2026          In Focus        A \"handbook\"\n\
         left out: `Press Releases/b.txt`: it is not text\nWritten: feeds/press-releases.toml\n"
    );
    assert!(bed.read("feeds/press-releases.toml").starts_with("title = \"Press releases\"\n"));
    bed.run(&["refresh"]).ends(3);
    assert_eq!(bed.json_feed("press-releases")["items"][0]["title"], "A \"handbook\"");
    let told = bed.run(&["add", "Press Releases/*.txt"]).ends(2).stderr;
    assert!(told.contains("there is a feed `press-releases` already"), "{told}");
}

#[test]
fn a_folder_and_a_path_from_the_site_are_understood() {
    for place in ["news", "news/", "feeds/news", "./feeds/news/*.txt", "news/*"] {
        let bed = Bed::new();
        bed.write("feeds/news/a.txt", "A\n\nText.");
        let told = bed.run(&["add", place]).ends(0).stdout;
        assert!(told.ends_with("Written: feeds/news.toml\n"), "{place}: {told}");
        bed.run(&["refresh"]).ends(0);
    }
}

#[test]
fn a_feed_that_exists_is_added_by_its_address() {
    let server = Server::start(|_| {
        Answer::page(
            "<rss version='2.0'><channel><title>N</title><item><title>One</title><link>/1</link></item></channel></rss>",
        )
    });
    let bed = Bed::new();
    let told = bed.run(&["add", &server.url("/feed.xml"), "--slug", "river"]).ends(0).stdout;
    assert!(told.starts_with("1 announcement:\n") && told.contains("One"), "{told}");
    bed.run(&["refresh"]).ends(0);
    assert_eq!(bed.json_feed("river")["items"][0]["url"], server.url("/1"));
}

#[test]
fn what_cannot_be_added_is_told_and_nothing_is_written() {
    let bed = Bed::new();
    bed.write("feeds/news/a.txt", "A\n\nText.");
    for (glob, told) in [
        ("nwes/*.txt", "error: there is no `nwes`\nhelp: did you mean `news`?\n"),
        (
            "news/*.md",
            "error: `news/*.md` finds no announcements\nhelp: put one there first; the glob is relative to `feeds/`\n",
        ),
    ] {
        assert_eq!(bed.run(&["add", glob, "--slug", "x"]).ends(2).stderr, told);
    }
    let server = Server::start(|_| Answer::page("<p>A page</p>"));
    let url = server.url("/");
    assert_eq!(
        bed.run(&["add", &url]).ends(2).stderr,
        format!(
            "error: the page is neither a feed nor a sitemap, and has no clear list\n  page: {url}\n\
             help: see what it has with `infocus probe {url}`, or write a definition with `[source.html]`, as the README shows\n"
        )
    );
    let told = bed.run(&["add", "news/a.txt", "news/b.txt"]).ends(2).stderr;
    assert!(told.contains("help: put the glob in quotes"), "{told}");
    assert!(!bed.path("feeds/x.toml").exists());
}

#[test]
fn templates_are_exported_overridden_and_checked() {
    let bed = Bed::new();
    bed.write("feeds/a.toml", "title = \"A\"\n[[source]]\nfiles = \"a/*.txt\"\n")
        .write("feeds/a/a.txt", "A\n\nText.");
    bed.run(&["templates", "export"]).ends(0);
    for (name, text) in [
        ("item.html", include_str!("../templates/item.html")),
        ("digest/body.txt", include_str!("../templates/digest/body.txt")),
    ] {
        assert_eq!(bed.read(&format!("templates/{name}")), text);
    }
    bed.write("templates/item.html", "<!DOCTYPE html>\n<title>{{item.title}}</title>");
    assert!(bed.run(&["templates", "export"]).ends(0).stdout.contains("0 templates written"));
    bed.run(&["refresh"]).ends(0);
    let page = bed.files("public/a/items").into_values().next().expect("a page").0;
    assert_eq!(String::from_utf8_lossy(&page), "<!DOCTYPE html>\n<title>A</title>");

    bed.write("templates/itme.html", "<p>");
    assert_eq!(
        bed.run(&["check"]).ends(2).stderr,
        "error: there is no template `itme.html`\n  at: templates/itme.html\nhelp: did you mean `item.html`?\n"
    );
    std::fs::remove_file(bed.path("templates/itme.html")).expect("removed");
    bed.write("templates/item.html", "<p>\n{{#if}}");
    let told = bed.run(&["check"]).ends(2).stderr;
    assert!(told.contains("at: templates/item.html:2"), "{told}");
    bed.write("templates/item.html", "<p>\n{{item.titel}}");
    let told = bed.run(&["check"]).ends(2).stderr;
    assert!(told.contains("`item.html`") && told.contains("titel"), "{told}");
    bed.write("templates/item.html", "<p>").write("templates/texts.toml", "[en]\narchive = 1\n");
    let told = bed.run(&["check"]).ends(2).stderr;
    assert!(told.contains("at: templates/texts.toml:2"), "{told}");
}

#[test]
fn programs_are_told_in_json() {
    let bed = Bed::new();
    bed.write("feeds/a.toml", "title = \"A\"\n[[source]]\nfiles = \"a/*.txt\"\n")
        .write("feeds/a/a.txt", "A\n\nText.");
    let json = |arguments: &[&str]| -> serde_json::Value {
        serde_json::from_str(&bed.run(arguments).ends(0).stdout).expect("JSON")
    };
    let report = json(&["refresh", "--json"]);
    assert_eq!(report["sources"][0]["verdict"], "fresh");
    assert_eq!(report["sources"][0]["new"], 1);
    assert_eq!(json(&["check", "--json"])["feeds"], 1);
    let status = json(&["--json", "status"]);
    assert_eq!(
        (&status["feeds"][0]["items"], &status["feeds"][0]["sources"][0]["state"]),
        (&1.into(), &"fresh".into())
    );
    assert_eq!(json(&["publish", "--json"])["feeds"][0]["changed"], 0);
}
