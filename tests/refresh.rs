//! From announcements to feeds, through the front door.

use crate::bed::{Bed, is_on_file};

const NOTICE: &str = "In Focus\n\nA handbook for the valley\n\n3 May 2026\n\nThe towns met. They agreed on <a> plan & more.";

fn files_site() -> Bed {
    let bed = Bed::new();
    bed.write("feeds/news.toml", "title = \"News\"\n[[source]]\nfiles = \"news/*.txt\"\n")
        .write("feeds/news/handbook.txt", NOTICE)
        .write("feeds/news/budget.txt", "Budget 2027\n\nThe council has voted.");
    bed
}

#[test]
fn a_folder_of_files_becomes_feeds_pages_and_an_archive() {
    let bed = files_site();
    let told = bed.run(&["refresh"]).ends(0).stdout;
    assert!(told.contains("public/index.html"), "it says where: {told}");
    for file in [
        "index.html",
        "feeds.opml",
        "news/feed.xml",
        "news/atom.xml",
        "news/feed.json",
        "news/index.html",
        "news/archive/index.html",
        "news/archive/2026.html",
    ] {
        assert!(bed.path("public").join(file).is_file(), "{file}");
    }
    let feed = bed.json_feed("news");
    let titles: Vec<_> =
        feed["items"].as_array().expect("items").iter().map(|item| &item["title"]).collect();
    assert_eq!(titles, ["Budget 2027", "A handbook for the valley"]);
    let item = &feed["items"][1];
    assert_eq!(item["date_published"], "2026-05-03T12:00:00+02:00");
    assert_eq!(item["tags"][0], "In Focus");
    assert_eq!(
        item["content_html"],
        "<p>The towns met. They agreed on &lt;a&gt; plan &amp; more.</p>"
    );
}

#[test]
fn nothing_new_rewrites_nothing_today_and_tomorrow() {
    let mut bed = files_site();
    bed.run(&["refresh"]).ends(0);
    let first = bed.files("public");
    assert_eq!(bed.run(&["refresh"]).ends(0).stdout, "", "cron hears nothing when all is well");
    assert_eq!(bed.files("public"), first);
    bed.at("2026-05-06T09:00:00Z").run(&["refresh"]).ends(0);
    assert_eq!(bed.files("public"), first);
    bed.run(&["publish"]).ends(0);
    assert_eq!(bed.files("public"), first);
}

#[test]
fn what_fails_costs_the_rest_nothing_and_leaves_what_is_published() {
    let mut bed = files_site();
    bed.write("feeds/other.toml", "title = \"Other\"\n[[source]]\nfiles = \"other/*.txt\"\n")
        .write("feeds/other/one.txt", "One\n\nText of one.");
    bed.run(&["refresh"]).ends(0);
    let before = bed.files("public/other");
    std::fs::remove_file(bed.path("feeds/other/one.txt")).expect("removed");
    bed.write("feeds/news/third.txt", "Third\n\nText of the third.");
    let told = bed.at("2026-05-05T15:00:00Z").run(&["refresh"]).ends(3).stderr;
    assert!(
        told.starts_with("error: source `other/1` found no items\n  at: feeds/other.toml:2\n"),
        "{told}"
    );
    assert_eq!(bed.files("public/other"), before);
    assert_eq!(bed.json_feed("news")["items"].as_array().map(Vec::len), Some(3));
}

#[test]
fn junk_among_the_files_is_named_and_the_rest_goes_on() {
    let bed = files_site();
    bed.write("feeds/news/junk.txt", (0..=255).cycle().take(4000).collect::<Vec<u8>>())
        .write("feeds/news/huge.txt", vec![b'a'; 11_000_000])
        .write("feeds/news/nul.txt", "A ti\0tle\u{7}\n\nText\u{b}.");
    let told = bed.run(&["refresh"]).ends(3).stderr;
    assert!(told.contains("`news/junk.txt` was left out: it is not text"), "{told}");
    assert!(told.contains("`news/huge.txt` was left out: it is larger than 10 MB"), "{told}");
    let feed = bed.json_feed("news");
    assert_eq!(feed["items"].as_array().map(Vec::len), Some(3));
    assert!(bed.read("public/news/feed.json").contains("\"A title\""));
    for file in ["feed.xml", "atom.xml"] {
        let xml = bed.read(&format!("public/news/{file}"));
        roxmltree::Document::parse(&xml).unwrap_or_else(|error| panic!("{file}: {error}"));
    }
}

#[test]
fn an_edited_announcement_is_the_same_item_with_a_new_date_of_change() {
    let mut bed = files_site();
    bed.run(&["refresh"]).ends(0);
    let before = bed.json_feed("news")["items"][1].clone();
    bed.write("feeds/news/handbook.txt", NOTICE.replace("handbook", "better handbook"));
    bed.at("2026-05-05T15:00:00Z").run(&["refresh"]).ends(0);
    let after = bed.json_feed("news")["items"][1].clone();
    assert_eq!(after["title"], "A better handbook for the valley");
    assert_eq!(
        (&after["id"], &after["date_published"]),
        (&before["id"], &before["date_published"])
    );
    assert_eq!(after["date_modified"], "2026-05-05T17:00:00+02:00");
}

#[test]
fn what_is_wrong_with_a_site_stops_it_before_anything_is_written() {
    let bed = files_site();
    bed.write("feeds/news.toml", "titel = \"News\"\n[[source]]\nfiles = \"news/*.txt\"\n");
    for command in ["check", "refresh", "status"] {
        let told = bed.run(&[command]).ends(2).stderr;
        assert_eq!(
            told,
            "error: unknown key `titel`\n  at: feeds/news.toml:1\nhelp: did you mean `title`?\n"
        );
    }
    assert!(!bed.path("public").exists() && !bed.path("infocus.db").exists());
}

#[test]
fn a_server_that_does_not_answer_is_named_without_its_password() {
    let bed = files_site();
    let mut command = bed.command(&["refresh"]);
    command.env("INFOCUS_DATABASE", "postgres://infocus:secret@localhost/news?host=/nowhere");
    let told = crate::bed::Ran::from(command.output().expect("a run")).ends(1).stderr;
    assert!(
        told.contains("database `postgres://infocus:...@localhost/news?host=/nowhere`"),
        "{told}"
    );
    assert!(told.contains("help: ") && !told.contains("secret"), "{told}");
}

#[test]
fn a_corrupt_or_newer_database_is_named_and_left_as_it_is() {
    if !is_on_file("a corrupt or newer database is named and left as it is") {
        return;
    }
    let bed = files_site();
    bed.write("infocus.db", "this is no database, it is a text that someone put there by mistake");
    let before = bed.read("infocus.db");
    let told = bed.run(&["refresh"]).ends(1).stderr;
    assert!(told.contains("database `sqlite:infocus.db` is corrupt"), "{told}");
    assert_eq!(bed.read("infocus.db"), before);
    assert!(!bed.path("public").exists());

    std::fs::remove_file(bed.path("infocus.db")).expect("removed");
    bed.run(&["refresh"]).ends(0);
    let url = format!("sqlite://{}", bed.path("infocus.db").display());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let pool = sqlx::SqlitePool::connect(&url).await.expect("a database");
        let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                     VALUES (9999, 'of tomorrow', 1, x'00', 0)";
        sqlx::query(newer).execute(&pool).await.expect("a migration");
        pool.close().await;
    });
    let (before, published) =
        (std::fs::read(bed.path("infocus.db")).expect("bytes"), bed.files("public"));
    let told = bed.run(&["refresh"]).ends(1).stderr;
    assert!(told.contains("database `sqlite:infocus.db` was written by a newer infocus"), "{told}");
    assert_eq!(std::fs::read(bed.path("infocus.db")).expect("bytes"), before);
    assert_eq!(bed.files("public"), published);
}

#[test]
fn a_corrected_file_corrects_its_item() {
    let mut bed = Bed::new();
    bed.write("feeds/news.toml", "title = \"News\"\n[[source]]\nfiles = \"news/*.md\"\n");
    let file = |front: &str| format!("---\ntitle: A plan\n{front}---\nThe towns agreed.\n");
    bed.write("feeds/news/plan.md", file("date: 3 May 2025\nauthor: Ana\nkicker: In Focus\n"));
    bed.run(&["refresh"]).ends(0);
    let id = bed.json_feed("news")["items"][0]["id"].clone();
    bed.write("feeds/news/plan.md", file("date: 3 May 2026\nkicker: In Focus\n"));
    bed.at("2026-05-05T15:00:00Z").run(&["refresh"]).ends(0);
    let item = bed.json_feed("news")["items"][0].clone();
    assert_eq!((&item["id"], &item["date_published"]), (&id, &"2026-05-03T12:00:00+02:00".into()));
    assert_eq!(
        (&item["authors"], &item["tags"][0]),
        (&serde_json::Value::Null, &"In Focus".into())
    );
}

#[test]
fn what_editors_and_desktops_leave_in_a_folder_is_no_announcement() {
    let bed = files_site();
    bed.write("feeds/news.toml", "title = \"News\"\n[[source]]\nfiles = \"news/*\"\n");
    for leftover in [".draft.txt", "._a.txt", ".DS_Store", "a.txt~", "photo.jpg", "x.toml"] {
        bed.write(&format!("feeds/news/{leftover}"), "Not an announcement");
    }
    #[cfg(unix)]
    std::os::unix::fs::symlink("nowhere", bed.path("feeds/news/.#lock.txt")).expect("a lock");
    bed.run(&["refresh"]).ends(0);
    assert_eq!(bed.json_feed("news")["items"].as_array().map(Vec::len), Some(2));
}

#[test]
fn a_filter_that_is_added_later_hides_what_it_does_not_want() {
    let mut bed = files_site();
    bed.run(&["refresh"]).ends(0);
    bed.write(
        "feeds/news.toml",
        "title = \"News\"\n[[source]]\nfiles = \"news/*.txt\"\n[source.keep]\nkicker = \"In Focus\"\n",
    );
    bed.at("2026-05-05T15:00:00Z").run(&["refresh"]).ends(0);
    let feed = bed.json_feed("news");
    assert_eq!(feed["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(feed["items"][0]["title"], "A handbook for the valley");
}

#[test]
fn a_text_that_should_be_a_date_and_is_none_is_told_once() {
    let mut bed = Bed::new();
    bed.write("feeds/news.toml", "title = \"News\"\n[[source]]\nfiles = \"news/*.md\"\n")
        .write("feeds/news/plan.md", "---\ntitle: A plan\ndate: 31.02.2026\n---\nText.\n");
    let told = bed.run(&["refresh"]).ends(0).stderr;
    assert!(
        told.starts_with("warning: source `news/1`: no date of publication in `31.02.2026`; "),
        "{told}"
    );
    assert_eq!(bed.at("2026-05-05T15:00:00Z").run(&["refresh"]).ends(0).stderr, "");
}
