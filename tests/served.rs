//! A site that is served, and a client that sends what it is told, byte for byte.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::bed::Bed;

/// A server that is stopped, as a service is, when the test ends.
pub struct Served {
    child: Child,
    has_ended: Option<Option<i32>>,
    told: Arc<Mutex<String>>,
    pub address: SocketAddr,
}

/// What it answered.
pub struct Reply {
    pub status: u16,
    pub headers: HashMap<String, String>,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub fn is_done(&self) {
        assert!((200..300).contains(&self.status), "{}: {}", self.status, self.text());
    }

    /// The text, if the status is the one that is expected.
    pub fn ends(self, status: u16) -> String {
        assert_eq!(self.status, status, "{}", self.text());
        self.text()
    }
}

impl Served {
    pub fn start(bed: &Bed) -> Served {
        Served::with(bed.command(&["serve", "--listen", "127.0.0.1:0"]))
    }

    pub fn with(mut command: Command) -> Served {
        let mut child = command.stderr(Stdio::piped()).spawn().expect("a server");
        let mut lines = BufReader::new(child.stderr.take().expect("stderr"));
        let mut line = String::new();
        lines.read_line(&mut line).expect("a line");
        let address =
            line.trim().strip_prefix("serving http://").and_then(|rest| rest.strip_suffix('/'));
        let address = address.and_then(|address| address.parse().ok());
        let address = address.unwrap_or_else(|| panic!("{line}"));
        let told = Arc::new(Mutex::new(String::new()));
        let telling = told.clone();
        std::thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                telling.lock().expect("nobody panics with it").push_str(&format!("{line}\n"));
            }
        });
        Served { child, has_ended: None, told, address }
    }

    /// What it has said since it serves.
    pub fn told(&self) -> String {
        self.told.lock().expect("nobody panics with it").clone()
    }

    pub fn get(&self, path: &str) -> Reply {
        self.ask("GET", path, &[], b"")
    }

    pub fn post(&self, path: &str, form: &str) -> Reply {
        let kind = ("content-type", "application/x-www-form-urlencoded");
        self.ask("POST", path, &[kind], form.as_bytes())
    }

    pub fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        let mut request =
            format!("{method} {path} HTTP/1.1\r\nhost: news.example.org\r\nconnection: close\r\n");
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        if !body.is_empty() || method == "POST" {
            request.push_str(&format!("content-length: {}\r\n", body.len()));
        }
        request.push_str("\r\n");
        self.send(&[request.as_bytes(), body].concat())
    }

    /// Sends some bytes and reads all that comes back.
    pub fn send(&self, bytes: &[u8]) -> Reply {
        exchange(self.address, bytes)
    }

    /// Waits for something that the server does after it has answered.
    pub fn until<T>(&self, what: &str, found: impl Fn() -> Option<T>) -> T {
        let began = Instant::now();
        loop {
            if let Some(found) = found() {
                return found;
            }
            assert!(began.elapsed() < Duration::from_secs(30), "no {what} after 30 seconds");
            std::thread::yield_now();
        }
    }

    /// Asks it to stop; its exit code.
    pub fn stop(mut self) -> Option<i32> {
        self.end()
    }

    /// Once: what it was called may be another's afterwards.
    fn end(&mut self) -> Option<i32> {
        if self.has_ended.is_none() {
            let id = rustix::process::Pid::from_child(&self.child);
            let _ = rustix::process::kill_process(id, rustix::process::Signal::TERM);
            self.has_ended = Some(self.child.wait().expect("an end").code());
        }
        self.has_ended.flatten()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.end();
    }
}

/// Sends some bytes to a server that closes when it has answered, and reads all that comes back.
pub fn exchange(address: SocketAddr, bytes: &[u8]) -> Reply {
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a timeout");
    // It may have had enough before the end.
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    let end = answer
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .unwrap_or_else(|| panic!("no answer: {read:?}"));
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).expect("a status");
    let header = |line: &str| {
        let (name, value) = line.split_once(':')?;
        Some((name.to_ascii_lowercase(), value.trim().to_owned()))
    };
    Reply {
        status: status.parse().expect("a number"),
        headers: lines.filter_map(header).collect(),
        body: answer[end + 4..].to_vec(),
    }
}
