//! Prints the OpenAPI document: `make openapi` writes it into docs/openapi.json.

fn main() -> serde_json::Result<()> {
    serde_json::to_writer_pretty(std::io::stdout(), &vault_core::openapi::document())?;
    println!();
    Ok(())
}
