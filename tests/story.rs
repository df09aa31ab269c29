//! The whole way, with a real browser and a real exchange of mail: somebody subscribes, confirms, gets an
//! edition, leaves by one click, and gets no other.

use std::time::Duration;

use chromiumoxide::browser::{Browser, BrowserConfig};
use chromiumoxide::{Element, Page};
use futures_util::StreamExt;
use mailparse::{MailHeaderMap, parse_mail};

use crate::bed::Bed;
use crate::relay::Relay;
use crate::rendered::has_browser;
use crate::served::Served;

/// A browser with a window of some width, which is closed when the test ends.
struct Visitor {
    browser: Browser,
    page: Page,
    _profile: tempfile::TempDir,
}

impl Visitor {
    async fn start(width: u32) -> Visitor {
        let profile = tempfile::tempdir().expect("a directory");
        let mut config = BrowserConfig::builder()
            .new_headless_mode()
            .no_sandbox()
            .user_data_dir(profile.path())
            .window_size(width, 900);
        // Nobody is asked but the server of the test.
        config = config.arg("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1");
        let config = config.viewport(None).build().expect("a browser");
        let (browser, mut events) = Browser::launch(config).await.expect("a browser");
        tokio::spawn(async move { while events.next().await.is_some() {} });
        let page = browser.new_page("about:blank").await.expect("a page");
        Visitor { browser, page, _profile: profile }
    }

    async fn go(&self, url: &str) {
        self.page.goto(url).await.expect(url);
    }

    /// An element, once the page has come that has it.
    async fn find(&self, selector: &str) -> Element {
        let found = async {
            loop {
                match self.page.find_element(selector).await {
                    Ok(element) => return element,
                    Err(_) => tokio::task::yield_now().await,
                }
            }
        };
        let found = tokio::time::timeout(Duration::from_secs(30), found).await;
        found.unwrap_or_else(|_| panic!("there is no {selector}"))
    }

    async fn fill(&self, selector: &str, text: &str) {
        let mut field = self.find(selector).await;
        while field.click().await.is_err() {
            field = self.find(selector).await;
        }
        field.type_str(text).await.expect("it is typed");
    }

    /// Presses a button and waits for the page that it leads to.
    async fn press(&self, selector: &str, expected: &str) {
        self.find(selector).await.click().await.expect("a click");
        self.sees(expected).await;
    }

    /// Until a text is there; a page takes its time.
    async fn sees(&self, expected: &str) {
        let seen = async {
            loop {
                // Between two pages there is none.
                let text = self.page.evaluate("document.body.innerText").await.ok();
                let text =
                    text.and_then(|text| text.into_value::<String>().ok()).unwrap_or_default();
                if text.contains(expected) {
                    return;
                }
                tokio::task::yield_now().await;
            }
        };
        let seen = tokio::time::timeout(Duration::from_secs(30), seen).await;
        if seen.is_err() {
            panic!("no `{expected}` in {}", self.page.content().await.unwrap_or_default());
        }
    }

    /// True if nothing stands out to the right.
    async fn fits(&self) -> bool {
        let fits = "document.documentElement.scrollWidth <= document.documentElement.clientWidth";
        self.page.evaluate(fits).await.expect("a page").into_value().expect("a truth")
    }

    async fn close(mut self) {
        self.browser.close().await.expect("an end");
        self.browser.wait().await.expect("an end");
    }
}

fn bed(relay: &Relay) -> Bed {
    let mut bed = Bed::new();
    let settings = bed.read("infocus.toml")
        + &format!("[mail]\nfrom = \"news@example.org\"\ntransport = \"{}\"\n", relay.transport())
        + "[newsletters.weekly]\ntitle = \"Weekly\"\nschedule = \"Mon 08:00\"\n";
    bed.write("infocus.toml", settings);
    bed.write("feeds/news.toml", "title = \"News\"\n[[source]]\nfiles = \"news/*\"\n");
    bed.write("feeds/news/old.txt", "In Focus\n\nBefore it all\n\nText.");
    bed.at("2026-05-05T10:00:00Z").run(&["refresh"]).ends(0);
    bed
}

/// The path of a link in the last mail to somebody, without the host.
fn link(relay: &Relay, to: &str, page: &str) -> String {
    let mail = relay.taken().into_iter().rev().find(|taken| taken.to == to).expect("a mail");
    let mail = parse_mail(&mail.message).expect("a mail");
    let text = mail.subparts[0].get_body().expect("a text");
    let start = text.find(&format!("/newsletters/weekly/{page}/")).expect("a link");
    text[start..].split_whitespace().next().expect("a link").to_owned()
}

#[test]
fn somebody_subscribes_confirms_reads_leaves_by_one_click_and_gets_no_other() {
    if !has_browser() {
        return;
    }
    let relay = Relay::start();
    let mut bed = bed(&relay);
    bed.run(&["subscribers", "add", "weekly", "bo@example.org"]).ends(0);
    let served = Served::start(&bed);
    let at = |path: &str| format!("http://{}{path}", served.address);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.expect("a runtime");
    let phone = runtime.block_on(Visitor::start(500));
    runtime.block_on(async {
        phone.go(&at("/newsletters/weekly/subscribe")).await;
        assert!(phone.fits().await);
        phone.fill("#email", "ana@example.org").await;
        phone.press("button", "Please look into your mailbox").await;
    });
    served.until("mail", || (relay.count() > 0).then_some(()));
    runtime.block_on(async {
        phone.go(&at(&link(&relay, "ana@example.org", "confirm"))).await;
        phone.sees("Do you want this newsletter?").await;
        phone.press("button", "You are subscribed").await;
        phone.go(&at("/news/feed.xml")).await;
        phone.sees("Before it all").await;
        assert!(phone.fits().await);
    });
    bed.write("feeds/news/ferry.txt", "In Focus\n\nFerry sails again\n\nText.");
    bed.at("2026-05-06T10:00:00Z").run(&["refresh"]).ends(0);
    bed.at("2026-05-11T06:00:05Z").run(&["send"]).ends(0);
    let edition = relay
        .taken()
        .into_iter()
        .rev()
        .find(|taken| taken.to == "ana@example.org")
        .expect("a mail");
    let edition = parse_mail(&edition.message).expect("a mail");
    assert!(
        edition
            .headers
            .get_first_value("List-Unsubscribe")
            .is_some_and(|header| header.contains("https://"))
    );
    let click = "List-Unsubscribe=One-Click";
    assert_eq!(edition.headers.get_first_value("List-Unsubscribe-Post").as_deref(), Some(click));
    let leave = link(&relay, "ana@example.org", "unsubscribe");
    runtime.block_on(async {
        // Whoever only looks stays.
        phone.go(&at(&leave)).await;
        phone.sees("Do you want to leave?").await;
    });
    served.post(&leave, click).ends(200);
    runtime.block_on(async {
        phone.go(&at(&leave)).await;
        phone.sees("You are unsubscribed").await;
        phone.close().await;
    });
    bed.write("feeds/news/bridge.txt", "In Focus\n\nBridge opens\n\nText.");
    bed.at("2026-05-12T10:00:00Z").run(&["refresh"]).ends(0);
    bed.at("2026-05-18T06:00:05Z").run(&["send"]).ends(0);
    let counts = relay.counts();
    assert_eq!(
        (counts["ana@example.org"], counts["bo@example.org"]),
        (2, 2),
        "hers: the question and one edition"
    );
}

#[test]
fn the_desk_works_in_a_browser_and_shows_the_next_edition() {
    if !has_browser() {
        return;
    }
    let relay = Relay::start();
    let bed = bed(&relay);
    let settings = bed.read("infocus.toml").replace("https://news", "http://news");
    let hash = infocus::serve::hash_password("four words of nothing").expect("a hash");
    bed.write("infocus.toml", format!("{settings}[serve]\ndesk_password = \"{hash}\"\n"));
    let served = Served::start(&bed);
    let at = |path: &str| format!("http://{}{path}", served.address);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let operator = Visitor::start(1280).await;
        operator.go(&at("/desk")).await;
        operator.fill("#password", "four words of nothing").await;
        operator.press("main button", "Newsletters").await;
        operator.press("a[href='./desk/newsletters/weekly']", "The next edition").await;
        operator.fill("#intro", "Spring is here.").await;
        operator.press("form[action$='/notes'] button", "The note is kept").await;
        assert!(operator.fits().await);
        operator.go(&at("/desk/newsletters/weekly/next.html")).await;
        operator.sees("Spring is here.").await;
        operator.close().await;
    });
    assert!(bed.read("preview/weekly/edition.toml").contains("Spring is here."));
}
