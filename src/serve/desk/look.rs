//! What the desk shows.

use std::collections::BTreeMap;

use axum::extract::{Extension, Path, Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::picture;
use super::session::Session;
use super::{Done, Shared, Site, broken, desk};
use crate::clock;
use crate::kept::Kept;
use crate::mail::encoded_html_len;
use crate::model::{Evidence, Item};
use crate::newsletter::{self, Act, Digest, lint};
use crate::publish::date_of;
use crate::serve::{Loaded, Server, page};
use crate::status;

/// Items of a feed that are shown.
const ITEMS: usize = 200;

/// Editions that are shown.
const EDITIONS: usize = 20;

/// Bytes of the HTML part that Gmail shows.
const LIMIT: usize = 102_000;

pub async fn overview(
    Extension(loaded): Site,
    State(server): Shared,
    Extension(session): Extension<Session>,
) -> Response {
    let now = server.clock.now();
    let status = match status::gather(&loaded.site, &server.store, now).await {
        Ok(status) => status,
        Err(error) => return broken(&loaded, &error),
    };
    let at = |moment: Option<Timestamp>| moment.map(|moment| told(&loaded, moment));
    let feeds: Vec<Value> = status
        .feeds
        .iter()
        .map(|feed| {
            let sources: Vec<Value> = feed
                .sources
                .iter()
                .map(|source| {
                    json!({
                        "source": source.source,
                        "location": source.location,
                        "state": source.state,
                        "is_bad": matches!(source.state.as_str(), "degraded" | "failed" | "healed"),
                        "found": source.found,
                        "checked": at(source.checked_at),
                        "next": at(source.next_check_at),
                        "message": source.message,
                    })
                })
                .collect();
            json!({ "slug": feed.feed, "title": feed.title, "items": feed.items, "newest": at(feed.newest), "sources": sources })
        })
        .collect();
    let newsletters: Vec<Value> = status
        .newsletters
        .iter()
        .map(|one| {
            let edition = one.edition.as_ref().map(|last| {
                json!({ "id": last.edition.id, "state": last.edition.state.as_str(), "deliveries": counted(&last.deliveries) })
            });
            json!({
                "name": one.newsletter,
                "title": one.title,
                "active": one.subscribers.get("active").copied().unwrap_or(0),
                "next": at(one.next_edition_at),
                "edition": edition,
            })
        })
        .collect();
    let context = json!({ "title": "Desk", "feeds": feeds, "newsletters": newsletters });
    desk(&loaded, &session, "desk/overview.html", context)
}

/// A moment on the clock of the site.
fn told(loaded: &Loaded, moment: Timestamp) -> String {
    let zone = loaded.site.settings.time_zone.clone();
    moment.to_zoned_datetime(zone).strftime("%a %-d %b %Y, %H:%M").to_string()
}

fn counted(deliveries: &BTreeMap<newsletter::State, u64>) -> Vec<Value> {
    let one = |(state, count): (&newsletter::State, &u64)| json!({ "state": state.as_str(), "count": count });
    deliveries.iter().map(one).collect()
}

pub async fn feed(
    Extension(loaded): Site,
    State(server): Shared,
    Extension(session): Extension<Session>,
    Path(slug): Path<String>,
) -> Response {
    let Some(feed) = loaded.site.feeds.iter().find(|feed| feed.slug.as_str() == slug) else {
        return page::nothing_there(&loaded.site, &format!("/desk/feeds/{slug}"));
    };
    let found = async {
        let rows = server.store.sources().await?;
        let items = server.store.all(&feed.slug).await?;
        Ok::<_, crate::store::StoreError>((rows, items))
    };
    let (rows, items) = match found.await {
        Ok(found) => found,
        Err(error) => return broken(&loaded, &error),
    };
    let sources: Vec<Value> = feed
        .sources
        .iter()
        .enumerate()
        .map(|(number, source)| {
            let status = status::source(feed, source, &rows);
            let kept = Kept::of(&loaded.site, feed, source).read();
            json!({
                "source": status.source,
                "number": number,
                "location": status.location,
                "state": status.state,
                "message": status.message,
                "failures": status.failures,
                "succeeded": status.succeeded_at.map(|at| told(&loaded, at)),
                "proposal": status.proposal,
                "kept": kept.ok().flatten().map(|(_, record)| told(&loaded, record.fetched_at)),
            })
        })
        .collect();
    let shown: Vec<Value> = items.iter().take(ITEMS).map(|item| listed(&loaded, item)).collect();
    let context = json!({
        "title": feed.title,
        "slug": slug,
        "sources": sources,
        "items": shown,
        "more": items.len().saturating_sub(ITEMS),
    });
    desk(&loaded, &session, "desk/feed.html", context)
}

/// An item with how its date is known.
fn listed(loaded: &Loaded, item: &Item) -> Value {
    let evidence = match item.published.evidence {
        Evidence::Page => "read on the page",
        Evidence::Url => "in its address",
        Evidence::Inferred => "concluded from the others",
        Evidence::FirstSeen => "first seen then",
    };
    json!({
        // As people name it, too, in the file of the notes.
        "id": item.url.as_ref().map_or_else(|| item.id.to_string(), ToString::to_string),
        "kicker": item.kicker,
        "title": item.title,
        "url": item.url,
        "date": date_of(item, &loaded.site.settings.time_zone, "en"),
        "evidence": evidence,
        "text": item.published.text,
        "first_seen": told(loaded, item.first_seen_at),
        "retracted": item.retracted_at.is_some(),
    })
}

/// The page that a source last gave when all was well, as it came, and as text: it runs nothing here.
pub async fn kept(
    Extension(loaded): Site,
    Path((slug, number)): Path<(String, usize)>,
) -> Response {
    let feed = loaded.site.feeds.iter().find(|feed| feed.slug.as_str() == slug);
    let source = feed.and_then(|feed| Some((feed, feed.sources.get(number)?)));
    let page = source.map(|(feed, source)| Kept::of(&loaded.site, feed, source).read());
    match page {
        Some(Ok(Some((page, _)))) => {
            let headers = [
                (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
                (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
                (header::CACHE_CONTROL, "no-store"),
            ];
            (headers, String::from_utf8_lossy(&page.body).into_owned()).into_response()
        }
        _ => page::nothing_there(&loaded.site, &format!("/desk/feeds/{slug}/kept/{number}")),
    }
}

pub async fn newsletter(
    Extension(loaded): Site,
    State(server): Shared,
    Extension(session): Extension<Session>,
    Path(name): Path<String>,
    Query(done): Done,
) -> Response {
    if !loaded.site.settings.newsletters.contains_key(&name) {
        return page::nothing_there(&loaded.site, &format!("/desk/newsletters/{name}"));
    }
    match mailing(&loaded, &server, &name).await {
        Ok(mut context) => {
            context["said"] = json!(done.said);
            context["is_watched"] = done.watch.is_some().into();
            desk(&loaded, &session, "desk/newsletter.html", context)
        }
        Err(error) => broken(&loaded, &error),
    }
}

async fn mailing(
    loaded: &Loaded,
    server: &Server,
    name: &str,
) -> Result<Value, newsletter::NewsletterError> {
    let (site, store) = (&loaded.site, &server.store);
    let settings = &site.settings.newsletters[name];
    let digest = newsletter::next(site, store, name, None).await?;
    let rendered = newsletter::render(&digest, site)?;
    let (size, notes) = (encoded_html_len(&rendered.html), &digest.notes);
    let editions = store.editions(name, EDITIONS).await?;
    let mut made = Vec::new();
    let mut is_moving = false;
    for edition in &editions {
        let deliveries = store.count_deliveries(&edition.id).await?;
        is_moving |= deliveries.keys().any(|state| state.is_open())
            && edition.state == newsletter::EditionState::Open;
        let total: u64 = deliveries.values().sum();
        let accepted = deliveries.get(&newsletter::State::Accepted).copied().unwrap_or(0);
        let acts = [(Act::Approve, "approve"), (Act::Hold, "hold"), (Act::Discard, "discard")];
        let acts = acts.into_iter().filter(|(act, _)| act.on().contains(&edition.state));
        let named: Vec<Value> = status::named(store, &edition.id)
            .await?
            .iter()
            .map(|one| json!({ "address": one.address, "state": one.state.as_str(), "reply": one.reply }))
            .collect();
        made.push(json!({
            "id": edition.id,
            "state": edition.state.as_str(),
            "reason": edition.reason,
            "until": told(loaded, edition.until),
            "total": total,
            "accepted": accepted,
            "deliveries": counted(&deliveries),
            "named": named,
            "acts": acts.map(|(_, name)| name).collect::<Vec<_>>(),
        }));
    }
    let history = store.history(name).await?;
    let today = clock::day(server.clock.now());
    let findings: Vec<Value> =
        lint(&rendered.html).into_iter().map(|finding| json!(finding)).collect();
    let next = settings.schedule.as_ref();
    let next =
        next.and_then(|schedule| schedule.next(server.clock.now(), &site.settings.time_zone));
    Ok(json!({
        "title": settings.title,
        "name": name,
        "due": next.map(|at| told(loaded, at)),
        "is_empty": digest.is_empty(),
        "is_first": digest.is_first_draft,
        "subject": rendered.subject,
        "text": rendered.text.replace(newsletter::Token::BLANK, "…"),
        "size": size.div_ceil(1000),
        "limit": LIMIT / 1000,
        "is_long": size > LIMIT,
        "findings": findings,
        "notes": { "subject": notes.subject, "intro": notes.intro },
        "items": next_items(loaded, &digest),
        "excluded": notes.exclude,
        "unknown": digest.unknown,
        "editions": made,
        "is_moving": is_moving,
        "picture": picture::subscribers(&history, today),
        "from": site.settings.mail.from.as_ref().map(|from| from.address()),
    }))
}

fn next_items(loaded: &Loaded, digest: &Digest) -> Vec<Value> {
    let one = |item: &Item| {
        let mut shown = listed(loaded, item);
        shown["is_pinned"] = digest.notes.place(item).is_some().into();
        shown
    };
    digest.items().map(one).collect()
}

/// The next edition as a mail program shows it, for a frame of the desk.
pub async fn next_html(
    Extension(loaded): Site,
    State(server): Shared,
    Path(name): Path<String>,
) -> Response {
    if !loaded.site.settings.newsletters.contains_key(&name) {
        return page::nothing_there(&loaded.site, &format!("/desk/newsletters/{name}/next.html"));
    }
    match newsletter::next_html(&loaded.site, &server.store, &name).await {
        Ok(html) => {
            let html = html.unwrap_or_default();
            let html = html.replace(newsletter::Token::BLANK, newsletter::Token::nobody().as_str());
            let mut reply = page::html(StatusCode::OK, html);
            // A mail has its styles where they apply, and pictures from anywhere.
            let policy = "default-src 'none'; style-src 'unsafe-inline'; img-src https: data:; \
                          base-uri 'none'; frame-ancestors 'self'; sandbox";
            let policy = HeaderValue::from_static(policy);
            reply.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
            reply
        }
        Err(error) => broken(&loaded, &error),
    }
}
