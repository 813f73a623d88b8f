//! The command line of a sandbox.

use std::collections::HashMap;
use std::env;
use std::io::Read;
use std::net::SocketAddr;
use std::process::exit;
use std::thread;

/// `--name value` pairs.
pub struct Options(HashMap<String, String>);

impl Options {
    /// Reads the command line. What is not among `names` ends the program with `usage`.
    pub fn read(names: &[&str], usage: &str) -> Options {
        let mut options = HashMap::new();
        let mut arguments = env::args().skip(1);
        while let Some(argument) = arguments.next() {
            let known = argument
                .strip_prefix("--")
                .filter(|name| names.contains(name));
            match (known, arguments.next()) {
                (Some(name), Some(value)) => options.insert(name.to_owned(), value),
                _ => {
                    eprintln!("{usage}");
                    exit(2);
                }
            };
        }
        Options(options)
    }

    pub fn get<'a>(&'a self, name: &str, default: &'a str) -> &'a str {
        self.0.get(name).map_or(default, String::as_str)
    }

    /// Where to listen; by default on a free port of 127.0.0.1.
    pub fn listen(&self) -> SocketAddr {
        self.get("listen", "127.0.0.1:0")
            .parse()
            .unwrap_or_else(|_| {
                eprintln!("--listen takes an address and a port, such as 127.0.0.1:0.");
                exit(2)
            })
    }

    /// With `--end with-stdin`: the program ends when its standard input does, as it does when its parent dies.
    pub fn end_with_stdin(&self) {
        if self.get("end", "") == "with-stdin" {
            thread::spawn(|| {
                let _ = std::io::stdin().read_to_end(&mut Vec::new());
                exit(0)
            });
        }
    }
}
