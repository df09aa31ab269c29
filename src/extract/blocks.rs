//! A text as a sequence of blocks: what blank lines and list marks make of it.

use std::sync::LazyLock;

use regex::Regex;

use crate::normalize::escape;

/// A run of lines between blank lines, each trimmed, with single blanks inside; or an element of
/// a page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Block {
    pub lines: Vec<String>,
    /// The element as it stands in the page, if it comes from one.
    pub html: Option<String>,
    /// The page says that this is a title.
    pub is_heading: bool,
}

impl Block {
    /// The lines that are not blank and not residue.
    pub fn of_lines<'a>(lines: impl IntoIterator<Item = &'a str>) -> Block {
        let lines = lines.into_iter().map(fold_blanks);
        let lines = lines.filter(|line| !line.is_empty() && !is_residue(line)).collect();
        Block { lines, ..Block::default() }
    }

    /// Takes the first line away; what is left is no longer the element it was.
    pub fn take_line(&mut self) -> String {
        self.html = None;
        self.lines.remove(0)
    }

    pub fn text(&self) -> String {
        self.lines.join(" ")
    }
}

/// Cuts a text into blocks. Lines of no-break spaces are blank; what the page's scripts and
/// buttons left behind is gone. A text without a blank line has a block per line.
pub fn of_text(text: &str) -> Vec<Block> {
    let lines: Vec<String> =
        text.lines().map(fold_blanks).filter(|line| !is_residue(line)).collect();
    let spaced = lines.iter().any(String::is_empty);
    lines
        .split(|line| line.is_empty())
        .filter(|run| !run.is_empty())
        .flat_map(|run| if spaced { vec![run] } else { run.chunks(1).collect() })
        .map(|run| Block { lines: run.to_vec(), ..Block::default() })
        .collect()
}

fn fold_blanks(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What copying a page takes along though nobody wrote it.
fn is_residue(line: &str) -> bool {
    static RESIDUE: LazyLock<Regex> = LazyLock::new(|| {
        #[expect(clippy::unwrap_used, reason = "a literal, covered by every test of this module")]
        Regex::new(
            r"(?ix)^(?:
            (?:loading|wird\ geladen|chargement|učitavanje|učitava\ se|учитавање)\s?(?:\.{2,}|…)?
            | skip\ to\ (?:main\ )?content | zum\ inhalt(?:\ springen)? | aller\ au\ contenu
            | back\ to\ top | nach\ oben | haut\ de\ page
            | share | teilen | partager | print(?:\ this\ page)? | drucken | imprimer
            )$",
        )
        .unwrap()
    });
    RESIDUE.is_match(line)
}

/// The blocks as HTML: headings, lists and paragraphs.
pub fn to_html(blocks: &[Block]) -> String {
    let mut html = String::new();
    let mut open: Option<&str> = None;
    for (at, block) in blocks.iter().enumerate() {
        let list = match block.html {
            Some(_) => None,
            None => block.lines.first().and_then(|line| list_item(line)).map(|(list, _)| list),
        };
        if open != list {
            if let Some(list) = open {
                html.push_str(&format!("</{list}>\n"));
            }
            if let Some(list) = list {
                html.push_str(&format!("<{list}>\n"));
            }
            open = list;
        }
        if let Some(element) = &block.html {
            html.push_str(element);
            html.push('\n');
        } else if list.is_some() {
            html.push_str(&list_items(&block.lines));
        } else if is_heading(block, blocks.get(at + 1)) {
            html.push_str(&format!("<h2>{}</h2>\n", escape(&block.text())));
        } else {
            html.push_str(&format!("<p>{}</p>\n", escape(&block.text())));
        }
    }
    if let Some(list) = open {
        html.push_str(&format!("</{list}>\n"));
    }
    html
}

/// Lines without a mark of their own continue the item above them.
fn list_items(lines: &[String]) -> String {
    let mut items: Vec<String> = Vec::new();
    for line in lines {
        match (list_item(line), items.last_mut()) {
            (None, Some(item)) => {
                item.push(' ');
                item.push_str(line);
            }
            (found, _) => items.push(found.map_or(line.as_str(), |(_, text)| text).to_owned()),
        }
    }
    items.iter().map(|item| format!("<li>{}</li>\n", escape(item))).collect()
}

/// `1. text`, `2) text`, `- text`, `• text`: the kind of list and the text.
fn list_item(line: &str) -> Option<(&'static str, &str)> {
    let (mark, text) = line.split_once(' ')?;
    match mark {
        "-" | "*" | "•" | "–" | "·" => Some(("ul", text)),
        _ => {
            let number = mark.strip_suffix(['.', ')'])?;
            let is_number = number.len() <= 2 && number.bytes().all(|b| b.is_ascii_digit());
            (is_number && !number.is_empty()).then_some(("ol", text))
        }
    }
}

/// One short line without a full stop, over a paragraph that has one or over a list.
fn is_heading(block: &Block, next: Option<&Block>) -> bool {
    let text = block.text();
    let over_text = next.is_some_and(|next| {
        let first = next.lines.first().map_or("", String::as_str);
        ends_sentence(&next.text()) || list_item(first).is_some()
    });
    block.lines.len() == 1
        && over_text
        && text.split(' ').count() <= 8
        && text.chars().count() <= 80
        && !text.ends_with(['.', ',', ';', ':', '!', '?', '…'])
        && !text.contains("://")
        && !text.contains('@')
        && text.starts_with(|c: char| c.is_uppercase() || c.is_numeric())
}

/// True if the text closes as sentences do, closing quotes and notes aside.
pub fn ends_sentence(text: &str) -> bool {
    text.trim_end_matches(['"', '”', '“', '’', '»', '«', ')', ']', '*'])
        .ends_with(['.', '!', '?', '…', ':', ';'])
}
