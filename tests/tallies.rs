//! What is counted with every change is what is there.

use std::path::Path;

use sqlx::any::AnyRow;
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
            AND (kind <> 'deliveries' OR owner IN (SELECT edition FROM deliveries))
        UNION ALL
        SELECT 'days', owner, '', CAST(SUM(n) AS BIGINT) FROM tallies WHERE kind = 'days'
            GROUP BY owner HAVING SUM(n) <> 0
    )
    SELECT 'there' AS which, kind, owner, name, n FROM
        (SELECT kind, owner, name, n FROM there EXCEPT SELECT kind, owner, name, n FROM counted) AS more
    UNION ALL
    SELECT 'counted', kind, owner, name, n FROM
        (SELECT kind, owner, name, n FROM counted EXCEPT SELECT kind, owner, name, n FROM there) AS fewer";

/// What does not agree in the database of a site; nothing if it is none of infocus, or of an earlier one.
pub fn wrong(site: &Path, database: &str) -> Vec<String> {
    in_database(site, database, async |mut connection| {
        if sqlx::query("SELECT n FROM tallies LIMIT 1").execute(&mut connection).await.is_err() {
            return Vec::new();
        }
        let rows = sqlx::query(WRONG).fetch_all(&mut connection).await.expect("rows");
        let text = |row: &AnyRow, at: usize| row.get::<String, _>(at);
        let one = |row: &AnyRow| {
            let texts: Vec<String> = (0..4).map(|at| text(row, at)).collect();
            format!("{}: {}", texts.join(" "), row.get::<i64, _>("n"))
        };
        rows.iter().map(one).collect()
    })
    .unwrap_or_default()
}

/// The number that a statement gives in the database of a site.
pub fn rows(bed: &Bed, statement: &'static str) -> i64 {
    let number = in_database(&bed.path(""), bed.database(), async |mut connection| {
        let row = sqlx::query(statement).fetch_one(&mut connection).await.expect("a row");
        row.get("n")
    });
    number.expect("a database")
}

fn in_database<T>(
    site: &Path,
    database: &str,
    then: impl AsyncFnOnce(AnyConnection) -> T,
) -> Option<T> {
    sqlx::any::install_default_drivers();
    let file = infocus::store::file(site, database);
    let address = file.map_or(database.to_owned(), |file| format!("sqlite://{}", file.display()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime
        .expect("a runtime")
        .block_on(async { Some(then(AnyConnection::connect(&address).await.ok()?).await) })
}

fn change(bed: &Bed, statements: &[&'static str]) {
    let changed = in_database(&bed.path(""), "sqlite:infocus.db", async |mut connection| {
        for statement in statements {
            sqlx::query(*statement).execute(&mut connection).await.expect(statement);
        }
    });
    changed.expect("a database");
}

#[test]
#[should_panic(expected = "there are more or fewer than were counted")]
fn a_count_that_is_wrong_is_found_at_the_end_of_each_test() {
    let bed = furnished(Bed::on_file(), "", 3);
    change(&bed, &["UPDATE tallies SET n = n + 1 WHERE kind = 'subscribers'"]);
}

#[test]
fn what_an_earlier_version_left_is_counted() {
    let bed = furnished(Bed::on_file(), "", 12);
    bed.run(&["send", "weekly"]).ends(0);
    bed.run(&["subscribers", "remove", "weekly", &address(3)]).ends(0);
    let told = bed.run(&["status", "--json"]).stdout;
    let earlier = [
        "DROP TABLE tallies",
        "ALTER TABLE editions ADD COLUMN sums TEXT NOT NULL DEFAULT ''",
        "DELETE FROM _sqlx_migrations WHERE version = 15",
    ];
    change(&bed, &earlier);
    assert_eq!(bed.run(&["status", "--json"]).stdout, told);
    assert!(told.contains("\"accepted\":12"), "{told}");
}
