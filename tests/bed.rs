//! The test bed: a site in a temporary directory, the real binary, a fixed clock, a page server.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::SystemTime;

use tempfile::TempDir;

use crate::postgres;
use crate::tallies;

/// A site to run commands in.
pub struct Bed {
    directory: TempDir,
    now: String,
    /// In place of that of the settings.
    database: Option<String>,
    environment: Vec<(&'static str, String)>,
}

/// What a command did.
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

/// A file of the output: its bytes and when it was written.
pub type Files = BTreeMap<String, (Vec<u8>, SystemTime)>;

impl Bed {
    /// A site with settings fit for tests: Vienna, no spacing, loopback allowed.
    pub fn new() -> Bed {
        Bed::remembering(postgres::wanted())
    }

    fn remembering(database: Option<String>) -> Bed {
        let bed = Bed {
            directory: tempfile::tempdir().expect("a directory"),
            now: "2026-05-04T15:00:00Z".to_owned(),
            database,
            environment: Vec::new(),
        };
        bed.write(
            "infocus.toml",
            "base_url = \"https://news.example.org/\"\ntime_zone = \"Europe/Vienna\"\n\
             [fetch]\nallow_private = [\"127.0.0.0/8\"]\nspacing = \"0s\"\n",
        );
        fs::create_dir_all(bed.path("feeds")).expect("feeds");
        bed
    }

    /// The same, with a database that other machines could share.
    pub fn shared() -> Bed {
        Bed::remembering(Some(postgres::fresh()))
    }

    /// The same, with a database that is a file.
    pub fn on_file() -> Bed {
        Bed::remembering(None)
    }

    /// From now on remembers in another database.
    pub fn remember_in(&mut self, database: &str) {
        self.database = Some(database.to_owned());
    }

    pub fn database(&self) -> &str {
        self.database.as_deref().unwrap_or("sqlite:infocus.db")
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> &Bed {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        fs::write(path, content).expect(name);
        self
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect(name)
    }

    /// Sets the clock for the commands to come.
    pub fn at(&mut self, now: &str) -> &mut Bed {
        self.now = now.to_owned();
        self
    }

    /// Sets a variable of the environment of the commands to come.
    pub fn set(&mut self, name: &'static str, value: impl Into<String>) -> &mut Bed {
        self.environment.push((name, value.into()));
        self
    }

    /// What the site remembers is gone.
    pub fn forget(&mut self) {
        for file in ["infocus.db", "infocus.db-wal", "infocus.db-shm"] {
            let _ = fs::remove_file(self.path(file));
        }
        self.database = postgres::wanted();
    }

    /// Runs the program in the site.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        let output = self.command(arguments).output().expect("the program runs");
        Ran::from(output)
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        self.command_now(&[&["--now", &self.now], arguments].concat())
    }

    /// By the clock of this machine, as it is where processes keep away from each other by milliseconds.
    pub fn command_now(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_infocus"));
        command.current_dir(self.directory.path()).args(arguments);
        command.envs(self.database.as_ref().map(|database| ("INFOCUS_DATABASE", database)));
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Everything under a directory of the site.
    pub fn files(&self, directory: &str) -> Files {
        let mut files = Files::new();
        collect(&self.path(directory), &self.path(directory), &mut files);
        files
    }

    pub fn json_feed(&self, slug: &str) -> serde_json::Value {
        serde_json::from_str(&self.read(&format!("public/{slug}/feed.json"))).expect("JSON")
    }
}

/// Whatever a site went through: what is counted is what is there.
impl Drop for Bed {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let wrong = tallies::wrong(self.directory.path(), self.database());
            assert!(wrong.is_empty(), "there are more or fewer than were counted: {wrong:?}");
        }
    }
}

/// True if what sites remember is a file; says that a test is skipped otherwise.
pub fn is_on_file(test: &str) -> bool {
    let is_on_file = postgres::wanted().is_none();
    if !is_on_file {
        eprintln!("skipped, for want of a database that is a file: {test}");
    }
    is_on_file
}

fn collect(root: &Path, directory: &Path, files: &mut Files) {
    let Ok(entries) = fs::read_dir(directory) else { return };
    for entry in entries {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(root, &path, files);
        } else {
            let written = fs::metadata(&path).and_then(|data| data.modified()).expect("a time");
            let name = path.strip_prefix(root).expect("inside").to_string_lossy().into_owned();
            files.insert(name, (fs::read(&path).expect("readable"), written));
        }
    }
}

impl Ran {
    /// The same, if it ended with this code.
    #[track_caller]
    pub fn ends(self, code: i32) -> Ran {
        assert_eq!(self.code, code, "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Ran {
        Ran {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}
