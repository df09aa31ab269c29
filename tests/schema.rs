//! The schema says what the parser does.

use std::collections::BTreeSet;

use infocus::catalog;
use infocus::config::Settings;
use serde_json::Value;

use crate::bed::Bed;

/// The keys of a table in the schema, references followed.
fn keys(schema: &Value, path: &[&str]) -> BTreeSet<String> {
    let mut at = schema;
    for key in path {
        at = follow(schema, &follow(schema, at)["properties"][*key]);
    }
    let properties = follow(schema, at)["properties"].as_object().expect("properties");
    properties.keys().cloned().collect()
}

fn follow<'a>(schema: &'a Value, at: &'a Value) -> &'a Value {
    let is_null = |option: &&Value| option["type"] != "null";
    let at = at["anyOf"].as_array().and_then(|any| any.iter().find(is_null)).unwrap_or(at);
    let at = if at["items"].is_object() { &at["items"] } else { at };
    let at = if at["additionalProperties"].is_object() { &at["additionalProperties"] } else { at };
    match at["$ref"].as_str().and_then(|name| name.strip_prefix("#/$defs/")) {
        Some(name) => &schema["$defs"][name],
        None => at,
    }
}

/// The keys that the parser allows, as it says when it is given another.
fn allowed(problem: &str) -> BTreeSet<String> {
    let (_, list) = problem.split_once("allowed are ").expect(problem);
    let list = list.lines().next().unwrap_or_default();
    list.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn the_schema_of_the_settings_has_the_keys_of_the_parser() {
    let schema = Settings::schema().to_value();
    for (head, path) in [
        ("", [].as_slice()),
        ("[fetch]", &["fetch"]),
        ("[mail]", &["mail"]),
        ("[mail.dkim]", &["mail", "dkim"]),
        ("[newsletters.weekly]", &["newsletters"]),
    ] {
        let text = format!("{head}\nqqqqqqqqqqqqq = 1\n");
        let problem = Settings::parse(std::path::Path::new("infocus.toml"), &text, |_| None);
        let problem = problem.expect_err(head).to_string();
        assert_eq!(keys(&schema, path), allowed(&problem), "{head}");
    }
}

#[test]
fn the_schema_of_a_definition_has_the_keys_of_the_parser() {
    let schema = catalog::schema().to_value();
    let source = "title = \"A\"\n[[source]]\n";
    for (head, path) in [
        ("", [].as_slice()),
        (source, &["source"]),
        (&format!("{source}[source.html]\n"), &["source", "html"]),
        (&format!("{source}[source.json]\n"), &["source", "json"]),
        (&format!("{source}[source.request]\n"), &["source", "request"]),
        (&format!("{source}[source.detail]\n"), &["source", "detail"]),
        (&format!("{source}[source.keep]\n"), &["source", "keep"]),
        (&format!("{source}[source.drop]\n"), &["source", "drop"]),
    ] {
        let bed = Bed::new();
        bed.write("feeds/a.toml", format!("{head}qqqqqqqqqqqqq = 1\n"));
        let problem = bed.run(&["check"]).ends(2).stderr;
        assert_eq!(keys(&schema, path), allowed(&problem), "{head}");
    }
}

#[test]
fn editors_get_the_schema_of_either_file_or_of_both() {
    let bed = Bed::new();
    for (of, title) in [("settings", "Settings"), ("feed", "FeedFile")] {
        let schema: Value =
            serde_json::from_str(&bed.run(&["schema", of]).ends(0).stdout).expect("JSON");
        assert_eq!(schema["title"], title);
        assert_eq!(schema["additionalProperties"], false, "unknown keys are problems");
    }
    let both: Value = serde_json::from_str(&bed.run(&["schema"]).ends(0).stdout).expect("JSON");
    assert!(both["$defs"]["Feed"]["properties"]["source"].is_object(), "{both}");
}
