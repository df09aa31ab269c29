//! Content codings (RFC 9110, 8.4.1), undone as the bytes come, with a limit to what they become.

use std::io::{self, Write};

use flate2::write::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

use super::{FetchError, LARGEST};

/// What can be undone.
pub const CODINGS: &str = "gzip, br, zstd, deflate";

/// Codings that may lie over each other.
const LAYERS: usize = 3;

/// Bytes of an encoded page that tell what it is.
const TELLING: usize = 4;

/// A page as it comes in.
pub struct Body {
    codings: Vec<String>,
    /// Bytes received.
    received: usize,
    state: State,
}

enum State {
    /// Too little has come to tell what it is.
    Begun(Vec<u8>),
    Open(Box<dyn Layer>),
}

/// Takes bytes in and gives the page out at the end.
trait Layer: Send {
    fn take(&mut self, bytes: &[u8]) -> io::Result<()>;
    fn end(self: Box<Self>) -> io::Result<Vec<u8>>;
}

impl Body {
    /// `encoding` is what the server says in `Content-Encoding`.
    pub fn new(encoding: Option<&str>) -> Result<Body, FetchError> {
        let codings: Vec<String> = encoding
            .unwrap_or_default()
            .split(',')
            .map(|coding| coding.trim().to_ascii_lowercase())
            .filter(|coding| !coding.is_empty() && coding != "identity")
            .collect();
        if codings.len() > LAYERS {
            return Err(FetchError::Damaged(format!("{} codings over each other", codings.len())));
        }
        Ok(Body { codings, received: 0, state: State::Begun(Vec::new()) })
    }

    pub fn received(&self) -> usize {
        self.received
    }

    pub fn take(&mut self, bytes: &[u8]) -> Result<(), FetchError> {
        self.received += bytes.len();
        if self.received > LARGEST {
            return Err(FetchError::TooLarge);
        }
        match &mut self.state {
            State::Begun(begin) => {
                begin.extend_from_slice(bytes);
                if begin.len() < TELLING { Ok(()) } else { self.open() }
            }
            State::Open(layer) => layer.take(bytes).map_err(damaged),
        }
    }

    pub fn end(mut self) -> Result<Vec<u8>, FetchError> {
        self.open()?;
        match self.state {
            State::Open(layer) => layer.end().map_err(damaged),
            State::Begun(_) => Ok(Vec::new()),
        }
    }

    fn open(&mut self) -> Result<(), FetchError> {
        let State::Begun(begin) = &mut self.state else { return Ok(()) };
        let begin = std::mem::take(begin);
        let mut layer: Box<dyn Layer> = Box::new(Plain::default());
        // The last coding was put on last and comes off first.
        let is_first = |at: usize| at + 1 == self.codings.len();
        for (at, coding) in self.codings.iter().enumerate() {
            if is_first(at) && !is_in(coding, &begin) {
                continue;
            }
            layer = over(coding, layer)
                .ok_or_else(|| FetchError::Damaged(format!("unknown coding `{coding}`")))?
                .map_err(damaged)?;
        }
        layer.take(&begin).map_err(damaged)?;
        self.state = State::Open(layer);
        Ok(())
    }
}

/// Servers say "gzip" of what is none.
fn is_in(coding: &str, begin: &[u8]) -> bool {
    match coding {
        "gzip" | "x-gzip" => begin.starts_with(&[0x1f, 0x8b]),
        "zstd" => begin.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]),
        _ => !begin.is_empty(),
    }
}

fn over(coding: &str, inner: Box<dyn Layer>) -> Option<io::Result<Box<dyn Layer>>> {
    let inner = Inner(Some(inner));
    Some(Ok(match coding {
        "gzip" | "x-gzip" => Box::new(Gzip(MultiGzDecoder::new(inner))),
        "br" => Box::new(Brotli(Box::new(brotli::DecompressorWriter::new(inner, 4096)))),
        "deflate" => Box::new(Deflate::Unknown(inner)),
        "zstd" => match zstd::stream::write::Decoder::new(inner) {
            Ok(decoder) => Box::new(Zstd(decoder)),
            Err(error) => return Some(Err(error)),
        },
        _ => return None,
    }))
}

/// The innermost layer: the page.
#[derive(Default)]
struct Plain(Vec<u8>);

impl Layer for Plain {
    fn take(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.0.len() + bytes.len() > LARGEST {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "too large"));
        }
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn end(self: Box<Self>) -> io::Result<Vec<u8>> {
        Ok(self.0)
    }
}

/// What a decoder writes into.
struct Inner(Option<Box<dyn Layer>>);

impl Inner {
    fn end(self) -> io::Result<Vec<u8>> {
        self.0.map_or(Ok(Vec::new()), Layer::end)
    }
}

impl Write for Inner {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(layer) = &mut self.0 {
            layer.take(bytes)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Gzip(MultiGzDecoder<Inner>);

impl Layer for Gzip {
    fn take(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    fn end(self: Box<Self>) -> io::Result<Vec<u8>> {
        self.0.finish()?.end()
    }
}

struct Brotli(Box<brotli::DecompressorWriter<Inner>>);

impl Layer for Brotli {
    fn take(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    fn end(mut self: Box<Self>) -> io::Result<Vec<u8>> {
        self.0.close()?;
        self.0.into_inner().unwrap_or_else(|inner| inner).end()
    }
}

struct Zstd(zstd::stream::write::Decoder<'static, Inner>);

impl Layer for Zstd {
    fn take(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    fn end(mut self: Box<Self>) -> io::Result<Vec<u8>> {
        self.0.flush()?;
        self.0.into_inner().end()
    }
}

/// `deflate` means zlib (RFC 1950), and many send it without zlib's frame.
enum Deflate {
    Unknown(Inner),
    Zlib(ZlibDecoder<Inner>),
    Raw(DeflateDecoder<Inner>),
}

impl Layer for Deflate {
    fn take(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let (Deflate::Unknown(inner), [head, flags, ..]) = (&mut *self, bytes) {
            let inner = Inner(inner.0.take());
            let is_zlib = head & 0x0f == 8 && (u16::from(*head) << 8 | u16::from(*flags)) % 31 == 0;
            *self = match is_zlib {
                true => Deflate::Zlib(ZlibDecoder::new(inner)),
                false => Deflate::Raw(DeflateDecoder::new(inner)),
            };
        }
        match self {
            Deflate::Unknown(_) => Ok(()),
            Deflate::Zlib(decoder) => decoder.write_all(bytes),
            Deflate::Raw(decoder) => decoder.write_all(bytes),
        }
    }

    fn end(self: Box<Self>) -> io::Result<Vec<u8>> {
        match *self {
            Deflate::Unknown(inner) => inner.end(),
            Deflate::Zlib(decoder) => decoder.finish()?.end(),
            Deflate::Raw(decoder) => decoder.finish()?.end(),
        }
    }
}

fn damaged(error: io::Error) -> FetchError {
    match error.kind() {
        io::ErrorKind::FileTooLarge => FetchError::TooLarge,
        _ => FetchError::Damaged(error.to_string()),
    }
}
