//! Keys, which wipe themselves and never print, and the values that are made with them.

pub mod api_key;
pub mod blind_index;
pub mod column_type;
pub mod column_value;
mod context;
pub mod credentials;
pub mod envelope;
pub mod key;
pub mod place;
pub mod root_key_line;
pub mod row_mac;
pub mod searchable;
pub mod wrap;

mod framing;
#[cfg(test)]
mod vectors;

pub use api_key::ApiKey;
pub use blind_index::BlindIndex;
pub use column_type::{ColumnType, ColumnValue};
pub use column_value::Binding;
pub use context::{Context, Slot};
pub use credentials::{CredentialsError, open_credentials, seal_credentials};
pub use envelope::{Envelope, EnvelopeError, seal};
pub use key::{CheckValue, DataKey, IndexKey, KeyId, KeyMaterial, RootKey};
pub use place::Place;
pub use root_key_line::{RootKeyLine, RootKeyLineError};
pub use row_mac::{Column, RowMac};
pub use searchable::Searchable;
pub use wrap::{DataKeyDescriptor, Purpose, WrapError, unwrap, wrap};
