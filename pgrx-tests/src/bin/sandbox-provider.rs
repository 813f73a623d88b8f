//! The sandbox of a payment service provider, as `vault_tests::sandbox` describes it.

use std::convert::Infallible;
use std::io;

use vault_tests::sandbox::{Options, Provider, serve};

const USAGE: &str = "\
sandbox-provider [--listen ADDRESS:PORT] [--secret-key KEY] [--end with-stdin]

Speaks a part of Stripe's API below /v1/, and a JSON API at /tokens. Prints where it listens.
--listen      where; port 0, the default, is a free one
--secret-key  what its callers must know (default sk_test_sandbox)
--end         with-stdin: ends when its standard input does
GET /_sandbox/state shows what it has seen. POST /_sandbox/behaviour has it misbehave.";

fn main() -> io::Result<Infallible> {
    let options = Options::read(&["listen", "secret-key", "end"], USAGE);
    options.end_with_stdin();
    let secret_key = options.get("secret-key", "sk_test_sandbox");
    serve(options.listen(), |_| Ok(Provider::new(secret_key)))
}
