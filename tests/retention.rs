//! What is not kept for ever, and what is.

use crate::bed::Bed;
use crate::relay::Relay;
use crate::send::{address, bed_with, states};
use crate::tallies::rows;

#[test]
fn who_got_an_edition_is_forgotten_after_a_while_and_how_many_did_is_not() {
    let relay = Relay::start();
    let mail = format!("transport = \"{}\"\nkeep_deliveries = \"90d\"\n", relay.transport());
    let mut bed = bed_with(&mail, 12);
    bed.run(&["send", "weekly"]).ends(0);
    let sums = states(&bed);
    assert_eq!(sums.get("accepted"), Some(&12));
    assert_eq!(rows(&bed, "SELECT COUNT(*) AS n FROM variants"), 1);
    let known = |bed: &Bed| {
        let arguments = ["subscribers", "export", "weekly", &address(3)];
        let told = bed.run(&arguments).ends(0).stdout;
        let told: serde_json::Value = serde_json::from_str(&told).expect("JSON");
        told["deliveries"].as_array().map_or(0, Vec::len)
    };
    bed.at("2026-07-20T16:00:00Z").run(&["send", "weekly"]).ends(0);
    assert_eq!(known(&bed), 1);
    bed.at("2026-08-04T16:00:00Z").run(&["send", "weekly"]).ends(0);
    assert_eq!(known(&bed), 0);
    assert_eq!(states(&bed), sums);
    bed.at("2026-08-05T16:00:00Z").run(&["send", "weekly"]).ends(0);
    assert_eq!(states(&bed), sums);
    assert_eq!(relay.count(), 12, "nobody gets it again");
    assert_eq!(rows(&bed, "SELECT COUNT(*) AS n FROM variants"), 0);
}

#[test]
fn what_is_still_needed_is_not_forgotten() {
    let bed = Bed::new();
    bed.write("infocus.toml", "[mail]\nkeep_deliveries = \"400 days\"\n");
    bed.run(&["check"]).ends(0);
    bed.write("infocus.toml", "[mail]\nkeep_deliveries = \"30d\"\n");
    let told = bed.run(&["check"]).ends(2).stderr;
    assert!(told.contains("infocus.toml:2") && told.contains("less than `90d`"), "{told}");
}

#[test]
fn what_went_wrong_with_a_source_is_told_for_a_year_and_not_for_ever() {
    let mut bed = Bed::new();
    bed.write("feeds/news.toml", "title = \"News\"\n[[source]]\nfiles = \"news/*.txt\"\n");
    let news = "In Focus\n\nThe mill opens\n\n2 May 2026\n\nText.";
    for year in [2026, 2027, 2028, 2029] {
        bed.write("feeds/news/1.txt", news);
        bed.at(&format!("{year}-05-04T15:00:00Z")).run(&["refresh"]);
        std::fs::remove_file(bed.path("feeds/news/1.txt")).expect("it goes");
        bed.at(&format!("{year}-05-05T15:00:00Z")).run(&["refresh"]);
    }
    // That it failed, and that it gave its items again, in each of the last two years.
    assert_eq!(rows(&bed, "SELECT COUNT(*) AS n FROM events"), 4);
    assert_eq!(rows(&bed, "SELECT COUNT(*) AS n FROM events WHERE at < 1830000000000"), 0);
}
