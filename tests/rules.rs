//! Listing pages read by CSS rules.

use infocus::extract::pick::Pick;
use infocus::extract::rules::{Rules, read};
use infocus::extract::{Fields, RawItem, TooComplex};
use scraper::Selector;

fn picks(rules: &[&str]) -> Vec<Pick> {
    rules.iter().map(|rule| Pick::parse(rule).expect(rule)).collect()
}

fn rules() -> Rules {
    Rules {
        item: Selector::parse("article").expect("a selector"),
        are_runs: false,
        next: vec![],
        fields: Fields {
            title: picks(&["h3", "h2"]),
            url: picks(&["h3 a @href", "@data-url"]),
            published: picks(&["time @datetime", ".date"]),
            kicker: picks(&[".label"]),
            summary: picks(&["p.teaser"]),
            content: picks(&[".body"]),
            image: picks(&["img @src"]),
            ..Fields::default()
        },
    }
}

#[test]
fn a_missing_field_costs_neither_the_item_nor_another_field() {
    let page = r#"<article><b class=label>In Focus</b><h3><a href="/a?s=1">One</a></h3>
        <time datetime=2026-05-03>3 May</time><p class=teaser></p><p class=teaser>Teaser</p>
        <div class=body><p>Text</p></div><img src=x.jpg></article>
        <article data-url=/b><h2>Two</h2><span class=date>4 May 2026</span></article><article></article>"#;
    let items = read(page, &rules()).expect("a listing").items;
    let dates: Vec<_> =
        items.iter().map(|item| item.published.as_ref().map(|date| date.text.as_str())).collect();
    assert_eq!(dates, [Some("2026-05-03"), Some("4 May 2026"), None]);
    assert_eq!(items[0].kicker.as_deref(), Some("In Focus"));
    assert_eq!(items[0].url.as_deref(), Some("/a?s=1"));
    assert_eq!(items[0].summary.as_deref(), Some("Teaser"), "the first that is not empty");
    assert_eq!(items[0].content.as_deref(), Some("<p>Text</p>"));
    assert_eq!(items[0].image.as_ref().map(|image| image.address.as_str()), Some("x.jpg"));
    assert_eq!((items[1].title.as_deref(), items[1].url.as_deref()), (Some("Two"), Some("/b")));
    assert_eq!(items[2], RawItem::default());
}

#[test]
fn a_bad_selector_is_named() {
    assert!(Pick::parse("h3 >> a @href").is_err());
}

#[test]
fn a_page_that_would_take_for_ever_is_refused_at_once() {
    assert_eq!(read(&"<div>".repeat(500_000), &rules()), Err(TooComplex));
    let attributes: String = (0..200_000).map(|n| format!(" a{n}='>'")).collect();
    assert_eq!(read(&format!("<br{attributes}>"), &rules()), Err(TooComplex));
    for text in ["&amp;", "\u{a0}", "&</x>", "<table>&<tr>"] {
        assert_eq!(read(&text.repeat(200_000), &rules()), Err(TooComplex), "{text}");
    }
    let escaped = "&lt;p&gt;A &amp; B&nbsp;&lt;/p&gt;<p>".repeat(30_000);
    assert_ne!(read(&escaped, &rules()), Err(TooComplex));
}

#[test]
fn words_stay_whole_and_blocks_apart() {
    let page = "<article><h3>New: “<em>Be</em>yond” of the <b>EU</b>’s <script>x</script>plan</h3>\
        <p class=teaser><span>One</span><br>two<div>three</div></p></article>";
    let item = &read(page, &rules()).expect("a listing").items[0];
    assert_eq!(item.title.as_deref(), Some("New: “Beyond” of the EU’s plan"));
    assert_eq!(item.summary.as_deref(), Some("One\n\ntwo"));
}

#[test]
fn broken_markup_keeps_the_fields_of_each_item_its_own() {
    let page = "<title>News<body><div><b><article><h3>One</h3><p class=teaser>First\
        <article><h3>Two</h3><span class=date>4 May 2026</span>";
    let items = read(page, &rules()).expect("a listing").items;
    let titles: Vec<_> = items.iter().map(|item| item.title.as_deref()).collect();
    assert_eq!(titles, [Some("One"), Some("Two")], "the title of the page is not closed");
    assert_eq!(items[0].published, None, "the date is that of the item inside");
}

#[test]
fn formatting_that_is_never_closed_hides_no_item() {
    let mut rules = rules();
    rules.item = Selector::parse("dl > div").expect("a selector");
    let page = "<title>News<body><p><b><i><dl><div><dt><h3>One</h3></dt></div>\n<div><dt><h3>Two</h3></dt></div></dl>";
    assert_eq!(read(page, &rules).expect("a listing").items.len(), 2);
    rules.item = Selector::parse("ul.news > li").expect("a selector");
    rules.fields.title = vec![Pick::parse("b").expect("a rule")];
    let page = "<ul class=news><li><b><p>One</p></b></li><li><b><p>Two</p></b></li></ul><ul class=news><i><li><b><p>Three</p></b></li></i></ul>";
    let titles: Vec<_> =
        read(page, &rules).expect("a listing").items.into_iter().map(|i| i.title).collect();
    assert_eq!(titles, ["One", "Two", "Three"].map(|title| Some(title.to_owned())));
    rules.item = Selector::parse("font > div").expect("a selector");
    let page = "<font><div><h3>One</h3></div><div><h3>Two</h3></div></font>";
    assert_eq!(read(page, &rules).expect("a listing").items.len(), 2);
}

#[test]
fn what_looks_like_nesting_and_is_none_is_read() {
    let templates = format!("<script>\"{}\"</script>", "<div>".repeat(2000));
    let comments = format!("<!--{}-->", "<div>".repeat(2000));
    let loose = "<div></x></div>".repeat(2000);
    let page = format!("{templates}{comments}{loose}<article><h3>One</h3></article>");
    assert_eq!(read(&page, &rules()).expect("a listing").items.len(), 1);
    for hidden in ["<div></x>", "<div><!--</div>-->", "<svg><style><div>", "<!--><div>"] {
        assert_eq!(read(&hidden.repeat(2000), &rules()), Err(TooComplex), "{hidden}");
    }
}
