//! Items that are documents: a link to a file is the file, and its title is not its size.

use std::sync::LazyLock;

use regex::Regex;
use url::Url;

/// Media type by the ending of the path (IANA registry).
const TYPES: [(&str, &str); 16] = [
    ("pdf", "application/pdf"),
    ("doc", "application/msword"),
    ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("xls", "application/vnd.ms-excel"),
    ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("ppt", "application/vnd.ms-powerpoint"),
    ("pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
    ("odt", "application/vnd.oasis.opendocument.text"),
    ("ods", "application/vnd.oasis.opendocument.spreadsheet"),
    ("rtf", "application/rtf"),
    ("csv", "text/csv"),
    ("zip", "application/zip"),
    ("epub", "application/epub+zip"),
    ("mp3", "audio/mpeg"),
    ("m4a", "audio/mp4"),
    ("mp4", "video/mp4"),
];

/// The media type of a document, by its address; `None` for a page.
pub fn media_type(url: &Url) -> Option<&'static str> {
    let name = url.path_segments()?.next_back()?;
    let (_, ending) = name.rsplit_once('.')?;
    let ending = ending.to_ascii_lowercase();
    TYPES.iter().find(|(known, _)| *known == ending).map(|(_, media_type)| *media_type)
}

/// True for the media type of a kind of document that is known here.
pub fn is_type(media_type: &str) -> bool {
    TYPES.iter().any(|(_, known)| *known == media_type)
}

/// The title of a document without what tells its kind and size: `(PDF, 2.3 MB)`, `[pdf]`,
/// `– PDF 340 kB`, `.pdf`.
pub fn title(title: &str) -> &str {
    static NOTE: LazyLock<Option<Regex>> = LazyLock::new(|| {
        let kind = r"(?:pdf|docx?|xlsx?|pptx?|odt|ods|rtf|csv|zip|epub|mp3|mp4)";
        let size = r"(?:ca\.\s*)?\d+(?:[.,]\d+)?\s*(?:[kmg]i?[bo]|bytes?|octets?|кб|мб|байт)";
        let either = format!(r"(?:{kind}|{size}|download|new window)");
        let list = format!(r"{either}(?:[\s,;/|·–-]+{either})*");
        Regex::new(&format!(
            r"(?ix)(?: \s*[(\[]\s*{list}\s*[)\]] | \s*[–—|·-]\s*{list} | \.{kind} | \s+{kind}\s*,?\s*{size} )\s*$"
        ))
        .ok()
    });
    let mut rest = title.trim();
    while let Some(note) = NOTE.as_ref().and_then(|note| note.find(rest)) {
        // A title that is nothing else is the title.
        if note.start() == 0 {
            break;
        }
        rest = rest[..note.start()].trim_end();
    }
    rest
}
