//! The sandbox of a token service, as `vault_tests::sandbox` describes it.

use std::convert::Infallible;
use std::io;
use std::path::Path;

use vault_tests::sandbox::{Options, TokenService, serve};

const USAGE: &str = "\
sandbox-token-service [--listen ADDRESS:PORT] [--keys-dir DIR] [--api-key KEY] [--key-id NAME] [--end with-stdin]

Speaks the protocol of Hyperswitch's token service at /generate, /fetch, /status, /delete and /eligibility/{bin}. Prints where
it listens.
--listen    where; port 0, the default, is a free one
--keys-dir  where its key pairs and the vault's are read, or made (default token-service-keys); it also gets settings.json and
            credentials.json, with which a vault is configured for this service
--api-key   what its callers must know (default api_key_sandbox)
--key-id    the name of its key (default sandbox-1)
--end       with-stdin: ends when its standard input does
GET /_sandbox/state shows what it has seen. POST /_sandbox/behaviour has it misbehave.";

fn main() -> io::Result<Infallible> {
    let names = ["listen", "keys-dir", "api-key", "key-id", "end"];
    let options = Options::read(&names, USAGE);
    options.end_with_stdin();
    let api_key = options.get("api-key", "api_key_sandbox");
    let key_id = options.get("key-id", "sandbox-1");
    let directory = Path::new(options.get("keys-dir", "token-service-keys"));
    serve(options.listen(), |address| {
        TokenService::new(api_key, key_id, directory, address)
    })
}
