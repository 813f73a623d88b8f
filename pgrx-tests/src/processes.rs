//! Processes of a stack, and signals to them.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

/// Kills the process whose pid is the first line of a file, and waits until it is gone.
pub fn kill(pid_file: &Path) {
    kill_process(&first_line(pid_file));
}

/// The first line of a file.
pub fn first_line(file: &Path) -> String {
    let text =
        fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    text.lines().next().expect("a line").to_owned()
}

/// Kills a process, and waits until it is gone.
pub fn kill_process(pid: &str) {
    send_signal("-KILL", &[pid]);
    let gone = (0..100).any(|_| {
        sleep(Duration::from_millis(50));
        !Path::new("/proc").join(pid).exists()
    });
    assert!(gone, "{pid} does not end");
}

/// The processes that a process has started and that still run, one a line.
pub fn children(pid: &str) -> String {
    let found = Command::new("pgrep").args(["-P", pid]).output();
    let found = found.expect("pgrep can be run");
    // It ends with 1 when it finds none.
    assert!(matches!(found.status.code(), Some(0 | 1)), "pgrep {pid}");
    String::from_utf8(found.stdout).expect("numbers")
}

/// Sends a signal to processes, of which each must exist.
pub fn send_signal(signal: &str, pids: &[&str]) {
    let status = Command::new("kill").arg(signal).args(pids).status();
    assert!(
        status.is_ok_and(|status| status.success()),
        "cannot send {signal} to {pids:?}"
    );
}
