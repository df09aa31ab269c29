//! What comes back leads where it should, and what was made up leads nowhere.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use mailparse::{MailHeaderMap, parse_mail};

use crate::bed::{Bed, Ran};
use crate::relay::{Relay, Taken};
use crate::send::{address, bed_with, states};

fn bed(relay: &Relay, subscribers: usize) -> Bed {
    let mail =
        format!("transport = \"{}\"\nreturn_path = \"bounces@example.org\"\n", relay.transport());
    let bed = bed_with(&mail, subscribers);
    bed.run(&["send", "weekly"]).ends(0);
    bed
}

fn letter_to(relay: &Relay, n: usize) -> Taken {
    relay.taken().into_iter().find(|letter| letter.to == address(n)).expect("a letter")
}

fn pipe(bed: &Bed, message: &str) -> String {
    let mut command = bed.command(&["bounce"]);
    let mut run =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the program runs");
    run.stdin.take().expect("a pipe").write_all(message.as_bytes()).expect("it reads");
    let output = run.wait_with_output().expect("an end");
    assert!(output.status.success());
    String::from_utf8(output.stdout).expect("text")
}

/// What else a system puts into a report.
struct Style {
    name: &'static str,
    content_type: &'static str,
    human: &'static str,
    group: &'static str,
    quotes: &'static str,
}

/// Reports as mail systems write them; `{class}` and `{words}` are what went wrong.
const STYLES: [Style; 5] = [
    Style {
        name: "Postfix",
        content_type: "multipart/report; report-type=delivery-status;\r\n boundary=\"9B0.1/mx\"",
        human: "This is the mail system at host mx.example.com.\r\n\r\nI'm sorry to have to inform you",
        group: "Final-Recipient: rfc822; {to}\r\nOriginal-Recipient: rfc822;{to}\r\nAction: failed\r\n\
                Status: {class}\r\nRemote-MTA: dns; mail.example.com\r\n\
                Diagnostic-Code: smtp; 550 {class} <{to}>: Recipient address\r\n    rejected: {words}",
        quotes: "text/rfc822-headers",
    },
    Style {
        name: "Exim",
        content_type: "multipart/report; report-type=delivery-status; boundary=\"9B0.1/mx\"",
        human: "This message was created automatically by mail delivery software.",
        group: "Action: failed\r\nFinal-Recipient: rfc822;{to}\r\nStatus: {class}\r\n\
                Remote-MTA: dns; mx.example.com\r\nDiagnostic-Code: smtp; 550 {class} {words}",
        quotes: "message/rfc822",
    },
    Style {
        name: "Exchange",
        content_type: "multipart/report; report-type=delivery-status;\r\n\tboundary=\"9B0.1/mx\"",
        human: "Delivery has failed to these recipients or groups:",
        group: "Final-Recipient: rfc822;{to}\r\nAction: failed\r\nStatus: {class}\r\n\
                Diagnostic-Code: smtp;550 {class} RESOLVER.ADR; {words}\r\nX-Display-Name: reader",
        quotes: "message/rfc822",
    },
    Style {
        name: "SES",
        content_type: "multipart/report; boundary=\"9B0.1/mx\"; report-type=\"delivery-status\"",
        human: "An error occurred while trying to deliver the mail to the following recipients:",
        group: "Final-Recipient: rfc822;{to}\r\nAction: failed\r\n\
                Diagnostic-Code: smtp; 550-{class} {words}\r\nStatus: {class}",
        quotes: "message/rfc822",
    },
    Style {
        name: "Gmail",
        content_type: "multipart/report; boundary=\"9B0.1/mx\"; report-type=delivery-status",
        human: "** Address not found **\r\n\r\nYour message wasn't delivered",
        group: "Final-Recipient: rfc822; {to}\r\nAction: failed\r\nStatus: {class}\r\n\
                Remote-MTA: dns; gmail-smtp-in.l.google.com.\r\n\
                Diagnostic-Code: smtp; 550-{class} {words}\r\n 550 {class} learn more\r\n\
                Last-Attempt-Date: Wed, 06 May 2026 10:00:00 -0700 (PDT)",
        quotes: "message/rfc822",
    },
];

fn report(style: &Style, letter: &Taken, class: &str, words: &str) -> String {
    let group =
        style.group.replace("{to}", &letter.to).replace("{class}", class).replace("{words}", words);
    let original = String::from_utf8(letter.message.clone()).expect("text");
    let quoted = match style.quotes {
        "message/rfc822" => original,
        _ => original.split("\r\n\r\n").next().expect("headers").to_owned(),
    };
    format!(
        "From: MAILER-DAEMON@mx.example.com\r\nTo: {}\r\nSubject: Undelivered Mail\r\n\
         Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\nContent-Type: {}\r\n\r\n\
         --9B0.1/mx\r\nContent-Type: text/plain\r\n\r\n{}\r\n\r\n\
         --9B0.1/mx\r\nContent-Type: message/delivery-status\r\n\r\n\
         Reporting-MTA: dns; mx.example.com\r\nArrival-Date: Wed, 6 May 2026 10:00:00 +0000\r\n\r\n\
         {group}\r\n\r\n--9B0.1/mx\r\nContent-Type: {}\r\n\r\n{quoted}\r\n--9B0.1/mx--\r\n",
        letter.from, style.content_type, style.human, style.quotes
    )
}

#[test]
fn a_mailbox_that_is_not_there_is_never_mailed_again_whoever_says_so() {
    let relay = Relay::start();
    let bed = bed(&relay, STYLES.len());
    for (n, style) in STYLES.iter().enumerate() {
        let letter = letter_to(&relay, n);
        assert!(letter.from.starts_with("bounces+"), "{}", letter.from);
        let report = report(style, &letter, "5.1.1", "User unknown");
        let told = pipe(&bed, &report);
        assert!(told.starts_with("1 not there, 0 not taken"), "{}: {told}", style.name);
        let told = bed.run(&["subscribers", "add", "weekly", &address(n)]).ends(2).stderr;
        assert!(told.contains("never mailed again: there is no such mailbox"), "{}", style.name);
    }
    assert_eq!(states(&bed)["failed"], STYLES.len() as u64);
}

#[test]
fn a_mailbox_that_is_full_stays_subscribed_until_it_is_again_and_again() {
    let relay = Relay::start();
    let mut bed = bed(&relay, 2);
    for edition in 0..5 {
        let letters = relay.taken();
        let letter = letters.iter().rfind(|letter| letter.to == address(0)).expect("a letter");
        let report = report(&STYLES[edition % STYLES.len()], letter, "5.2.2", "mailbox full");
        for _ in 0..2 {
            let told = pipe(&bed, &report);
            assert!(told.starts_with("0 not there, 1 not taken"), "{told}");
        }
        let add = bed.run(&["subscribers", "add", "weekly", &address(0)]);
        add.ends(if edition == 4 { 2 } else { 0 });
        let name = format!("feeds/news/more-{edition}.txt");
        bed.write(&name, format!("In Focus\n\nBridge {edition} opens\n\nText."));
        bed.at(&format!("2026-06-{:02}T10:00:00Z", edition + 1)).run(&["refresh"]).ends(0);
        bed.at(&format!("2026-06-{:02}T11:00:00Z", edition + 1)).run(&["send", "weekly"]).ends(0);
    }
    assert_eq!(relay.taken().iter().filter(|letter| letter.to == address(0)).count(), 5);
    assert_eq!(relay.taken().iter().filter(|letter| letter.to == address(1)).count(), 6);
}

#[test]
fn what_is_our_fault_or_is_not_over_bounces_nobody() {
    let relay = Relay::start();
    let bed = bed(&relay, 3);
    let rejected = report(&STYLES[0], &letter_to(&relay, 0), "5.7.1", "blocked by policy");
    assert!(pipe(&bed, &rejected).starts_with("0 not there, 1 not taken"));
    let delayed = report(&STYLES[0], &letter_to(&relay, 1), "4.4.1", "no route")
        .replace("Action: failed", "Action: delayed");
    assert!(pipe(&bed, &delayed).ends_with("1 ignored\n"));
    for away in
        ["Auto-Submitted: auto-replied\r\n", "X-Autoreply: yes\r\n", "Precedence: auto_reply\r\n"]
    {
        let letter = letter_to(&relay, 2);
        let text = format!(
            "From: {}\r\nTo: {}\r\nSubject: Re: unsubscribe weekly {}\r\n{away}\r\nI am away. 550 5.1.1\r\n",
            letter.to,
            letter.from,
            token(&letter)
        );
        assert!(pipe(&bed, &text).ends_with("1 ignored\n"), "{away}");
    }
    for n in 0..3 {
        bed.run(&["subscribers", "add", "weekly", &address(n)]).ends(0);
    }
}

fn token(letter: &Taken) -> String {
    let mark = letter.from.split(['+', '@']).nth(1).expect("a mark");
    assert_eq!(mark.len(), 32);
    mark.to_owned()
}

#[test]
fn a_token_that_was_made_up_does_nothing() {
    let relay = Relay::start();
    let bed = bed(&relay, 2);
    let letter = letter_to(&relay, 0);
    let report = report(&STYLES[1], &letter, "5.1.1", "User unknown");
    let token = token(&letter);
    let forged = report.replace(&token, &token.chars().rev().collect::<String>());
    assert!(pipe(&bed, &forged).ends_with("1 ignored\n"));
    let mail = parse_mail(&letter.message).expect("a mail");
    let id = mail.headers.get_first_value("Message-ID").expect("an id");
    let other = report.replace(&id, "<0123456789abcdef@example.org>");
    assert!(pipe(&bed, &other).ends_with("1 ignored\n"), "a message that was never sent");
    let cut = report.replace(&token, &token[..30]);
    assert!(pipe(&bed, &cut).ends_with("1 ignored\n"));
    assert!(pipe(&bed, "").ends_with("1 ignored\n"));
    assert_eq!(states(&bed)["accepted"], 2);
}

#[test]
fn who_complains_or_writes_that_they_leave_gets_no_more() {
    let relay = Relay::start();
    let bed = bed(&relay, 5);
    for (n, (agent, quotes)) in [
        ("Yahoo!-Mail-Feedback/2.0", "message/rfc822"),
        ("SomeGenerator/1.0", "text/rfc822-headers"),
        ("Comcast Feedback Loop", "message/rfc822"),
    ]
    .into_iter()
    .enumerate()
    {
        let letter = letter_to(&relay, n);
        let original = String::from_utf8(letter.message.clone()).expect("text");
        // The address is often struck out, and the return path is not where it comes to.
        let quoted = original.replace(&letter.to, "redacted@example.com");
        let complaint = format!(
            "From: feedback@provider.example\r\nTo: abuse@example.org\r\nMIME-Version: 1.0\r\n\
             Content-Type: multipart/report; report-type=feedback-report; boundary=\"b\"\r\n\r\n\
             --b\r\nContent-Type: text/plain\r\n\r\nThis is an abuse report.\r\n--b\r\n\
             Content-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\n\
             User-Agent: {agent}\r\nVersion: 1\r\n\r\n--b\r\nContent-Type: {quotes}\r\n\r\n\
             {quoted}\r\n--b--\r\n"
        );
        let maildir = format!("mail-{n}");
        bed.write(&format!("{maildir}/new/1.host"), complaint)
            .write(&format!("{maildir}/cur/x"), "");
        let told = bed.run(&["bounce", &maildir]).ends(0).stdout;
        assert_eq!(
            told, "0 not there, 0 not taken, 1 complaints, 0 left, 0 confirmed, 0 ignored\n",
            "{agent}"
        );
        assert!(bed.path(&format!("{maildir}/cur/1.host:2,S")).exists());
        let told =
            bed.run(&["subscribers", "add", "weekly", &address(n), "--again"]).ends(2).stderr;
        assert!(told.contains("never mailed again: complained"), "{told}");
    }
    let letter = letter_to(&relay, 3);
    let leave = format!(
        "From: {}\r\nTo: news@example.org\r\nSubject: unsubscribe weekly {}\r\n\r\n\r\n",
        letter.to,
        token(&letter)
    );
    assert!(pipe(&bed, &leave).contains(" 1 left, "));
    let told = bed.run(&["subscribers", "list", "weekly", "--status", "active"]).ends(0).stdout;
    assert_eq!(told.split_whitespace().collect::<Vec<_>>(), ["active", &address(4)]);
}

/// An IMAP server with one mailbox, that says what it was told to mark.
fn imap(messages: Vec<String>) -> (u16, std::sync::Arc<std::sync::Mutex<Vec<String>>>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let marked = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let shared = marked.clone();
    std::thread::spawn(move || {
        for mut out in listener.incoming().flatten() {
            let lines = BufReader::new(out.try_clone().expect("a line"));
            out.write_all(b"* OK ready\r\n").expect("it hears");
            for line in lines.lines().map_while(Result::ok) {
                let words: Vec<&str> = line.split(' ').collect();
                let (tag, command) = (words[0], words[1..].join(" "));
                let seen = shared.lock().expect("marks").clone();
                let untagged = match words[1..] {
                    ["LOGIN", _, "\"secret\""] => String::new(),
                    ["LOGIN", ..] => {
                        out.write_all(format!("{tag} NO wrong\r\n").as_bytes()).expect("it hears");
                        continue;
                    }
                    ["SELECT", ..] => format!("* {} EXISTS\r\n", messages.len()),
                    ["UID", "SEARCH", "UNSEEN"] => {
                        let all = (1..=messages.len()).map(|n| n.to_string());
                        let unseen: Vec<String> = all.filter(|n| !seen.contains(n)).collect();
                        format!("* SEARCH {}\r\n", unseen.join(" "))
                    }
                    ["UID", "FETCH", uid, "BODY.PEEK[]"] => {
                        let text = &messages[uid.parse::<usize>().expect("a number") - 1];
                        format!("* {uid} FETCH (UID {uid} BODY[] {{{}}}\r\n{text})\r\n", text.len())
                    }
                    ["UID", "STORE", uid, "+FLAGS.SILENT", "(\\Seen)"] => {
                        shared.lock().expect("marks").push(uid.to_owned());
                        String::new()
                    }
                    ["LOGOUT"] => "* BYE\r\n".to_owned(),
                    _ => panic!("{command}"),
                };
                let answer = format!("{untagged}{tag} OK done\r\n");
                out.write_all(answer.as_bytes()).expect("it hears");
            }
        }
    });
    (port, marked)
}

#[test]
fn a_mailbox_is_read_once_by_imap() {
    let relay = Relay::start();
    let bed = bed(&relay, 2);
    let gone = report(&STYLES[0], &letter_to(&relay, 0), "5.1.1", "User unknown");
    let (port, marked) = imap(vec![gone, "Subject: hello\r\n\r\nHi.\r\n".to_owned()]);
    let address = format!("imap://bounces@127.0.0.1:{port}/INBOX?tls=none");
    let read = |secret: &str| {
        let mut command = bed.command(&["bounce", &address]);
        Ran::from(command.env("INFOCUS_IMAP_PASSWORD", secret).output().expect("it runs"))
    };
    assert!(read("guess").ends(1).stderr.contains("`127.0.0.1` does not let us in: "));
    let told = read("secret").ends(0).stdout;
    assert_eq!(told, "1 not there, 0 not taken, 0 complaints, 0 left, 0 confirmed, 1 ignored\n");
    assert_eq!(*marked.lock().expect("marks"), ["1", "2"]);
    let told = read("secret").ends(0).stdout;
    assert_eq!(told, "0 not there, 0 not taken, 0 complaints, 0 left, 0 confirmed, 0 ignored\n");
    let told = bed.run(&["bounce", "imap://bounces@127.0.0.1/INBOX"]).ends(1).stderr;
    assert!(told.contains("is no mailbox, expected such as `imaps://user@"), "{told}");
}
