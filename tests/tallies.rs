//! What is counted with every change is what is there.

use std::path::Path;

use sqlx::any::AnyRow;
use sqlx::migrate::Migrator;
use sqlx::{AnyConnection, Connection, Row};

use crate::bed::Bed;
use crate::send::{address, furnished};

/// What differs between what was counted and what there is; who got an edition may be forgotten.
const WRONG: &str = "
    WITH there AS (
        SELECT 'deliveries' AS kind, edition AS owner, state AS name, COUNT(*) AS n FROM deliveries
            GROUP BY edition, state
        UNION ALL
        SELECT 'subscribers', newsletter, status, COUNT(*) FROM subscribers
            GROUP BY newsletter, status
        UNION ALL
        SELECT 'frequencies', newsletter, frequency, COUNT(*) FROM subscribers
            WHERE status = 'active' GROUP BY newsletter, frequency
        UNION ALL
        SELECT 'days', newsletter, '', COUNT(*) FROM subscribers
            WHERE status = 'active' GROUP BY newsletter
    ), counted AS (
        SELECT kind, owner, name, n FROM tallies WHERE n <> 0 AND kind <> 'days'
            AND (kind <> 'deliveries' OR owner IN (SELECT edition FROM deliveries)
                OR owner NOT IN (SELECT id FROM editions))
        UNION ALL
        SELECT 'days', owner, '', CAST(SUM(n) AS BIGINT) FROM tallies WHERE kind = 'days'
            GROUP BY owner HAVING SUM(n) <> 0
    )
    SELECT 'there' AS which, kind, owner, name, n FROM
        (SELECT kind, owner, name, n FROM there EXCEPT SELECT kind, owner, name, n FROM counted) AS more
    UNION ALL
    SELECT 'counted', kind, owner, name, n FROM
        (SELECT kind, owner, name, n FROM counted EXCEPT SELECT kind, owner, name, n FROM there) AS fewer";

/// What does not agree in the database of a site; nothing if it is none, or one of an earlier version.
pub fn wrong(site: &Path, database: &str) -> Vec<String> {
    if infocus::store::file(site, database).is_some_and(|file| !file.exists()) {
        return Vec::new();
    }
    in_database(site, database, async |connection| {
        let rows = match sqlx::query(WRONG).fetch_all(connection).await {
            Err(error) if is_foreign(&error.to_string()) => return Vec::new(),
            rows => rows.expect("rows"),
        };
        let one = |row: &AnyRow| {
            let texts: Vec<String> = (0..4).map(|at| row.get(at)).collect();
            format!("{}: {}", texts.join(" "), row.get::<i64, _>("n"))
        };
        rows.iter().map(one).collect()
    })
}

fn is_foreign(error: &str) -> bool {
    ["no such table", "no such column", "does not exist", "not a database", "malformed"]
        .iter()
        .any(|said| error.contains(said))
}

/// The number that a statement gives in the database of a site.
pub fn rows(bed: &Bed, statement: &'static str) -> i64 {
    in_database(&bed.path(""), bed.database(), async |connection| {
        sqlx::query(statement).fetch_one(connection).await.expect("a row").get("n")
    })
}

fn in_database<T>(
    site: &Path,
    database: &str,
    then: impl AsyncFnOnce(&mut AnyConnection) -> T,
) -> T {
    sqlx::any::install_default_drivers();
    let file = infocus::store::file(site, database);
    let address =
        file.map_or(database.to_owned(), |file| format!("sqlite://{}?mode=rwc", file.display()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let mut connection = AnyConnection::connect(&address).await.expect("a connection");
        let done = then(&mut connection).await;
        connection.close().await.expect("an end");
        done
    })
}

fn change(bed: &Bed, statements: &[&'static str]) {
    in_database(&bed.path(""), bed.database(), async |connection| {
        for statement in statements {
            sqlx::query(*statement).execute(&mut *connection).await.expect(statement);
        }
    });
}

#[test]
#[should_panic(expected = "there are more or fewer than were counted")]
fn a_count_that_is_wrong_is_found_at_the_end_of_each_test() {
    let bed = furnished(Bed::new(), "", 3);
    change(&bed, &["UPDATE tallies SET n = n + 1 WHERE kind = 'subscribers'"]);
}

/// An edition whose deliveries are forgotten, one of which all came back, and one that is held.
const EARLIER: [&str; 5] = [
    "INSERT INTO newsletters (name, began_at) VALUES ('weekly', 0)",
    "INSERT INTO editions (id, newsletter, from_at, until_at, state, sums, page) VALUES \
     ('weekly-1', 'weekly', 0, 1000, 'sent', '{\"accepted\":120,\"failed\":3}', 'x'), \
     ('weekly-2', 'weekly', 1000, 2000, 'sent', '', 'x')",
    "INSERT INTO editions (id, newsletter, from_at, until_at, state, release_at, opened_at) \
     VALUES ('weekly-3', 'weekly', 2000, 3000, 'held', 4102444800000, 3000)",
    "INSERT INTO variants (edition, number, language, feeds, items, subject, text, html) \
     VALUES ('weekly-3', 0, '', '[]', 1, 'News', 'News', '<p>News</p>')",
    "INSERT INTO deliveries (edition, subscriber, variant, state, attempts, due_at, claimed_until, \
     handed_at) SELECT 'weekly-2', token, 0, 'failed', 1, 1000, 0, 1000 FROM subscribers UNION ALL \
     SELECT 'weekly-3', token, 0, 'due', 0, 4102444800000, 0, NULL FROM subscribers",
];

#[test]
fn what_an_earlier_version_left_is_counted_and_goes_on() {
    let bed = Bed::new();
    let settings = bed.read("infocus.toml")
        + "[mail]\nfrom = \"news@example.org\"\n[newsletters.weekly]\ntitle = \"Weekly\"\n";
    bed.write("infocus.toml", settings);
    in_database(&bed.path(""), bed.database(), async |connection| {
        let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store/schema");
        let migrator = Migrator::new(schema).await.expect("a schema");
        migrator.run_to(14, &mut *connection).await.expect("a database");
        for n in 0..12 {
            sqlx::query(
                "INSERT INTO subscribers (token, newsletter, email, mailbox, name, language, \
                 frequency, feeds, status, consent, created_at, changed_at) VALUES \
                 ($1, 'weekly', $2, $2, '', '', '', '[]', 'active', $3, 0, 0)",
            )
            .bind(format!("{n:032x}"))
            .bind(address(n))
            .bind("{\"how\":\"import\",\"text\":null,\"asked_at\":\"1970-01-01T00:00:00Z\"}")
            .execute(&mut *connection)
            .await
            .expect("a subscriber");
        }
        for statement in EARLIER {
            sqlx::query(statement).execute(&mut *connection).await.expect(statement);
        }
    });
    let listed = bed.run(&["edition", "list", "weekly", "--json"]).ends(0).stdout;
    let listed: serde_json::Value = serde_json::from_str(&listed).expect("JSON");
    let of = |n: usize| listed["editions"][n]["deliveries"].clone();
    assert_eq!(of(2), serde_json::json!({ "accepted": 120, "failed": 3 }));
    assert_eq!(of(1), serde_json::json!({ "failed": 12 }));
    assert_eq!(of(0), serde_json::json!({ "due": 12 }));
    bed.run(&["edition", "approve", "weekly"]).ends(0);
    bed.run(&["send", "weekly"]).ends(0);
    assert_eq!(bed.files("outbox").len(), 12);
}
