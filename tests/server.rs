//! A page server on loopback that answers as a test tells it and remembers what it was asked.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// An answer: status, headers, body.
#[derive(Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// A request as it came: method, path with query, headers in lower case, body.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    pub path: String,
    pub headers: HashMap<String, String>,
    pub body: String,
}

type Handler = dyn Fn(&Request) -> Answer + Send + Sync;

/// An answer, or that of the handler.
type Robots = Arc<Mutex<Option<Option<Answer>>>>;

pub struct Server {
    address: SocketAddr,
    /// What is answered for robots.txt; without it there is none, and no word of it in the log.
    robots: Robots,
    handler: Arc<Mutex<Arc<Handler>>>,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Answer {
    pub fn page(body: impl Into<Vec<u8>>) -> Answer {
        Answer { status: 200, headers: Vec::new(), body: body.into() }
            .with("Content-Type", "text/html; charset=utf-8")
    }

    pub fn status(status: u16) -> Answer {
        Answer { status, headers: Vec::new(), body: Vec::new() }
    }

    pub fn with(mut self, name: &str, value: &str) -> Answer {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

impl Server {
    pub fn start(handler: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Server {
        Server::at("127.0.0.1:0", handler)
    }

    /// At an address; at `0.0.0.0:0` it is many hosts, 127.0.0.1 and all others of loopback.
    pub fn at(place: &str, handler: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind(place).expect("a port");
        let address = listener.local_addr().expect("an address");
        let handler: Arc<Mutex<Arc<Handler>>> = Arc::new(Mutex::new(Arc::new(handler)));
        let requests: Arc<Mutex<Vec<Request>>> = Arc::default();
        let robots = Robots::default();
        let (shared, log, said) = (handler.clone(), requests.clone(), robots.clone());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (shared, log, said) = (shared.clone(), log.clone(), said.clone());
                thread::spawn(move || answer(stream, &shared, &log, &said));
            }
        });
        Server { address, robots, handler, requests }
    }

    /// From now on has a robots.txt.
    pub fn says_to_robots(&self, answer: Answer) {
        *self.robots.lock().expect("an answer") = Some(Some(answer));
    }

    /// From now on its handler says what its robots.txt is.
    pub fn says_to_robots_by_handler(&self) {
        *self.robots.lock().expect("an answer") = Some(None);
    }

    /// From now on answers differently.
    pub fn change(&self, handler: impl Fn(&Request) -> Answer + Send + Sync + 'static) {
        *self.handler.lock().expect("a handler") = Arc::new(handler);
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The requests since the last call.
    pub fn asked(&self) -> Vec<Request> {
        std::mem::take(&mut self.requests.lock().expect("a log"))
    }

    pub fn asked_paths(&self) -> Vec<String> {
        self.asked().into_iter().map(|request| request.path).collect()
    }
}

fn answer(
    mut stream: TcpStream,
    handler: &Mutex<Arc<Handler>>,
    log: &Mutex<Vec<Request>>,
    robots: &Mutex<Option<Option<Answer>>>,
) {
    let mut reader = BufReader::new(stream.try_clone().expect("a stream"));
    let mut lines = reader.by_ref().lines();
    let Some(Ok(first)) = lines.next() else { return };
    let method = first.split(' ').next().unwrap_or_default().to_owned();
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut headers = HashMap::new();
    for line in lines.by_ref() {
        let Ok(line) = line else { return };
        let Some((name, value)) = line.split_once(": ") else { break };
        headers.insert(name.to_lowercase(), value.to_owned());
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    let _ = reader.read_exact(&mut body);
    let body = String::from_utf8_lossy(&body).into_owned();
    let request = Request { method, path, headers, body };
    let robots = robots.lock().expect("an answer").clone();
    let is_robots = request.path == "/robots.txt";
    if !is_robots || robots.is_some() {
        log.lock().expect("a log").push(request.clone());
    }
    let answer = match robots {
        None if is_robots => Answer::status(404),
        Some(Some(robots)) if is_robots => robots,
        _ => {
            // Nobody waits for what another is answered.
            let handler = handler.lock().expect("a handler").clone();
            handler(&request)
        }
    };
    let mut head = format!(
        "HTTP/1.1 {} X\r\nContent-Length: {}\r\nConnection: close\r\n",
        answer.status,
        answer.body.len()
    );
    for (name, value) in &answer.headers {
        head += &format!("{name}: {value}\r\n");
    }
    let _ = stream.write_all(format!("{head}\r\n").as_bytes());
    if request.method != "HEAD" {
        let _ = stream.write_all(&answer.body);
    }
}
