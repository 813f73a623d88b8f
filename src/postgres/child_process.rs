//! Runs a shell command of the server's configuration, within a time limit.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::os::fd::{AsRawFd, FromRawFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use crate::error::CommandError;

/// Room for some thousand lines; a command that prints more prints something else.
const OUTPUT_LIMIT: usize = 256 * 1024;

/// How long a wait takes no notice of who cancels it.
const PATIENCE: Duration = Duration::from_millis(50);

/// Runs the command under `/bin/sh -c` with the input, and gives what it prints. What is still running after the time, or
/// when the backend is interrupted, is killed, with all that it has started.
///
/// # Errors
/// When it does not end in time with exit code 0, or prints more than 256 KiB.
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

    /// All that the command prints, within the time and the limit.
    fn read_output(&mut self, deadline: Instant) -> Result<Zeroizing<Vec<u8>>, CommandError> {
        // Never grows, so that no reallocation leaves a copy of a key behind.
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

    /// Its end, which may come long after the end of its output.
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
        if let Ok(group) = i32::try_from(self.shell.id()) {
            // SAFETY: signals the group of a child that nobody has waited for, so the number is still its own.
            unsafe { libc::kill(-group, libc::SIGKILL) };
        }
        let _ = self.shell.wait();
    }
}

/// A file without a name: unlike a pipe it takes any length at once, and nobody has to read it.
fn in_memory(text: &str) -> io::Result<File> {
    // SAFETY: the name is NUL-terminated.
    let descriptor = unsafe { libc::memfd_create(c"vault".as_ptr(), libc::MFD_CLOEXEC) };
    if descriptor < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the descriptor is new, and nobody else's.
    let mut file = unsafe { File::from_raw_fd(descriptor) };
    file.write_all(text.as_bytes())?;
    file.rewind()?;
    Ok(file)
}

fn wait_until_readable(stdout: &ChildStdout, deadline: Instant) -> Result<(), CommandError> {
    let mut poll = libc::pollfd {
        fd: stdout.as_raw_fd(),
        events: libc::POLLIN,
        revents: 0,
    };
    loop {
        pgrx::check_for_interrupts!();
        let left = deadline.saturating_duration_since(Instant::now());
        let wait = i32::try_from(left.min(PATIENCE).as_millis()).unwrap_or_default();
        // SAFETY: one valid pollfd, on a descriptor that `stdout` keeps open.
        match unsafe { libc::poll(&mut poll, 1, wait) } {
            0 if left.is_zero() => return Err(CommandError::TimedOut),
            0 => {}
            1.. => return Ok(()),
            _ if io::Error::last_os_error().kind() == io::ErrorKind::Interrupted => {}
            _ => return Err(CommandError::NotStarted),
        }
    }
}
