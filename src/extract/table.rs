//! The columns of a table, where cells span several of them, or several rows.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use ego_tree::NodeId;
use scraper::ElementRef;

use crate::dates;
use crate::normalize::{line, text_of};

/// A cell and the columns it takes.
type Cell<'a> = (Range<usize>, ElementRef<'a>);

/// A table as its rows show it: a cell that spans rows stands in each of them.
pub struct Table<'a> {
    rows: HashMap<NodeId, Vec<Cell<'a>>>,
    /// The columns of the headings, with their [folded](dates::fold) texts.
    heads: Vec<(Range<usize>, String)>,
}

/// Columns and rows that a cell takes at most.
const WIDEST: usize = 100;
const HIGHEST: usize = 1000;

/// Times that cells of a table are counted in rows below their own; more is no table but an attack.
const MOST_REPEATED: usize = 100_000;

impl<'a> Table<'a> {
    pub fn of(table: ElementRef<'a>) -> Table<'a> {
        let mut rows = HashMap::new();
        let mut heads = Vec::new();
        let mut has_body = false;
        let mut repeated = 0;
        for group in groups(table) {
            // The rows that a cell above goes on for, by its first column.
            let mut open: BTreeMap<usize, (usize, Cell<'a>)> = BTreeMap::new();
            for row in group {
                repeated += open.len();
                if repeated > MOST_REPEATED {
                    open.clear();
                }
                let cells = cells(row, &mut open);
                let is_head = |(_, cell): &Cell| cell.value().name() == "th";
                let is_title = match heads.is_empty() {
                    true => cells.iter().any(is_head),
                    false => !has_body && cells.iter().all(is_head),
                };
                if is_title {
                    let text = |cell: &ElementRef| dates::fold(&line(&text_of(*cell)));
                    heads.extend(cells.iter().map(|(at, cell)| (at.clone(), text(cell))));
                } else {
                    has_body |= !heads.is_empty();
                }
                rows.insert(row.id(), cells);
            }
        }
        Table { rows, heads }
    }

    /// The cells of a row under the heading whose text is or contains `name`, folded.
    pub fn cells(&self, row: ElementRef, name: &str) -> Vec<ElementRef<'a>> {
        let named = |is_it: fn(&str, &str) -> bool| {
            self.heads.iter().find(|(_, text)| is_it(text, name)).map(|(columns, _)| columns)
        };
        let Some(columns) =
            named(|text, name| text == name).or_else(|| named(|text, name| text.contains(name)))
        else {
            return Vec::new();
        };
        let cells = self.rows.get(&row.id()).into_iter().flatten();
        let is_under = |at: &Range<usize>| at.start < columns.end && at.end > columns.start;
        cells.filter(|(at, _)| is_under(at)).map(|(_, cell)| *cell).collect()
    }
}

/// The rows of a table by the group in which a cell can span them.
fn groups<'a>(table: ElementRef<'a>) -> Vec<Vec<ElementRef<'a>>> {
    let rows = |of: ElementRef<'a>| -> Vec<ElementRef<'a>> {
        of.child_elements().filter(|row| row.value().name() == "tr").collect()
    };
    // The parser puts rows that stand in none of these into a `tbody`.
    let is_group = |group: &ElementRef| matches!(group.value().name(), "thead" | "tbody" | "tfoot");
    table.child_elements().filter(is_group).map(rows).collect()
}

/// The cells of a row, among those of the rows above that go on in it.
fn cells<'a>(row: ElementRef<'a>, open: &mut BTreeMap<usize, (usize, Cell<'a>)>) -> Vec<Cell<'a>> {
    let mut cells: Vec<Cell> = open.values().map(|(_, cell)| cell.clone()).collect();
    open.retain(|_, (rows, _)| {
        *rows -= 1;
        *rows > 0
    });
    // Sorted, for they come from a map.
    let taken: Vec<Range<usize>> = cells.iter().map(|(at, _)| at.clone()).collect();
    let mut taken = taken.into_iter().peekable();
    let mut next = 0;
    let own = row.child_elements().filter(|cell| matches!(cell.value().name(), "td" | "th"));
    for cell in own {
        while let Some(at) = taken.next_if(|at| at.start <= next) {
            next = next.max(at.end);
        }
        let columns = next..next + span(cell, "colspan", WIDEST);
        next = columns.end;
        let more = span(cell, "rowspan", HIGHEST) - 1;
        if more > 0 {
            open.insert(columns.start, (more, (columns.clone(), cell)));
        }
        cells.push((columns, cell));
    }
    cells.sort_by_key(|(at, _)| at.start);
    cells
}

fn span(cell: ElementRef, attribute: &str, most: usize) -> usize {
    let span = cell.value().attr(attribute).and_then(|span| span.trim().parse().ok());
    match span {
        // To the end of the group (HTML, 4.9.11).
        Some(0) if attribute == "rowspan" => most,
        span => span.unwrap_or(1).clamp(1, most),
    }
}
