//! Runs a shell command of the server's configuration, within a time limit.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{MemfdFlags, memfd_create};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process_group};
use zeroize::Zeroizing;

use crate::error::CommandError;

/// Enough for several thousand lines. A command that prints more does not print keys.
const OUTPUT_LIMIT: usize = 256 * 1024;

/// For how long a wait does not notice that it was cancelled.
const PATIENCE: Duration = Duration::from_millis(50);

/// Runs the command under `/bin/sh -c` with the input, and returns its output. If the time is over or the backend is
/// interrupted, the command is killed, with all processes that it has started.
///
/// # Errors
/// When the command does not end in time with exit code 0, or prints more than 256 KiB.
pub fn run(
    command: &str,
    input: &str,
    timeout: Duration,
) -> Result<Zeroizing<Vec<u8>>, CommandError> {
    let deadline = Instant::now() + timeout;
    let mut running = Running::start(command, input).map_err(|_| CommandError::NotStarted)?;
    let output = running.read_output(deadline)?;
    running.wait(deadline)?;
    Ok(output)
}

/// A shell and the process group that it leads.
struct Running {
    shell: Child,
    stdout: ChildStdout,
    ended: bool,
}

impl Running {
    fn start(command: &str, input: &str) -> io::Result<Self> {
        let mut shell = Command::new("/bin/sh")
            .args(["-c", command])
            .stdin(in_memory(input)?)
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()?;
        let stdout = shell.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        Ok(Self {
            shell,
            stdout,
            ended: false,
        })
    }

    /// The whole output of the command, within the time and the limit.
    fn read_output(&mut self, deadline: Instant) -> Result<Zeroizing<Vec<u8>>, CommandError> {
        // The buffer never grows, so no reallocation leaves a copy of a key behind.
        let mut output = Zeroizing::new(vec![0; OUTPUT_LIMIT]);
        let mut length = 0;
        loop {
            wait_until_readable(&self.stdout, deadline)?;
            let free = output.get_mut(length..).ok_or(CommandError::TooLong)?;
            match self.stdout.read(free) {
                Ok(0) if free.is_empty() => return Err(CommandError::TooLong),
                Ok(0) => break,
                Ok(read) => length += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return Err(CommandError::NotStarted),
            }
        }
        output.truncate(length);
        Ok(output)
    }

    /// Waits for the end of the command, which may come long after the end of its output.
    fn wait(&mut self, deadline: Instant) -> Result<(), CommandError> {
        loop {
            if let Some(status) = self
                .shell
                .try_wait()
                .map_err(|_| CommandError::NotStarted)?
            {
                self.ended = true;
                return match (status.code(), status.signal()) {
                    (Some(0), _) => Ok(()),
                    (Some(code), _) => Err(CommandError::Failed(code)),
                    (None, signal) => Err(CommandError::Killed(signal.unwrap_or_default())),
                };
            }
            if Instant::now() >= deadline {
                return Err(CommandError::TimedOut);
            }
            pgrx::check_for_interrupts!();
            sleep(Duration::from_millis(1));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        // Nobody has waited for the child, so the number of its group is still its own.
        let _ = kill_process_group(Pid::from_child(&self.shell), Signal::KILL);
        let _ = self.shell.wait();
    }
}

/// A file without a name. Unlike a pipe, it takes any length at once, and nobody has to read it.
fn in_memory(text: &str) -> io::Result<File> {
    let mut file = File::from(memfd_create("vault", MemfdFlags::CLOEXEC)?);
    file.write_all(text.as_bytes())?;
    file.rewind()?;
    Ok(file)
}

fn wait_until_readable(stdout: &ChildStdout, deadline: Instant) -> Result<(), CommandError> {
    let mut descriptors = [PollFd::new(stdout, PollFlags::IN)];
    loop {
        pgrx::check_for_interrupts!();
        let left = deadline.saturating_duration_since(Instant::now());
        let wait = Timespec::try_from(left.min(PATIENCE)).map_err(|_| CommandError::NotStarted)?;
        match poll(&mut descriptors, Some(&wait)) {
            Ok(0) if left.is_zero() => return Err(CommandError::TimedOut),
            Ok(0) | Err(Errno::INTR) => {}
            Ok(_) => return Ok(()),
            Err(_) => return Err(CommandError::NotStarted),
        }
    }
}
