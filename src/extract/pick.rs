//! Where a value is on a page, and what is done to it until it is the value.

use std::cell::{OnceCell, RefCell};
use std::collections::{HashMap, HashSet};

use ego_tree::NodeId;
use regex::Regex;
use scraper::{ElementRef, Html, Selector};

use super::table::Table;
use crate::dates::{self, Reader, When};
use crate::normalize::images::{self, Picture};
use crate::normalize::{line, text_of};

/// Where a value is and what is done to it.
#[derive(Debug, Clone)]
pub struct Pick {
    place: Place,
    steps: Vec<Step>,
}

#[derive(Debug, Clone)]
enum Place {
    /// `"h3"`, `"time @datetime"`, `"@href"`: inside the item, an attribute instead of the text.
    Inside(Target),
    /// `"^ h2"`: the nearest one before the item, as headings are.
    Before(Target),
    /// The cell under a heading of the table, and what is looked for in it.
    Column(String, Target),
    /// Text with picks in braces.
    Template(Vec<Part>),
}

#[derive(Debug, Clone)]
struct Target {
    selector: Option<Selector>,
    attribute: Option<String>,
}

#[derive(Debug, Clone)]
enum Part {
    Text(String),
    Pick(Place),
}

/// What is done to a value; one that does not fit is no value.
#[derive(Debug, Clone)]
pub enum Step {
    /// The first group, or all that matches.
    Regex(Regex),
    Replace(Regex, String),
    /// Reads the value as a date in this format (strptime).
    Date(String),
}

impl Pick {
    /// Reads the notation; the error says what is wrong with the selector.
    pub fn parse(rule: &str) -> Result<Pick, String> {
        Ok(Pick { place: Place::parse(rule)?, steps: Vec::new() })
    }

    /// The cell under a heading that contains `column`; `rule` is looked for inside the cell.
    pub fn column(column: &str, rule: &str) -> Result<Pick, String> {
        let place = Place::Column(dates::fold(&line(column)), Target::parse(rule)?);
        Ok(Pick { place, steps: Vec::new() })
    }

    /// `"{.day} {^ h2.month}"`: picks in braces, all of which have to be there.
    pub fn template(template: &str) -> Result<Pick, String> {
        let mut parts = Vec::new();
        let mut rest = template;
        while let Some((text, after)) = rest.split_once('{') {
            let (rule, after) =
                after.split_once('}').ok_or_else(|| "a `{` without its `}`".to_owned())?;
            parts.push(Part::Text(text.to_owned()));
            parts.push(Part::Pick(Place::parse(rule)?));
            rest = after;
        }
        parts.push(Part::Text(rest.to_owned()));
        Ok(Pick { place: Place::Template(parts), steps: Vec::new() })
    }

    pub fn with_steps(mut self, steps: Vec<Step>) -> Pick {
        self.steps = steps;
        self
    }

    /// The value for an item; with `markup`, what is inside the element as HTML.
    pub fn value(&self, item: &Scope, markup: bool) -> Option<String> {
        self.steps.iter().try_fold(self.place.value(item, markup)?, |value, step| step.run(value))
    }

    /// The image at this place: what a browser would show in the end, whatever stands in `src`
    /// until then.
    pub fn picture(&self, item: &Scope) -> Option<Picture> {
        let is_source = |target: &Target| {
            target
                .attribute
                .as_deref()
                .is_none_or(|name| matches!(name, "src" | "data-src" | "srcset"))
        };
        if let Place::Inside(target) = &self.place
            && self.steps.is_empty()
            && is_source(target)
        {
            let shown = item.find(target).find_map(images::of);
            return shown
                .or_else(|| item.elements.iter().find_map(|e| images::without_scripts(*e)));
        }
        self.value(item, false).map(Picture::at)
    }
}

impl Step {
    /// Does the step; `None` if the value does not fit, or nothing is left of it.
    pub fn run(&self, value: String) -> Option<String> {
        let value = match self {
            Step::Regex(regex) => {
                let found = regex.captures(&value)?;
                found.get(1).or_else(|| found.get(0))?.as_str().to_owned()
            }
            Step::Replace(regex, by) => regex.replace_all(&value, by.as_str()).into_owned(),
            Step::Date(format) => {
                let reader = Reader::new("").with_formats(std::slice::from_ref(format));
                match reader.by_format(value.trim())? {
                    When::Minute(at, Some(offset)) => format!("{at}{offset}"),
                    When::Minute(at, None) => at.to_string(),
                    When::Day(day) | When::Month(day) => day.to_string(),
                }
            }
        };
        let value = value.trim();
        (!value.is_empty()).then(|| value.to_owned())
    }
}

impl Place {
    fn parse(rule: &str) -> Result<Place, String> {
        match rule.trim().strip_prefix('^') {
            Some(rule) => Ok(Place::Before(Target::parse(rule)?)),
            None => Ok(Place::Inside(Target::parse(rule)?)),
        }
    }

    fn value(&self, item: &Scope, markup: bool) -> Option<String> {
        match self {
            Place::Inside(target) => target.values(item.find(target), markup),
            Place::Before(target) => {
                let selector = target.selector.as_ref()?;
                target.read(item.page.nearest_before(item.start, selector)?, markup)
            }
            Place::Column(name, target) => {
                let found = item.page.cells(item.start, name).into_iter().flat_map(|cell| {
                    match &target.selector {
                        Some(selector) => cell.select(selector).collect(),
                        None => vec![cell],
                    }
                });
                target.values(found, markup)
            }
            Place::Template(parts) => parts
                .iter()
                .map(|part| match part {
                    Part::Text(text) => Some(text.clone()),
                    Part::Pick(place) => place.value(item, markup),
                })
                .collect(),
        }
    }
}

impl Target {
    fn parse(rule: &str) -> Result<Target, String> {
        let (selector, attribute) = match rule.rsplit_once('@') {
            Some((selector, name)) if !name.contains([']', ' ', '"']) => {
                (selector.trim(), Some(name.to_owned()))
            }
            _ => (rule.trim(), None),
        };
        let selector = match selector {
            "" => None,
            selector => Some(parse_selector(selector)?),
        };
        Ok(Target { selector, attribute })
    }

    /// The first value that is not empty.
    fn values<'a>(
        &self,
        mut found: impl Iterator<Item = ElementRef<'a>>,
        markup: bool,
    ) -> Option<String> {
        found.find_map(|element| self.read(element, markup))
    }

    fn read(&self, element: ElementRef, markup: bool) -> Option<String> {
        let value = match &self.attribute {
            Some(name) => element.value().attr(name)?.to_owned(),
            None if markup => element.inner_html(),
            None => text_of(element),
        };
        let value = value.trim();
        (!value.is_empty()).then(|| value.to_owned())
    }
}

/// A CSS selector; the error says in plain words what is wrong with it.
pub fn parse_selector(text: &str) -> Result<Selector, String> {
    Selector::parse(text).map_err(|error| {
        let error = error.to_string();
        // For what it does not expect the crate asks to be told of it.
        match error.rsplit_once('\n') {
            Some((_, "DanglingCombinator")) => "it ends in a combinator".to_owned(),
            Some((_, last)) => last.to_owned(),
            None => error,
        }
    })
}

/// A parsed page and where its items are.
pub struct Page<'a> {
    html: &'a Html,
    items: HashSet<NodeId>,
    /// Every element in the order of the page, and its place in it; made when it is asked for.
    order: OnceCell<(Vec<ElementRef<'a>>, HashMap<NodeId, usize>)>,
    /// The tables whose cells were asked for.
    tables: RefCell<HashMap<NodeId, Table<'a>>>,
    /// The last answer of [`Page::nearest_before`] for each selector, and the place it was given at.
    nearest: RefCell<HashMap<*const Selector, (usize, Option<ElementRef<'a>>)>>,
}

/// Where the fields of one item are looked for.
pub struct Scope<'a> {
    page: &'a Page<'a>,
    start: ElementRef<'a>,
    /// The element of the item, and in a run those that follow it.
    elements: Vec<ElementRef<'a>>,
    /// What is looked for can be one of the elements itself.
    is_run: bool,
}

impl<'a> Page<'a> {
    pub fn new(html: &'a Html, item: Option<&Selector>) -> Page<'a> {
        let items = item.map(|item| html.select(item).map(|element| element.id()).collect());
        Page {
            html,
            items: items.unwrap_or_default(),
            order: OnceCell::new(),
            tables: RefCell::default(),
            nearest: RefCell::default(),
        }
    }

    /// All of the page.
    pub fn whole(&'a self) -> Scope<'a> {
        let root = self.html.root_element();
        Scope { page: self, start: root, elements: vec![root], is_run: false }
    }

    /// The items in the order of the page; each goes on over what follows it, up to the next, if
    /// they are runs.
    pub fn items(&'a self, item: &Selector, are_runs: bool) -> Vec<Scope<'a>> {
        let scope = |start: ElementRef<'a>| {
            let mut elements = vec![start];
            if are_runs {
                elements.extend(
                    start
                        .next_siblings()
                        .filter_map(ElementRef::wrap)
                        .take_while(|next| !self.holds_item(*next)),
                );
            }
            Scope { page: self, start, elements, is_run: are_runs }
        };
        self.html.select(item).map(scope).collect()
    }

    fn holds_item(&self, element: ElementRef) -> bool {
        self.items.contains(&element.id())
            || element.descendants().any(|node| self.items.contains(&node.id()))
    }

    /// The items come in order, so each looks back only as far as the one before it did.
    fn nearest_before(&self, item: ElementRef, selector: &Selector) -> Option<ElementRef<'a>> {
        let (elements, places) = self.order.get_or_init(|| {
            let nodes = self.html.tree.root().descendants();
            let elements: Vec<ElementRef> = nodes.filter_map(ElementRef::wrap).collect();
            let places = elements.iter().enumerate().map(|(at, element)| (element.id(), at));
            let places = places.collect();
            (elements, places)
        });
        let start = *places.get(&item.id())?;
        let mut nearest = self.nearest.borrow_mut();
        let earlier = nearest.get(&std::ptr::from_ref(selector)).filter(|(at, _)| *at <= start);
        let (from, known) = earlier.copied().unwrap_or((0, None));
        let found = elements[from..start].iter().rfind(|element| selector.matches(element));
        let found = found.copied().or(known);
        nearest.insert(std::ptr::from_ref(selector), (start, found));
        found
    }

    /// The cells of a row under the heading whose text is or contains `name`,
    /// [folded](dates::fold).
    fn cells(&self, row: ElementRef<'a>, name: &str) -> Vec<ElementRef<'a>> {
        let mut above = row.ancestors().filter_map(ElementRef::wrap);
        let Some(element) = above.find(|element| element.value().name() == "table") else {
            return Vec::new();
        };
        let mut tables = self.tables.borrow_mut();
        let table = tables.entry(element.id()).or_insert_with(|| Table::of(element));
        table.cells(row, name)
    }
}

impl<'a> Scope<'a> {
    /// The element of the item.
    pub fn id(&self) -> NodeId {
        self.start.id()
    }

    /// What a target names inside the item, without what belongs to an item inside this one.
    fn find<'b>(&'b self, target: &'b Target) -> Box<dyn Iterator<Item = ElementRef<'a>> + 'b> {
        let Some(selector) = &target.selector else {
            return Box::new(std::iter::once(self.start));
        };
        Box::new(self.elements.iter().flat_map(move |element| {
            let own = (self.is_run && selector.matches(element)).then_some(*element);
            let inside = element.select(selector).filter(|found| self.owns(*element, *found));
            own.into_iter().chain(inside)
        }))
    }

    fn owns(&self, element: ElementRef, found: ElementRef) -> bool {
        std::iter::once(*found)
            .chain(found.ancestors())
            .take_while(|node| node.id() != element.id())
            .all(|node| !self.page.items.contains(&node.id()))
    }
}
