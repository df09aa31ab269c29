//! What is not kept for ever, and what is.

use crate::bed::Bed;
use crate::relay::Relay;
use crate::send::{address, bed_with, states};

#[test]
fn who_got_an_edition_is_forgotten_after_a_while_and_how_many_did_is_not() {
    let relay = Relay::start();
    let mail = format!("transport = \"{}\"\nkeep_deliveries = \"90d\"\n", relay.transport());
    let mut bed = bed_with(&mail, 12);
    bed.run(&["send", "weekly"]).ends(0);
    let sums = states(&bed);
    assert_eq!(sums.get("accepted"), Some(&12));
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
