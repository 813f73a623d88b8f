//! What the fuzz targets try: the invariants of the core's property tests.

#[path = "../../tests/properties/invariants/mod.rs"]
pub mod invariants;
