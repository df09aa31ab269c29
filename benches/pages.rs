//! How well pages are read that nobody wrote rules for: the figures for `probe` and `article` over
//! a collection of real pages with their true items, by the scorers of the collection (Python 3),
//! and what a page takes. The collection lies beside the checkout, in `../shared/pages`; without it
//! there is nothing to measure.
//!
//!     cargo bench --bench pages

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use infocus::dates::Reader;
use infocus::detect::lists;
use infocus::extract::{article, charset, markup};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;
use url::Url;

fn main() {
    let pages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/pages");
    let program = env!("CARGO_BIN_EXE_infocus");
    let listing = "probe {file} --base-url {url} --format jsonfeed";
    let article = "article {file} --base-url {url} --format json";
    for (name, command) in [("listing", listing), ("article", article)] {
        let Some(collection) = collection(&pages, name) else {
            println!("there are no pages in {}", pages.display());
            return;
        };
        let scored = Command::new("python3")
            .arg(pages.join(format!("score_{name}.py")))
            .args(["--cmd", &format!("{program} {command}")])
            .output();
        match scored {
            Ok(output) => print!("{}", String::from_utf8_lossy(&output.stdout)),
            Err(error) => println!("the scorer does not run: {error}"),
        }
        let read = if name == "listing" { find_lists } else { read_article };
        let took: Duration = collection.iter().map(|page| timed(page, read)).sum();
        let milliseconds = took.as_secs_f64() * 1000.0 / collection.len() as f64;
        println!("{name}: {milliseconds:.1} ms a page, without starting the program\n");
    }
}

struct Page {
    text: String,
    url: Url,
    dates: Reader,
}

fn collection(pages: &Path, name: &str) -> Option<Vec<Page>> {
    let text = std::fs::read_to_string(pages.join(format!("{name}.json"))).ok()?;
    let whole: Value = serde_json::from_str(&text).ok()?;
    let now: Timestamp = "2026-11-24T10:00:00Z".parse().ok()?;
    let page = |page: &Value| {
        let bytes = std::fs::read(pages.join(page["file"].as_str()?)).ok()?;
        let language = page["lang"].as_str().unwrap_or("en");
        let dates = Reader::new(language).looking_at(now, &TimeZone::UTC);
        let url = page["url"].as_str()?.parse().ok()?;
        Some(Page { text: charset::decode(&bytes, None), url, dates })
    };
    Some(whole["pages"].as_array()?.iter().filter_map(page).collect())
}

fn timed(page: &Page, read: fn(&Page)) -> Duration {
    let begin = Instant::now();
    read(page);
    begin.elapsed()
}

fn find_lists(page: &Page) {
    if let Ok(html) = markup::parse(&page.text) {
        std::hint::black_box(lists(&html, &page.url, &page.dates));
    }
}

fn read_article(page: &Page) {
    let _ = std::hint::black_box(article::read(&page.text, &page.url, &page.dates));
}
