//! What is remembered, from one database to another and back.

use crate::bed::Bed;
use crate::postgres::{fresh, is_there};
use crate::relay::Relay;
use crate::send::furnished;

/// With an edition of which some is delivered, and something new since.
fn lived_in() -> Bed {
    let relay = Relay::start();
    let transport = format!("transport = \"{}\"\n", relay.transport());
    let mut bed = furnished(Bed::on_file(), &transport, 150);
    bed.run(&["send", "weekly"]).ends(0);
    bed.write("feeds/news/9.txt", "In Focus\n\nThe mill opens\n\n2 May 2026\n\nText.");
    bed.at("2026-05-06T15:00:00Z").run(&["refresh"]).ends(0);
    bed.run(&["subscribers", "suppress", "weekly", "never@example.org"]).ends(0);
    bed
}

#[test]
fn a_site_moves_to_another_database_and_back_and_nothing_is_lost() {
    if !is_there("a site moves to another database and back and nothing is lost") {
        return;
    }
    let mut bed = lived_in();
    let address = fresh();
    let said = |bed: &Bed| {
        let told = ["status", "subscribers list weekly", "edition list weekly --json", "test"];
        told.map(|command| bed.run(&command.split(' ').collect::<Vec<_>>()).stdout)
    };
    let before = said(&bed);
    let told = bed.run(&["move", "sqlite:infocus.db", &address]).ends(0).stdout;
    assert!(told.contains("Copied and compared"), "{told}");
    // As if it had been broken off.
    bed.run(&["move", "sqlite:infocus.db", &address]).ends(0);
    bed.remember_in(&address);
    assert_eq!(said(&bed), before);
    let public = bed.files("public");
    bed.run(&["refresh", "--force"]).ends(0);
    assert_eq!(bed.files("public"), public, "the same items");
    bed.run(&["subscribers", "add", "weekly", "never@example.org"]).ends(2);
    bed.run(&["move", &address, "sqlite:back.db"]).ends(0);
    bed.remember_in("sqlite:back.db");
    assert_eq!(said(&bed)[1..], before[1..]);
}

#[test]
fn what_is_somewhere_already_and_is_other_is_told_and_both_are_kept() {
    let bed = Bed::on_file();
    bed.write("feeds/news.toml", "title = \"News\"\n[[source]]\nfiles = \"news/*.txt\"\n");
    bed.write("feeds/news/1.txt", "In Focus\n\nThe mill opens\n\n2 May 2026\n\nText.");
    bed.run(&["refresh"]).ends(0);
    let mut other = bed.command(&["refresh"]);
    bed.write("feeds/news/2.txt", "In Focus\n\nThe ferry sails\n\n2 May 2026\n\nText.");
    other.env("INFOCUS_DATABASE", "sqlite:other.db");
    assert!(other.status().expect("a run").success());
    let told = bed.run(&["move", "sqlite:infocus.db", "sqlite:other.db"]).ends(1).stderr;
    assert!(told.contains("`items` has 1 rows here, and 2 there"), "{told}");
    bed.run(&["status"]).ends(0);
}
