//! What it costs to deliver as what is remembered grows, on PostgreSQL: the same claims in a small ledger
//! and in a large one, in the same run.
//!
//! `cargo bench --bench scale [-- ROWS]` fills a ledger of 100,000 deliveries and one of ROWS (10,000,000),
//! each with as many subscribers, on a server of its own (Debian's `postgresql`), prints what claiming a
//! thousand and putting down what became of them takes in either, and the statements that read more than
//! some batches of subscribers or deliveries: of claiming, of a page of a subscriber, of a run of `send`,
//! of the desk and of metrics. Opening an edition, which is for all of them, is not among them. It takes
//! some minutes and, at ten million, 10 GB.

#[path = "../tests/postgres.rs"]
#[allow(dead_code, reason = "the tests need more of it")]
mod postgres;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use infocus::mail::Mailbox;
use infocus::newsletter::archive::Page;
use infocus::newsletter::{Choice, Edition, EditionState, State, Status, Token, Variant};
use infocus::store::{Frozen, Store};
use jiff::{SignedDuration, Timestamp};
use sqlx::{Connection, PgConnection};

const SMALL: i64 = 100_000;

/// Deliveries that are claimed at once, and how often.
const BATCH: usize = 1_000;
const TIMES: usize = 40;

const EDITION: &str = "weekly-2026-05-04";

/// Each statement is written to the log of the server with how it was done.
const EXPLAINED: &str = "%20-c%20session_preload_libraries%3Dauto_explain\
                         %20-c%20auto_explain.log_min_duration%3D0\
                         %20-c%20auto_explain.log_analyze%3Don";

/// Tables of which there is a row for each subscriber.
const LARGE: [&str; 2] = ["subscribers", "deliveries"];

/// Letters of a statement that are printed.
const STATEMENT: usize = 90;

/// Rows of them that a statement may read: some batches.
const MANY: f64 = 10_000.0;

const FILL: [&str; 3] = [
    "INSERT INTO subscribers (token, newsletter, email, mailbox, name, language, frequency, feeds, \
     status, consent, created_at, changed_at) \
     SELECT md5(n::text), 'weekly', 'reader' || n || '@example.com', 'reader' || n || '@example.com', \
     '', '', '', '[]', 'active', '{\"how\":\"import\",\"text\":null,\"asked_at\":\"2026-05-01T00:00:00Z\"}', \
     0, 0 FROM generate_series(1, $1::bigint) AS n",
    "INSERT INTO tallies (kind, owner, name, n) VALUES ('subscribers', 'weekly', 'active', $1)",
    "ANALYZE",
];

/// As it is when the server has had its time.
const REST: [&str; 2] = ["VACUUM ANALYZE", "CHECKPOINT"];

struct Ledger {
    rows: i64,
    address: String,
    store: Store,
    claims: Vec<Duration>,
    notes: Vec<Duration>,
}

fn main() {
    let rows = std::env::args().skip(1).find_map(|argument| argument.parse().ok());
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(measure(rows.unwrap_or(10_000_000)));
}

async fn measure(rows: i64) {
    let mut ledgers = [Ledger::fill(SMALL).await, Ledger::fill(rows).await];
    for _ in 0..TIMES {
        for ledger in &mut ledgers {
            ledger.turn().await;
        }
    }
    println!("{:>12} {:>18} {:>18}", "deliveries", "1,000 claimed in", "put down in");
    for ledger in &mut ledgers {
        let (claim, note) = (median(&mut ledger.claims), median(&mut ledger.notes));
        println!("{:>12} {:>15.1} ms {:>15.1} ms", ledger.rows, claim, note);
    }
    let [small, large] = &mut ledgers;
    let ratio = |a: &mut Vec<Duration>, b: &mut Vec<Duration>| median(a) / median(b);
    println!(
        "{:>12} {:>18.2} {:>18.2}",
        "ratio",
        ratio(&mut large.claims, &mut small.claims),
        ratio(&mut large.notes, &mut small.notes)
    );
    large.explain().await;
}

impl Ledger {
    async fn fill(rows: i64) -> Ledger {
        let address = postgres::fresh();
        let store = Store::open(Path::new("."), &address).await.expect("a database");
        let began = Instant::now();
        let mut connection = PgConnection::connect(&address).await.expect("a connection");
        for statement in FILL {
            let query = sqlx::query(statement);
            let query = if statement.contains("$1") { query.bind(rows) } else { query };
            query.execute(&mut connection).await.expect(statement);
        }
        println!("{rows} subscribers filled in {:.0} s", began.elapsed().as_secs_f64());
        let began = Instant::now();
        open(&store, rows).await;
        println!("an edition opened for them in {:.1} s", began.elapsed().as_secs_f64());
        for statement in REST {
            sqlx::query(statement).execute(&mut connection).await.expect(statement);
        }
        for table in ["subscribers", "deliveries"] {
            let query = sqlx::query_scalar("SELECT pg_total_relation_size($1::text::regclass)");
            let bytes: i64 = query.bind(table).fetch_one(&mut connection).await.expect("a size");
            println!("{rows} {table}: {} bytes each, with indexes", bytes / rows);
        }
        Ledger { rows, address, store, claims: Vec::new(), notes: Vec::new() }
    }

    /// Claims some and puts down that they were accepted.
    async fn turn(&mut self) {
        let began = Instant::now();
        let claimed = claim(&self.store).await;
        self.claims.push(began.elapsed());
        let at = now() + SignedDuration::from_secs(self.notes.len() as i64);
        let turns: Vec<_> =
            claimed.iter().map(|claimed| claimed.turn(State::Accepted, at)).collect();
        let began = Instant::now();
        self.store.note_turns(&turns).await.expect("turns");
        self.notes.push(began.elapsed());
    }

    /// Prints the statements that read a whole table.
    async fn explain(&self) {
        let address = format!("{}{EXPLAINED}", self.address);
        let store = Store::open(Path::new("."), &address).await.expect("a database");
        claim(&store).await;
        let mailbox = Mailbox::parse("reader77@example.com").expect("an address");
        let found = store.subscriber("weekly", &mailbox).await.expect("a statement");
        let token = found.map_or(Token::nobody(), |subscriber| subscriber.token);
        store.by_token(&token).await.expect("a statement");
        store.received(&token).await.expect("a statement");
        store.editions_of(&token).await.expect("a statement");
        store.pending_of(&mailbox, "weekly").await.expect("a statement");
        store.suppressed(&[mailbox.key()]).await.expect("a statement");
        store.unsubscribe(&token, now()).await.expect("a statement");
        store.next_to_ask(now(), now(), now()).await.expect("a statement");
        store.handed_since(now(), 100).await.expect("a statement");
        store.recover(State::Uncertain, now(), true).await.expect("a statement");
        store.editions_to_deliver(now()).await.expect("a statement");
        store.is_open(EDITION).await.expect("a statement");
        store.finish(EDITION).await.expect("a statement");
        store.set_edition(EDITION, EditionState::Held, None).await.expect("a statement");
        store.release(EDITION, &[EditionState::Held], now()).await.expect("a statement");
        store.count_deliveries(EDITION).await.expect("a statement");
        store.deliveries(EDITION, State::Accepted, 20).await.expect("a statement");
        store.count_subscribers("weekly").await.expect("a statement");
        store.frequencies("weekly").await.expect("a statement");
        store.is_wanted("weekly", "").await.expect("a statement");
        store.is_wanted("weekly", "daily").await.expect("a statement");
        store.history("weekly").await.expect("a statement");
        store.subscribers("weekly", Some(&mailbox), 100).await.expect("a statement");
        store.set_status("weekly", &mailbox, Status::Active, now()).await.expect("a statement");
        store.pages("weekly").await.expect("a statement");
        store.last_mailed("weekly").await.expect("a statement");
        store.note_bounce(EDITION, &token, "550").await.expect("a statement");
        store.erase(&mailbox, now()).await.expect("a statement");
        let log = log(&self.address);
        let explained = log.matches("Query Text:").count();
        assert!(explained > 40, "only {explained} statements were explained");
        println!("how statements find their rows:");
        let plans = log.split("LOG:").filter_map(plan).collect::<BTreeSet<_>>();
        plans.iter().for_each(|plan| println!("  {plan}"));
        let scans = log.split("LOG:").filter_map(scan).collect::<BTreeSet<_>>();
        match scans.is_empty() {
            true => println!("none of {explained} statements reads more than {MANY} rows"),
            false => scans.iter().for_each(|scan| println!("reads many rows: {scan}\n")),
        }
    }
}

/// Opens an edition for all.
async fn open(store: &Store, rows: i64) {
    let edition = Edition {
        id: EDITION.to_owned(),
        newsletter: "weekly".to_owned(),
        until: now(),
        state: EditionState::Open,
        opened_at: now(),
        release_at: now(),
        ..Edition::sample()
    };
    let variant = Variant {
        number: 0,
        choice: Choice {
            language: String::new(),
            frequency: String::new(),
            feeds: BTreeSet::new(),
        },
        since: None,
        items: 1,
        subject: "News".to_owned(),
        text: "News".to_owned(),
        html: "<p>News</p>".to_owned(),
    };
    let page = Page { subject: "News".to_owned(), html: "<p>News</p>".to_owned() };
    let frozen = store.freeze(&edition, &page, &[variant], &[]).await.expect("an edition");
    assert_eq!(frozen, Frozen::Opened(rows as u64));
}

async fn claim(store: &Store) -> Vec<infocus::store::Claimed> {
    let until = now() + SignedDuration::from_mins(30);
    let (_, claimed) = store.claim(EDITION, now(), until, BATCH).await.expect("a claim");
    assert_eq!(claimed.len(), BATCH, "there are enough");
    claimed
}

/// What the server at an address has said.
fn log(address: &str) -> String {
    let directory = address.split_once("host=").and_then(|(_, rest)| rest.split('&').next());
    let path = Path::new(directory.expect("a directory")).join("log");
    String::from_utf8_lossy(&std::fs::read(path).expect("a log")).into_owned()
}

/// The text of a statement of which a part reads many rows of a large table, or all of it.
fn scan(entry: &str) -> Option<String> {
    let text = entry.split_once("Query Text:")?.1;
    let (_, plan) = text.split_once('\n')?;
    // A part of a plan, and what is told of it.
    let is_large = plan.split("->").any(|part| {
        let is_of = |table| part.contains(&format!(" on {table}")) && part.contains("Scan");
        let is_read = LARGE.into_iter().any(is_of);
        is_read && (part.contains("Seq Scan") || rows(part) > MANY)
    });
    is_large.then(|| text.trim().to_owned())
}

/// The beginning of a statement, and by what it finds rows of the large tables.
fn plan(entry: &str) -> Option<String> {
    let text = entry.split_once("Query Text:")?.1.trim();
    let (statement, plan) = text.split_once('\n')?;
    let by = |part: &str| {
        let (node, _) = part.trim().split_once("  (")?;
        let is_of = |table| node.contains(&format!(" on {table}"));
        (node.contains("Scan") && LARGE.into_iter().any(is_of)).then(|| node.to_owned())
    };
    let by: Vec<String> = plan.split("->").filter_map(by).collect();
    let statement: String = statement.chars().take(STATEMENT).collect();
    (!by.is_empty()).then(|| format!("{statement}\n    {}", by.join("; ")))
}

/// Rows that a part of a plan gave, and those that it read and left out.
fn rows(part: &str) -> f64 {
    let number = |after: &str, text: &str| -> f64 {
        let digits = text.split_once(after).map(|(_, rest)| rest.trim_start());
        let end = |rest: &str| rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        digits.and_then(|rest| rest[..end(rest)].parse().ok()).unwrap_or(0.0)
    };
    let told = part.split_once("(actual").map_or("", |(_, told)| told);
    let each = number("rows=", told) + number("Removed by Filter:", part);
    let loops: f64 = number("loops=", told);
    each * loops.max(1.0)
}

fn now() -> Timestamp {
    Timestamp::from_second(1_777_900_000).expect("a moment")
}

/// Milliseconds.
fn median(times: &mut [Duration]) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64() * 1000.0
}
