//! A relay on loopback that takes mail as a test tells it and remembers what it took: the oracle.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Instant;

/// Where in a session the relay has something to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum At {
    Connect,
    Mail,
    Rcpt,
    Data,
    /// After the first line of a message.
    Content,
    End,
}

/// What is known when it has.
#[derive(Debug, Clone)]
pub struct Moment {
    pub at: At,
    /// Empty before it is named.
    pub recipient: String,
    /// How often this recipient has come as far, this time included.
    pub time: usize,
    /// Connections that are open.
    pub open: usize,
    /// Messages that were taken over this connection.
    pub taken: usize,
}

/// What it says then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Say {
    Yes,
    This(&'static str),
    /// Says it and closes.
    Bye(&'static str),
    /// Closes without a word.
    Close,
    /// Takes the message and closes without a word.
    TakeAndClose,
}

/// A message that was taken.
#[derive(Debug, Clone)]
pub struct Taken {
    pub from: String,
    pub to: String,
    pub message: Vec<u8>,
    pub at: Instant,
}

type Script = dyn Fn(&Moment) -> Say + Send + Sync;

#[derive(Default)]
struct Record {
    taken: Vec<Taken>,
    times: HashMap<(At, String), usize>,
    /// Commands in the order in which they came.
    commands: Vec<String>,
    /// Content that came for a recipient that had been refused.
    stray: Vec<String>,
    most_open: usize,
}

#[derive(Clone)]
pub struct Relay {
    address: SocketAddr,
    record: Arc<Mutex<Record>>,
    script: Arc<Mutex<Arc<Script>>>,
}

impl Relay {
    /// A relay that takes everything.
    pub fn start() -> Relay {
        Relay::with(|_| Say::Yes)
    }

    pub fn with(script: impl Fn(&Moment) -> Say + Send + Sync + 'static) -> Relay {
        Relay::serve(script, true)
    }

    pub fn without_pipelining(script: impl Fn(&Moment) -> Say + Send + Sync + 'static) -> Relay {
        Relay::serve(script, false)
    }

    fn serve(script: impl Fn(&Moment) -> Say + Send + Sync + 'static, pipelining: bool) -> Relay {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let relay = Relay {
            address: listener.local_addr().expect("an address"),
            record: Arc::default(),
            script: Arc::new(Mutex::new(Arc::new(script))),
        };
        let (shared, open) = (relay.clone(), Arc::new(AtomicUsize::new(0)));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (shared, open) = (shared.clone(), open.clone());
                thread::spawn(move || {
                    let now = open.fetch_add(1, Ordering::SeqCst) + 1;
                    let mut record = shared.record.lock().expect("a record");
                    record.most_open = record.most_open.max(now);
                    drop(record);
                    let _ = shared.converse(stream, now, pipelining);
                    open.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        relay
    }

    /// From now on does this.
    pub fn does(&self, script: impl Fn(&Moment) -> Say + Send + Sync + 'static) {
        *self.script.lock().expect("a script") = Arc::new(script);
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The settings of a site that mails by it.
    pub fn transport(&self) -> String {
        format!("smtp://{}?tls=none", self.address)
    }

    pub fn taken(&self) -> Vec<Taken> {
        self.record.lock().expect("a record").taken.clone()
    }

    /// How many messages were taken.
    pub fn count(&self) -> usize {
        self.record.lock().expect("a record").taken.len()
    }

    /// How many messages each recipient got.
    pub fn counts(&self) -> HashMap<String, usize> {
        let mut counts = HashMap::new();
        for taken in self.taken() {
            *counts.entry(taken.to).or_default() += 1;
        }
        counts
    }

    pub fn commands(&self) -> Vec<String> {
        self.record.lock().expect("a record").commands.clone()
    }

    pub fn stray(&self) -> Vec<String> {
        self.record.lock().expect("a record").stray.clone()
    }

    pub fn most_open(&self) -> usize {
        self.record.lock().expect("a record").most_open
    }

    fn say(&self, at: At, recipient: &str, open: usize, taken: usize) -> Say {
        let mut record = self.record.lock().expect("a record");
        let times = record.times.entry((at, recipient.to_owned())).or_default();
        *times += 1;
        let time = *times;
        drop(record);
        let script = self.script.lock().expect("a script").clone();
        script(&Moment { at, recipient: recipient.to_owned(), time, open, taken })
    }

    fn converse(&self, stream: TcpStream, open: usize, pipelining: bool) -> std::io::Result<()> {
        stream.set_nodelay(true)?;
        let mut out = stream.try_clone()?;
        let mut lines = BufReader::new(stream);
        match self.say(At::Connect, "", open, 0) {
            Say::Yes => out.write_all(b"220 relay.example ESMTP\r\n")?,
            Say::This(text) => out.write_all(format!("{text}\r\n").as_bytes())?,
            Say::Bye(text) => return out.write_all(format!("{text}\r\n").as_bytes()),
            Say::Close | Say::TakeAndClose => return Ok(()),
        }
        let (mut from, mut to, mut wanted, mut taken) = (String::new(), String::new(), false, 0);
        loop {
            let mut line = String::new();
            if lines.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let line = line.trim_end().to_owned();
            self.record.lock().expect("a record").commands.push(line.clone());
            let inside = |text: &str| {
                let start = text.find('<').map_or(0, |at| at + 1);
                text[start..].split('>').next().unwrap_or_default().to_owned()
            };
            let (at, yes) = match line.split_once([' ', ':']).map_or(&*line, |(word, _)| word) {
                "EHLO" => {
                    let pipelining = if pipelining { "250-PIPELINING\r\n" } else { "" };
                    let text = format!("250-relay.example\r\n{pipelining}250 SIZE 1000000\r\n");
                    out.write_all(text.as_bytes())?;
                    continue;
                }
                "RSET" => {
                    (wanted, to) = (false, String::new());
                    out.write_all(b"250 2.0.0 reset\r\n")?;
                    continue;
                }
                "QUIT" => return out.write_all(b"221 2.0.0 bye\r\n"),
                "MAIL" => {
                    from = inside(&line);
                    (At::Mail, "250 2.1.0 sender\r\n")
                }
                "RCPT" => {
                    to = inside(&line);
                    (At::Rcpt, "250 2.1.5 recipient\r\n")
                }
                "DATA" => (At::Data, "354 go on\r\n"),
                _ => {
                    out.write_all(b"500 5.5.1 what?\r\n")?;
                    continue;
                }
            };
            match self.say(at, &to, open, taken) {
                Say::Yes => out.write_all(yes.as_bytes())?,
                Say::This(text) => {
                    out.write_all(format!("{text}\r\n").as_bytes())?;
                    if !text.starts_with("354") {
                        if at == At::Rcpt {
                            wanted = false;
                        }
                        continue;
                    }
                }
                Say::Bye(text) => return out.write_all(format!("{text}\r\n").as_bytes()),
                Say::Close | Say::TakeAndClose => return Ok(()),
            }
            wanted |= at == At::Rcpt;
            if at != At::Data {
                continue;
            }
            let mut message = Vec::new();
            loop {
                let mut line = Vec::new();
                if lines.read_until(b'\n', &mut line)? == 0 {
                    return Ok(());
                }
                if line == b".\r\n" {
                    break;
                }
                if message.is_empty() && self.say(At::Content, &to, open, taken) == Say::Close {
                    return Ok(());
                }
                message.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
            }
            if !wanted {
                if !message.is_empty() {
                    self.record.lock().expect("a record").stray.push(to.clone());
                }
                out.write_all(b"554 5.5.1 no recipient\r\n")?;
                continue;
            }
            let said = self.say(At::End, &to, open, taken);
            if matches!(said, Say::Yes | Say::TakeAndClose) {
                let letter =
                    Taken { from: from.clone(), to: to.clone(), message, at: Instant::now() };
                self.record.lock().expect("a record").taken.push(letter);
                taken += 1;
            }
            wanted = false;
            match said {
                Say::Yes => out.write_all(format!("250 2.0.0 taken as {taken}\r\n").as_bytes())?,
                Say::This(text) => out.write_all(format!("{text}\r\n").as_bytes())?,
                Say::Bye(text) => return out.write_all(format!("{text}\r\n").as_bytes()),
                Say::Close | Say::TakeAndClose => return Ok(()),
            }
        }
    }
}
