//! What is published, over HTTP: the bytes of the files, and as little of them as possible.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::bed::Bed;
use crate::served::Served;

/// A site of one feed that is looked at every hour.
fn bed() -> Bed {
    let bed = Bed::new();
    bed.write("feeds/news.toml", "title = \"News\"\n[[source]]\nfiles = \"news/*\"\n");
    for n in 0..40 {
        bed.write(
            &format!("feeds/news/{n}.txt"),
            format!("In Focus\n\nTitle {n}\n\nText of the {n}th."),
        );
    }
    bed.run(&["refresh"]).ends(0);
    bed
}

fn decoded(coding: &str, body: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    match coding {
        "gzip" => flate2::read::GzDecoder::new(body).read_to_end(&mut plain).map(drop),
        "br" => brotli::Decompressor::new(body, 4096).read_to_end(&mut plain).map(drop),
        "zstd" => zstd::stream::copy_decode(body, &mut plain),
        _ => plain.write_all(body),
    }
    .expect(coding);
    plain
}

#[test]
fn files_are_served_as_they_are_in_the_coding_that_is_wanted() {
    let bed = bed();
    let served = Served::start(&bed);
    for (name, media_type) in [
        ("news/feed.xml", "application/rss+xml; charset=utf-8"),
        ("news/atom.xml", "application/atom+xml; charset=utf-8"),
        ("news/feed.json", "application/feed+json; charset=utf-8"),
        ("news/index.html", "text/html; charset=utf-8"),
        ("feeds.opml", "text/x-opml; charset=utf-8"),
    ] {
        let bytes = bed.read(&format!("public/{name}")).into_bytes();
        let mut etags = Vec::new();
        for coding in ["identity", "gzip", "br", "zstd"] {
            let reply = served.ask("GET", &format!("/{name}"), &[("accept-encoding", coding)], b"");
            assert_eq!(reply.header("content-type"), media_type, "{name}");
            if bytes.len() > 1000 {
                assert_eq!(
                    reply.header("content-encoding"),
                    coding.replace("identity", ""),
                    "{name}"
                );
            }
            assert_eq!(
                decoded(reply.header("content-encoding"), &reply.body),
                bytes,
                "{name} {coding}"
            );
            assert!(reply.header("vary").contains("accept-encoding"));
            assert!(!reply.header("etag").starts_with("W/"));
            etags.push(reply.header("etag").to_owned());
            let head = served.ask("HEAD", &format!("/{name}"), &[("accept-encoding", coding)], b"");
            assert!(head.body.is_empty());
            for header in ["etag", "content-length", "content-type"] {
                assert_eq!(head.header(header), reply.header(header), "{header} of {name}");
            }
        }
        let all = etags.len();
        etags.sort();
        etags.dedup();
        assert!(bytes.len() < 1000 || etags.len() == all, "each coding has its own: {etags:?}");
    }
}

#[test]
fn who_has_it_already_is_told_so_until_it_changes() {
    let bed = bed();
    let served = Served::start(&bed);
    let first = served.ask("GET", "/news/feed.xml", &[("accept-encoding", "gzip")], b"");
    let (etag, modified) = (first.header("etag"), first.header("last-modified"));
    for known in [("if-none-match", etag), ("if-modified-since", modified), ("if-none-match", "*")]
    {
        let reply = served.ask("GET", "/news/feed.xml", &[("accept-encoding", "gzip"), known], b"");
        assert_eq!((reply.status, reply.body.len()), (304, 0), "{known:?}");
        assert_eq!(reply.header("etag"), etag);
        assert_eq!(reply.header("cache-control"), first.header("cache-control"));
    }
    let other = served.ask("GET", "/news/feed.xml", &[("if-none-match", "\"other\"")], b"");
    assert_eq!(other.status, 200);
    bed.write("feeds/news/new.txt", "In Focus\n\nBrand new\n\nText.");
    bed.run(&["refresh"]).ends(0);
    let headers = [("accept-encoding", "gzip"), ("if-none-match", etag)];
    let reply = served.ask("GET", "/news/feed.xml", &headers, b"");
    assert_eq!(reply.status, 200);
    assert!(String::from_utf8(decoded("gzip", &reply.body)).expect("text").contains("Brand new"));
}

#[test]
fn what_changes_twice_in_a_second_is_another_to_who_knows_its_date_alone() {
    let bed = bed();
    let at =
        std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_millis(1_700_000_000_250);
    let stamp = |text: &str| {
        let page = bed.path("public/page.html");
        bed.write("public/page.new", text);
        let file = std::fs::File::options().append(true).open(bed.path("public/page.new"));
        file.and_then(|file| file.set_modified(at)).expect("a date");
        std::fs::rename(bed.path("public/page.new"), page).expect("it is renamed");
    };
    stamp("one");
    let served = Served::start(&bed);
    let modified = served.get("/page.html").header("last-modified").to_owned();
    stamp("two");
    served.until("change", || (served.get("/page.html").text() == "two").then_some(()));
    let known = [("if-modified-since", &*modified)];
    assert_eq!(served.ask("GET", "/page.html", &known, b"").ends(200), "two");
    let known = [("if-unmodified-since", &*modified)];
    assert_eq!(served.ask("GET", "/page.html", &known, b"").status, 412);
}

#[test]
fn who_wants_what_they_know_or_nothing_gets_nothing_of_another() {
    let bed = bed();
    let served = Served::start(&bed);
    let etag = served.get("/news/feed.xml").header("etag").to_owned();
    for (known, expected) in [(&*etag, 200), ("*", 200), ("\"other\"", 412)] {
        let reply = served.ask("GET", "/news/feed.xml", &[("if-match", known)], b"");
        assert_eq!(reply.status, expected, "{known}");
    }
}

#[test]
fn half_a_request_does_not_keep_it_from_stopping() {
    let bed = bed();
    let served = Served::start(&bed);
    served.get("/news/feed.xml").ends(200);
    let mut stream = TcpStream::connect(served.address).expect("a connection");
    stream.write_all(b"GET /news/ HTTP/1.1\r\nhost: ne").expect("half a request");
    let began = std::time::Instant::now();
    assert_eq!(served.stop(), Some(0));
    // An answer that was begun has ten.
    assert!(began.elapsed() < std::time::Duration::from_secs(9), "{:?}", began.elapsed());
}

#[test]
fn feeds_are_good_for_a_quarter_of_the_time_between_two_looks() {
    let bed = bed();
    bed.write(
        "feeds/news.toml",
        "title = \"News\"\n[[source]]\nfiles = \"news/*\"\nevery = \"30m\"\n",
    );
    let served = Served::start(&bed);
    let good_for = |path: &str| served.get(path).header("cache-control").to_owned();
    assert_eq!(good_for("/news/feed.xml"), "public, max-age=450");
    assert_eq!(good_for("/"), "public, max-age=300");
}

#[test]
fn parts_are_given_of_what_the_client_has_the_rest_of() {
    let bed = bed();
    let bytes = bed.read("public/news/feed.xml").into_bytes();
    let served = Served::start(&bed);
    let etag = served.get("/news/feed.xml").header("etag").to_owned();
    let part = |headers: &[(&str, &str)]| served.ask("GET", "/news/feed.xml", headers, b"");
    let reply = part(&[("range", "bytes=10-19"), ("if-range", &etag)]);
    assert_eq!((reply.status, reply.body.as_slice()), (206, &bytes[10..20]));
    assert_eq!(reply.header("content-range"), format!("bytes 10-19/{}", bytes.len()));
    let reply = part(&[("range", "bytes=10-19"), ("if-range", "\"older\"")]);
    assert_eq!((reply.status, reply.body), (200, bytes.clone()));
    let reply = part(&[("range", "bytes=9999999-")]);
    assert_eq!(
        (reply.status, reply.header("content-range")),
        (416, &*format!("bytes */{}", bytes.len()))
    );
}

#[test]
fn who_has_it_all_is_told_so_and_given_no_part() {
    let bed = bed();
    let served = Served::start(&bed);
    let etag = served.get("/news/feed.xml").header("etag").to_owned();
    let range = ("range", "bytes=0-9");
    let conditional = served.ask("GET", "/news/feed.xml", &[range, ("if-none-match", &etag)], b"");
    assert_eq!(conditional.status, 304);
    assert_eq!(served.ask("HEAD", "/news/feed.xml", &[range], b"").status, 200);
}

#[test]
fn a_person_sees_the_page_of_a_feed_and_a_feed_reader_the_feed() {
    let bed = bed();
    let served = Served::start(&bed);
    let person = ("sec-fetch-dest", "document");
    let page = served.ask("GET", "/news/feed.xml", &[person], b"");
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert!(page.header("vary").contains("sec-fetch-dest"));
    assert_eq!(page.text(), bed.read("public/news/index.html"));
    let raw = served.ask("GET", "/news/feed.xml?raw", &[person], b"");
    assert_eq!(raw.text(), bed.read("public/news/feed.xml"));
    let script = served.ask("GET", "/news/feed.xml", &[("sec-fetch-dest", "empty")], b"");
    assert_eq!(script.header("access-control-allow-origin"), "*");
    assert_eq!(script.text(), bed.read("public/news/feed.xml"));
    let asked = served.ask(
        "OPTIONS",
        "/news/feed.xml",
        &[("access-control-request-headers", "if-none-match")],
        b"",
    );
    assert_eq!(asked.status, 204);
    assert!(asked.header("access-control-allow-headers").contains("if-none-match"));
}

#[test]
fn nothing_but_the_output_is_served() {
    let bed = bed();
    bed.write("public/.secret", "hidden");
    let served = Served::start(&bed);
    for path in [
        "/../infocus.toml",
        "/..%2finfocus.toml",
        "/%2e%2e/infocus.toml",
        "/news/..%5c..%5cinfocus.toml",
        "//infocus.toml",
        "/news%2Fitems",
        "/news%2ffeed.xml",
        "/news/%00",
        "/.secret",
        "/.infocus-new1/0",
        "/infocus.db",
        "/news/feed.xml/",
        "/%ff",
        "/C:/x",
    ] {
        let reply = served.get(path);
        assert_eq!(reply.status, 404, "{path}");
        assert!(reply.text().contains("There is no such page"), "{path}");
    }
    let moved = served.get("/news");
    assert_eq!((moved.status, moved.header("location")), (308, "./news/"));
    assert_eq!(served.ask("DELETE", "/news/feed.xml", &[], b"").status, 405);
}

#[test]
fn what_is_no_request_is_refused_and_the_others_are_answered() {
    let bed = bed();
    let served = Served::start(&bed);
    let header = format!("GET / HTTP/1.1\r\nx: {}\r\n\r\n", "y".repeat(1 << 20));
    assert_eq!(served.send(header.as_bytes()).status, 431);
    assert_eq!(served.send(b"\x16\x03\x01garbage\r\n\r\n").status, 400);
    let form = "x".repeat(1 << 20);
    assert!(matches!(served.post("/newsletters/weekly/subscribe", &form).status, 404 | 413));
    let slow: Vec<TcpStream> = (0..500)
        .map(|_| {
            let mut stream = TcpStream::connect(served.address).expect("a connection");
            stream.write_all(b"GET / HT").expect("some bytes");
            stream
        })
        .collect();
    assert_eq!(served.get("/news/feed.xml").status, 200);
    drop(slow);
}

#[test]
fn a_site_below_a_path_is_served_whether_its_proxy_cuts_that_off_or_not() {
    let bed = bed();
    let settings = bed.read("infocus.toml").replace("example.org/\"", "example.org/press/\"");
    bed.write("infocus.toml", settings);
    bed.run(&["publish"]).ends(0);
    let served = Served::start(&bed);
    for path in ["/press/news/feed.xml", "/news/feed.xml"] {
        assert_eq!(served.get(path).text(), bed.read("public/news/feed.xml"), "{path}");
    }
}

#[test]
fn the_path_of_a_site_may_be_the_name_of_a_feed_or_of_newsletters() {
    for (base, path) in [
        ("news", "/news/news/feed.xml"),
        ("news", "/news/feed.xml"),
        ("newsletters", "/newsletters/newsletters/weekly/subscribe"),
        ("newsletters", "/newsletters/weekly/subscribe"),
    ] {
        let bed = bed();
        let settings =
            bed.read("infocus.toml").replace("example.org/\"", &format!("example.org/{base}/\""));
        let newsletter =
            "[mail]\nfrom = \"news@example.org\"\n[newsletters.weekly]\ntitle = \"Weekly\"\n";
        bed.write("infocus.toml", settings + newsletter);
        bed.run(&["publish"]).ends(0);
        assert_eq!(Served::start(&bed).get(path).status, 200, "{path}");
    }
}

#[test]
fn a_server_that_is_asked_to_stop_does_so_and_says_that_all_is_well() {
    let bed = bed();
    let served = Served::start(&bed);
    served.get("/").ends(200);
    assert_eq!(served.stop(), Some(0));
}

#[test]
fn a_definition_that_is_changed_is_followed_and_a_broken_one_is_not() {
    let bed = bed();
    let served = Served::start(&bed);
    bed.write("feeds/news.toml", "title = \"News\"\nbroken\n");
    assert_eq!(served.get("/news/feed.xml").status, 200);
    bed.write(
        "feeds/news.toml",
        "title = \"News\"\n[[source]]\nfiles = \"news/*\"\nevery = \"20m\"\n",
    );
    served.until("other rhythm", || {
        let reply = served.get("/news/feed.xml");
        (reply.header("cache-control") == "public, max-age=300").then_some(())
    });
}

#[test]
fn what_check_refuses_is_not_served_and_all_else_that_is_changed_is() {
    let bed = bed();
    let newsletter =
        "[mail]\nfrom = \"news@example.org\"\n[newsletters.weekly]\ntitle = \"Weekly\"\n";
    let settings = bed.read("infocus.toml") + newsletter;
    bed.write("infocus.toml", &settings);
    let served = Served::start(&bed);
    bed.write("templates/subscriber/form.html", "{{nothing_of_the_kind}}");
    served.until("refusal", || served.told().contains("nothing_of_the_kind").then_some(()));
    assert_eq!(served.get("/newsletters/weekly/subscribe").status, 200);
    std::fs::remove_file(bed.path("templates/subscriber/form.html")).expect("it is removed");
    bed.write("elsewhere/index.html", "Another place");
    bed.write("infocus.toml", format!("output = \"elsewhere\"\n{settings}[serve]\nwishes = 1\n"));
    served.until("other output", || served.get("/").text().contains("Another").then_some(()));
    let wish = || served.post("/newsletters/weekly/subscribe", "email=ana@example.org").status;
    assert_eq!((wish(), wish()), (200, 429));
}

#[test]
fn programs_that_watch_hear_that_all_is_well_and_see_numbers() {
    let bed = bed();
    let settings = bed.read("infocus.toml") + "[serve]\nmetrics = [\"127.0.0.1/32\"]\n";
    bed.write("infocus.toml", settings);
    let served = Served::start(&bed);
    assert_eq!(served.get("/health").ends(200), "{\"status\":\"ok\"}\n");
    served.get("/news/feed.xml").ends(200);
    served.get("/nothing").ends(404);
    let metrics = served.get("/metrics").ends(200);
    for line in [
        "# TYPE infocus_http_requests_total counter\n",
        "infocus_http_requests_total{kind=\"file\",status=\"200\"} 1\n",
        "infocus_http_requests_total{kind=\"other\",status=\"404\"} 1\n",
        "infocus_feed_items{feed=\"news\"} 40\n",
        "infocus_source_failures{feed=\"news\",source=\"news/*\"} 0\n",
    ] {
        assert!(metrics.contains(line), "{line} in {metrics}");
    }
    let stranger = served.ask("GET", "/metrics", &[("x-forwarded-for", "192.0.2.7")], b"");
    assert_eq!(stranger.status, 403);
}

#[test]
fn the_log_says_what_was_asked_and_not_by_whom() {
    let bed = bed();
    let mut command = bed.command(&["serve", "--listen", "127.0.0.1:0", "--log"]);
    let log = bed.path("log");
    command.stdout(std::fs::File::create(&log).expect("a log"));
    let served = Served::with(command);
    let token = "0123456789abcdef0123456789abcdef";
    served.get(&format!("/newsletters/weekly/unsubscribe/{token}?x=ana@example.org"));
    for mangled in [
        "/newsletters//weekly/confirm",
        "//x/newsletters/weekly/confirm/=3D",
        "/NEWSLETTERS/weekly/confirm",
        "/newsletters%2fweekly%2fconfirm%2f",
        "/weekly",
    ] {
        served.get(&format!("{mangled}/{token}"));
        served.get(&format!("{mangled}/{token}/"));
    }
    served.stop();
    let log = bed.read("log");
    assert!(!log.contains(token), "{log}");
    assert!(log.contains("GET /newsletters/weekly/unsubscribe/... 404 "), "{log}");
    assert!(!log.contains("127.0.0.1") && !log.contains("ana"), "{log}");
}

#[test]
fn a_request_names_one_host() {
    let bed = bed();
    let served = Served::start(&bed);
    for (hosts, expected) in [("", 400), ("host: a\r\nhost: b\r\n", 400), ("host: a\r\n", 200)] {
        let request = format!("GET /news/feed.xml HTTP/1.1\r\n{hosts}connection: close\r\n\r\n");
        assert_eq!(served.send(request.as_bytes()).status, expected, "{hosts}");
    }
    assert_eq!(served.send(b"GET /news/feed.xml HTTP/1.0\r\n\r\n").status, 200);
}

#[test]
fn a_log_that_is_full_keeps_nobody_from_an_answer() {
    let bed = bed();
    let mut command = bed.command(&["serve", "--listen", "127.0.0.1:0", "--log"]);
    command.stdout(std::fs::File::options().write(true).open("/dev/full").expect("a full device"));
    let served = Served::with(command);
    assert_eq!(served.get("/news/feed.xml").status, 200);
    assert_eq!(served.get("/health").status, 200);
}

#[test]
fn however_a_path_is_written_it_is_one_file() {
    let bed = bed();
    let served = Served::start(&bed);
    let plain = served.get("/news/feed.xml");
    let other = served.get("/%6eews/%66eed.%78ml");
    assert_eq!((other.header("etag"), &other.body), (plain.header("etag"), &plain.body));
}

#[test]
fn a_feed_stands_in_the_place_of_nothing_else() {
    let bed = bed();
    bed.write("feeds/desk.toml", "title = \"Desk\"\n[[source]]\nfiles = \"news/*\"\n");
    let told = bed.run(&["check"]).ends(2).stderr;
    assert!(told.contains("cannot be called `desk`") && told.contains("feeds/desk.toml"), "{told}");
}
