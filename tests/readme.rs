//! The README is true: its definitions are loaded and run, its commands are there.

use crate::bed::Bed;
use crate::rendered::has_browser;
use crate::server::{Answer, Request, Server};

const README: &str = include_str!("../README.md");

/// The indented blocks of a text.
fn blocks(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    lines
        .split(|line| !line.is_empty() && !line.starts_with("    "))
        .map(|block| block.iter().map(|line| format!("{}\n", line.trim_start())).collect())
        .collect()
}

/// What the servers of the examples answer.
fn example(request: &Request) -> Answer {
    let page = match request.path.as_str() {
        "/news" => {
            "<div class=news-card><i class=news-card__label>In Focus</i><h3><a href=/a>One</a></h3></div>"
        }
        "/a" => "<div class=article-body>All of it.</div>",
        "/newsroom" => {
            "<script>document.write('<article class=teaser><h2><a href=/a>One</a></h2></article>')</script>"
        }
        "/decisions" => {
            "<h2>May 2026</h2><h3>Council</h3><table class=decisions><tr><th>Day<th>Decision\
             <tr><td class=day>12<td><a href=/1>No. 1: One</a></table>"
        }
        "/notices" => "<h2>One</h2><p class=meta>Published: 3 May 2026</p><p>Text.</p>",
        "/notices?page=2" => "<p>No more.</p>",
        "/feed.xml" => {
            "<rss version='2.0'><channel><title>N</title><item><title>One</title><link>/1</link></item></channel></rss>"
        }
        "/api/news" => r#"{"data":[{"id":1,"title":"One"}],"meta":{"cursor":null}}"#,
        "/wp-json/wp/v2/posts?_embed" => r#"[{"link":"/1","title":{"rendered":"One"}}]"#,
        "/sitemap.xml" => "<urlset><url><loc>/press/1</loc></url></urlset>",
        "/press/1" => "<h1>One</h1><p>Text of it.</p>",
        "/members/news" if request.method == "POST" => "<ul><li class=news><a href=/1>One</a></ul>",
        _ => return Answer::status(404),
    };
    Answer::page(page)
}

#[test]
fn every_definition_in_the_readme_gives_an_item() {
    let server = Server::start(example);
    let definitions: Vec<String> =
        blocks(README).into_iter().filter(|block| block.contains("[[source]]\nurl")).collect();
    assert!(definitions.len() >= 8, "one for each kind of source: {}", definitions.len());
    for definition in definitions {
        if definition.contains("render") && !has_browser() {
            continue;
        }
        let bed = Bed::new();
        let here = definition.replace("https://www.example.org", &server.url(""));
        bed.write("feeds/news.toml", format!("title = \"News\"\n{here}"));
        let mut command = bed.command(&["refresh"]);
        let output = command.env("NEWS_PASSWORD", "geheim").output().expect("it runs");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{definition}\n{told}");
        assert_eq!(bed.json_feed("news")["items"][0]["title"], "One", "{definition}");
    }
}

#[test]
fn every_command_in_the_readme_is_one_of_the_program() {
    let help = Bed::new().run(&["--help"]).ends(0).stdout;
    let known: Vec<&str> = help
        .lines()
        .skip_while(|line| !line.starts_with("Commands:"))
        .skip(1)
        .map_while(|line| line.strip_prefix("  "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .collect();
    let table = README.lines().filter_map(|line| line.strip_prefix("| `"));
    let told: Vec<&str> = table.filter_map(|line| line.split([' ', '`']).next()).collect();
    assert_eq!(told, known, "the table of commands");
}

#[test]
fn who_follows_the_readme_comes_from_a_new_site_to_a_mail_in_the_outbox() {
    let bed = Bed::new();
    std::fs::remove_file(bed.path("infocus.toml")).expect("there is one");
    bed.run(&["init"]).ends(0);
    bed.write("feeds/news/ferry.txt", "In Focus\n\nA ferry for the valley\n\n1 May 2026\n\nFree.");
    bed.run(&["add", "news/*.txt"]).ends(0);
    bed.run(&["refresh"]).ends(0);
    let newsletters = README.split("## Newsletters").nth(1).expect("a section");
    let block = |start: &str| {
        let found = blocks(newsletters).into_iter().find(|block| block.contains(start));
        found.unwrap_or_else(|| panic!("a block with `{start}`"))
    };
    let settings = block("[newsletters.weekly]\ntitle");
    bed.write("infocus.toml", bed.read("infocus.toml") + &settings);
    for line in
        block("infocus send weekly --include-backlog").lines().filter(|line| !line.is_empty())
    {
        let arguments: Vec<&str> = line.split_whitespace().skip(1).collect();
        bed.run(&arguments).ends(0);
    }
    let outbox = bed.files("outbox");
    let (name, (mail, _)) = outbox.iter().next().expect("a mail");
    assert!(name.ends_with("/you@example.org.eml"), "{name}");
    assert!(String::from_utf8_lossy(mail).contains("A ferry for the valley"));
    // The rest of the section is valid, too.
    bed.write("dkim.pem", include_bytes!("keys/dkim.pem"));
    let relay = block("[mail.dkim]");
    let others = settings.split("[newsletters").nth(1).expect("a newsletter");
    let all = format!(
        "{}from = \"news@example.org\"\n{}[newsletters{others}{}",
        relay.split("\n\n").next().expect("mail").to_owned() + "\n",
        "[mail.dkim]".to_owned() + relay.split("[mail.dkim]").nth(1).expect("keys"),
        block("[newsletters.weekly.frequencies]"),
    );
    bed.write("infocus.toml", all);
    bed.run(&["check"]).ends(0);
    bed.write("preview/weekly/edition.toml", block("exclude = "));
    bed.run(&["digest", "weekly"]).ends(0);
}
