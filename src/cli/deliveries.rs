//! Who got an edition, who waits for it, and who does not get it, as people are told.

use std::collections::BTreeMap;

use crate::newsletter::State;
use crate::store::Told;

/// `12 accepted, 3 deferred`
pub fn counts(deliveries: &BTreeMap<State, u64>) -> String {
    let told: Vec<String> =
        deliveries.iter().map(|(state, count)| format!("{count} {}", state.as_str())).collect();
    if told.is_empty() { "nobody to deliver to".to_owned() } else { told.join(", ") }
}

/// Those that did not go as they should in lines, with the way out.
pub fn lines(newsletter: &str, named: &[Told]) -> Vec<String> {
    let line = |one: &Told| {
        let reply = one.reply.as_deref().unwrap_or_default();
        format!("  {}: {}: {reply}", one.state.as_str(), one.address)
    };
    let mut lines: Vec<String> = named.iter().map(line).collect();
    if named.iter().any(|one| one.state == State::Uncertain) {
        lines.push(format!(
            "  uncertain ones may have got it; `infocus send {newsletter} --only uncertain` sends it again"
        ));
    }
    lines
}
