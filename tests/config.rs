//! Settings: defaults, file, environment; problems name the line and the way out.

use std::path::Path;

use infocus::config::Settings;
use infocus::diagnostic::Diagnostic;

fn parse(text: &str) -> Result<Settings, Diagnostic> {
    Settings::parse(Path::new("infocus.toml"), text, |_| None)
}

#[test]
fn an_empty_file_gives_a_site_that_works() {
    let settings = parse("").expect("defaults");
    assert_eq!(settings.base_url.as_str(), "http://localhost:8080/");
    assert_eq!(settings.output.to_string(), "public");
    assert_eq!(settings.database, "sqlite:infocus.db");
}

#[test]
fn the_environment_outweighs_the_file() {
    let text = "base_url = \"https://a.example.org/x\"\noutput = \"web\"";
    let settings = Settings::parse(Path::new("infocus.toml"), text, |name| {
        (name == "INFOCUS_OUTPUT").then(|| "elsewhere".to_owned())
    })
    .expect("settings");
    assert_eq!(settings.output.to_string(), "elsewhere");
    assert_eq!(settings.base_url.as_str(), "https://a.example.org/x/", "a slash at the end");
}

#[test]
fn problems_name_the_line_and_the_way_out() {
    let cases = [
        (
            "language = \"en\"\nbase_uri = \"https://x\"",
            "unknown key `base_uri`\n  at: infocus.toml:2\nhelp: did you mean `base_url`?",
        ),
        (
            "[fetch]\nqqqq = 1",
            "unknown key `qqqq`\n  at: infocus.toml:2\nhelp: allowed are `allow_private`, `spacing`, `timeout`",
        ),
        (
            "\ntime_zone = \"Europe/Wien\"",
            "unknown time zone `Europe/Wien`, expected a name such as `Europe/Vienna`\n  at: infocus.toml:2",
        ),
        (
            "base_url = \"ftp://x.example.org/\"",
            "`base_url` is `ftp://x.example.org/`\n  at: infocus.toml\nhelp: it begins with `https://` or `http://`",
        ),
        (
            "\nbase_url = \"www.example.org\"",
            "`www.example.org` is no address, expected such as `https://www.example.org/`\n  at: infocus.toml:2",
        ),
        (
            "[fetch]\nallow_private = [\"home\"]",
            "`home` is no network, expected such as `192.168.7.0/24`\n  at: infocus.toml:2",
        ),
        ("[newsletters.weekly]\nfeeds = []", "`title` is missing\n  at: infocus.toml:1"),
        (
            "output = \"feeds/public\"",
            "`output` is `feeds/public`, where the site's own files are\n  at: infocus.toml\nhelp: name a directory that has nothing else in it: `output = \"public\"`",
        ),
        (
            "output = \"a/..\"",
            "`output` is `a/..`, where the site's own files are\n  at: infocus.toml\nhelp: name a directory that has nothing else in it: `output = \"public\"`",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(parse(text).expect_err(text).to_string(), expected);
    }
}

#[test]
fn the_output_may_lie_beside_the_site() {
    for output in ["../public_html", "/srv/www", "web/news"] {
        assert!(parse(&format!("output = \"{output}\"")).is_ok(), "{output}");
    }
}
