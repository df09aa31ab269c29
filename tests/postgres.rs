//! A PostgreSQL server of the tests' own, which goes when they do, and a schema in it for each site.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Ends when nobody holds its standard input any more: the tests are over, or were killed. The order of
/// texts is not that of their bytes, so that nobody relies on it.
const SERVER: &str = r#"
    d=$(mktemp -d /tmp/infocus-postgres-XXXXXX); trap 'rm -rf "$d"' EXIT; cd "$d"
    "$0/initdb" -D data -A trust -U infocus -E UTF8 --locale=C.UTF-8 --locale-provider=icu \
        --icu-locale=de --no-sync > log 2>&1 || { cat log >&2; exit 1; }
    "$0/postgres" -D data -k "$d" -c listen_addresses= -c fsync=off -c max_connections=500 \
        > log 2>&1 &
    until "$0/pg_isready" -q -h "$d"; do kill -0 $! || { cat log >&2; exit 1; }; done
    echo "$d"; cat > /dev/null; kill -INT $!; wait
"#;

/// Where Debian has its versions.
const VERSIONS: &str = "/usr/lib/postgresql";

struct Postgres {
    _server: Child,
    programs: PathBuf,
    directory: String,
}

/// The address of a schema that nobody else uses, if the tests are to run on this database.
pub fn wanted() -> Option<String> {
    std::env::var("INFOCUS_TEST_DATABASE").is_ok_and(|wanted| wanted == "postgres").then(fresh)
}

/// True if there is a server to be started; says that a test is skipped otherwise.
pub fn is_there(test: &str) -> bool {
    let is_there = Path::new(VERSIONS).exists();
    if !is_there {
        eprintln!("skipped, for want of PostgreSQL: {test}");
    }
    is_there
}

/// The address of a schema that nobody else uses.
pub fn fresh() -> String {
    static SERVER: OnceLock<Postgres> = OnceLock::new();
    static SCHEMAS: AtomicUsize = AtomicUsize::new(0);
    let server = SERVER.get_or_init(Postgres::start);
    let schema = format!("site{}", SCHEMAS.fetch_add(1, Ordering::Relaxed));
    server.run(&format!("CREATE SCHEMA {schema}"));
    let directory = &server.directory;
    format!(
        "postgres://infocus@localhost/postgres?host={directory}&options=-c%20search_path%3D{schema}"
    )
}

impl Postgres {
    fn start() -> Postgres {
        let programs = programs();
        let mut command = Command::new("sh");
        // It does not run as root.
        if rustix::process::geteuid().is_root() {
            command = Command::new("runuser");
            command.args(["-u", "postgres", "--", "sh"]);
        }
        command.args(["-c", SERVER]).arg(&programs);
        let mut server = command
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a server");
        let mut directory = String::new();
        let mut told = BufReader::new(server.stdout.take().expect("stdout"));
        told.read_line(&mut directory).expect("a line");
        assert!(!directory.is_empty(), "PostgreSQL did not start");
        Postgres { _server: server, programs, directory: directory.trim().to_owned() }
    }

    fn run(&self, statement: &str) {
        let done = Command::new(self.programs.join("psql"))
            .args(["-q", "-h", &self.directory, "-U", "infocus", "-d", "postgres", "-c", statement])
            .status()
            .expect("psql");
        assert!(done.success(), "{statement}");
    }
}

/// Where the programs of the newest version are.
fn programs() -> PathBuf {
    let versions = std::fs::read_dir(VERSIONS).expect("Debian's postgresql");
    let number = |path: &Path| path.file_name()?.to_str()?.parse::<u32>().ok();
    let versions = versions.filter_map(|entry| Some(entry.ok()?.path()));
    versions.max_by_key(|path| number(path)).expect("a version").join("bin")
}
