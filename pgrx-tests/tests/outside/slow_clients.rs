//! Clients that open thousands of connections and let nginx wait.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use vault_tests::Tenant;
use vault_tests::http::Client;
use vault_tests::stack::PrivateStack;

/// How many connections one address opens.
const SOCKETS: usize = 3000;

/// How long they are kept busy: longer than nginx lets a head or a pause in a body take.
const SIEGE: Duration = Duration::from_secs(8);

const SLOW_BODY: &[u8] =
    b"POST /v2/customers HTTP/1.1\r\nHost: a\r\nContent-Length: 30000\r\n\r\n{";
const SLOW_BODY_FOR_NOTHING: &[u8] =
    b"POST /nothing HTTP/1.1\r\nHost: a\r\nContent-Length: 30000\r\n\r\n{";
const SLOW_HEAD: &[u8] = b"POST /v2/customers HTTP/1.1\r\nHost: a\r\nX-Slow: a";
const KEPT_ALIVE: &[u8] = b"GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n";

#[test]
fn thousands_of_slow_connections_of_one_address_stop_nobody_else() {
    allow_open_files(SOCKETS + 1000);
    let stack = PrivateStack::start();
    let tenant = Tenant::within(&stack);
    stops_nobody("bodies", &tenant, &[SLOW_BODY, SLOW_BODY_FOR_NOTHING], b"a");
    stops_nobody("heads", &tenant, &[SLOW_HEAD], b"a");
    stops_nobody("idle connections", &tenant, &[KEPT_ALIVE, b""], b"");
    let all = [SLOW_BODY, SLOW_HEAD, KEPT_ALIVE];
    stops_nobody("all of them", &tenant, &all, b"a");
}

#[track_caller]
fn stops_nobody(name: &str, tenant: &Tenant, beginnings: &[&[u8]], more: &[u8]) {
    let mut times = besiege(tenant, beginnings, more);
    times.sort();
    let (count, median, longest) = (times.len(), times[times.len() / 2], times[times.len() - 1]);
    println!("{name}: {count} answers, half within {median:?}, all within {longest:?}");
    assert!(count > 20, "{name}: {count}");
    assert!(longest < Duration::from_secs(1), "{name}: {longest:?}");
}

/// Opens connections from one address, each with one of the beginnings, and sends a bit more on each once a second. Gives the
/// times that a client at another address waits for its answers meanwhile.
fn besiege(tenant: &Tenant, beginnings: &[&[u8]], more: &[u8]) -> Vec<Duration> {
    let slow = tenant.stack.client();
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let times = scope.spawn(|| answer_times(tenant, &over));
        let end = End(&over);
        let opened = Instant::now();
        let mut sockets: Vec<TcpStream> = (0..SOCKETS)
            .zip(beginnings.iter().cycle())
            .map(|(_, beginning)| open(&slow, beginning))
            .collect();
        while opened.elapsed() < SIEGE {
            // It waits for nothing: this is what makes the clients slow.
            thread::sleep(Duration::from_secs(1));
            sockets.retain_mut(|socket| is_open(socket, more));
        }
        drop(end);
        times.join().unwrap()
    })
}

/// Ends the questions, even if the siege fails.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn answer_times(tenant: &Tenant, over: &AtomicBool) -> Vec<Duration> {
    let mut times = Vec::new();
    while !over.load(Ordering::Relaxed) {
        let asked = Instant::now();
        tenant.get("/v2/customers/list").ok();
        times.push(asked.elapsed());
    }
    times
}

fn open(client: &Client, beginning: &[u8]) -> TcpStream {
    let mut socket = client.connect();
    // What is refused at once may be closed already.
    let _ = socket.write_all(beginning);
    socket.set_nonblocking(true).unwrap();
    socket
}

/// Sends a bit more, and reads what has come, up to the end that nginx makes.
fn is_open(socket: &mut TcpStream, more: &[u8]) -> bool {
    if socket.write_all(more).is_err() {
        return false;
    }
    let mut chunk = [0; 4096];
    loop {
        match socket.read(&mut chunk) {
            Ok(1..) => (),
            Ok(0) => return false,
            Err(error) => return error.kind() == ErrorKind::WouldBlock,
        }
    }
}

/// Raises this process's own limit, which is often 1024, and so that of the servers it starts.
fn allow_open_files(count: usize) {
    let raised = Command::new("prlimit")
        .args(["--pid", &std::process::id().to_string()])
        .arg(format!("--nofile={count}:"))
        .status()
        .expect("prlimit can be run");
    assert!(raised.success(), "the limit of open files is below {count}");
}
