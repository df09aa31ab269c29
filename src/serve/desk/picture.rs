//! Subscribers over time, as a picture (SVG) that is described in words.

use serde_json::{Value, json};

/// Days that are shown.
const DAYS: i64 = 365;

/// The size of the picture, and of its margin.
const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 160.0;
const MARGIN: f64 = 8.0;

/// A line from how many there were a year ago, or when the first came, to how many there are; none if
/// there never was one. `changes` are those who came and those who left on each day since 1970, in the
/// order of the days.
pub fn subscribers(changes: &[(i64, i64)], today: i64) -> Value {
    let Some((first, _)) = changes.first() else { return Value::Null };
    let start = (today - DAYS).max(*first - 1).min(today - 1);
    let before: i64 =
        changes.iter().filter(|(day, _)| *day <= start).map(|(_, change)| change).sum();
    let mut points = vec![(start, before)];
    let mut now = before;
    for (day, change) in changes.iter().filter(|(day, _)| *day > start) {
        // It is a step, and no slope over days on which nothing happened.
        points.push((*day, now));
        now += change;
        points.push((*day, now));
    }
    points.push((today, now));
    let most = points.iter().map(|(_, count)| *count).max().unwrap_or(0).max(1);
    let place = |(day, count): &(i64, i64)| {
        let across = (day - start) as f64 / (today - start).max(1) as f64;
        let up = *count as f64 / most as f64;
        let x = MARGIN + across * (WIDTH - 2.0 * MARGIN);
        let y = HEIGHT - MARGIN - up * (HEIGHT - 2.0 * MARGIN);
        format!("{x:.1},{y:.1}")
    };
    let line: Vec<String> = points.iter().map(place).collect();
    json!({
        "line": line.join(" "),
        "width": WIDTH,
        "height": HEIGHT,
        "now": now,
        "before": before,
        "days": today - start,
        "most": most,
    })
}

#[cfg(test)]
mod tests {
    use super::subscribers;

    #[test]
    fn the_line_ends_with_those_there_are_now() {
        let picture = subscribers(&[(100, 3), (200, -1), (600, 5)], 601);
        assert_eq!(
            (&picture["now"], &picture["before"], &picture["days"]),
            (&7.into(), &2.into(), &365.into())
        );
        let line = picture["line"].as_str().expect("a line");
        assert!(line.starts_with("8.0,") && line.ends_with("632.0,8.0"), "{line}");
        assert!(subscribers(&[], 5).is_null());
    }
}
