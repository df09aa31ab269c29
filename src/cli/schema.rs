use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::{Answer, Outcome};
use crate::catalog;
use crate::config::Settings;

#[derive(Debug, Args)]
pub struct Options {
    /// Of which file; of either, if none is named
    #[arg(value_enum)]
    of: Option<File>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum File {
    /// infocus.toml
    Settings,
    /// feeds/SLUG.toml
    Feed,
}

/// An editor that is given the schema completes and checks what is written.
pub fn run(options: &Options) -> anyhow::Result<Answer> {
    let schema = match options.of {
        Some(File::Settings) => Settings::schema().to_value(),
        Some(File::Feed) => catalog::schema().to_value(),
        None => either(Settings::schema().to_value(), catalog::schema().to_value()),
    };
    let text = serde_json::to_string_pretty(&schema)?;
    Ok(Answer { outcome: Outcome::Done, text, json: schema })
}

/// What the two refer to inside of themselves moves into one place.
fn either(mut settings: Value, mut feed: Value) -> Value {
    let mut definitions = serde_json::Map::new();
    for (name, schema) in [("Settings", &mut settings), ("Feed", &mut feed)] {
        if let Some(object) = schema.as_object_mut() {
            object.remove("$schema");
            if let Some(Value::Object(own)) = object.remove("$defs") {
                definitions.extend(own);
            }
        }
        definitions.insert(name.to_owned(), schema.take());
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "infocus.toml or feeds/SLUG.toml",
        "anyOf": [{ "$ref": "#/$defs/Settings" }, { "$ref": "#/$defs/Feed" }],
        "$defs": definitions,
    })
}
