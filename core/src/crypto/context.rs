//! What an envelope is bound to: a place in the vault's own tables, or a type of an application's columns.

use super::framing::frame;
use super::place::Place;
use crate::ids::ProfileId;

const DOMAIN: &[u8] = b"vault:envelope:1";

/// The type of a value in an application's column, as it is authenticated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot<'a> {
    /// A text, which is stored as an envelope and no more.
    Text,
    /// A JSON value, which is stored as an envelope and no more.
    Json,
    /// A searchable value. Its label stands before the envelope and also names the type:
    /// [`Searchable::label`](super::Searchable::label).
    Label(&'a [u8]),
}

/// What a value is sealed for. The value opens for nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Context<'a>(Inner<'a>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Inner<'a> {
    Row { place: Place, row_id: &'a str },
    Column { slot: Slot<'a>, bound: bool },
}

impl<'a> Context<'a> {
    /// A place of the vault's own tables, in the row of this id.
    pub fn row(place: Place, row_id: &'a str) -> Self {
        Self(Inner::Row { place, row_id })
    }

    /// A value of an application's column. `bound` says whether the digest of a context stands before its plaintext. The
    /// result never equals a [`Context::row`].
    pub(super) fn column(slot: Slot<'a>, bound: bool) -> Self {
        Self(Inner::Column { slot, bound })
    }

    /// The bytes that are authenticated together with the value.
    pub(super) fn associated_data(&self, header: &[u8], profile_id: &ProfileId) -> Vec<u8> {
        let profile_id = profile_id.as_str().as_bytes();
        match self.0 {
            Inner::Row { place, row_id } => frame(&[
                DOMAIN,
                header,
                profile_id,
                b"row",
                place.table().as_bytes(),
                place.column().as_bytes(),
                row_id.as_bytes(),
            ]),
            Inner::Column { slot, bound } => {
                let (form, slot) = match slot {
                    Slot::Text => (b"value".as_slice(), b"text".as_slice()),
                    Slot::Json => (b"value".as_slice(), b"json".as_slice()),
                    Slot::Label(label) => (b"labelled".as_slice(), label),
                };
                let binding = if bound {
                    b"bound".as_slice()
                } else {
                    b"free".as_slice()
                };
                frame(&[DOMAIN, header, profile_id, form, slot, binding])
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_authenticated_is_header_profile_place_and_row() {
        let context = Context::row(Place::CustomerDetails, "cus_1");
        let expected = frame(&[
            b"vault:envelope:1",
            b"header",
            b"pro_a",
            b"row",
            b"customers",
            b"details",
            b"cus_1",
        ]);
        let profile = ProfileId::from_administrator("pro_a");
        assert_eq!(context.associated_data(b"header", &profile), expected);
    }

    #[test]
    fn what_is_authenticated_is_header_profile_type_and_binding() {
        let profile = ProfileId::from_administrator("pro_a");
        for (slot, form, name) in [
            (Slot::Text, "value", "text"),
            (Slot::Json, "value", "json"),
            (Slot::Label(b"label"), "labelled", "label"),
        ] {
            for (bound, binding) in [(false, "free"), (true, "bound")] {
                let parts = ["vault:envelope:1", "header", "pro_a", form, name, binding];
                assert_eq!(
                    Context::column(slot, bound).associated_data(b"header", &profile),
                    frame(&parts.map(str::as_bytes))
                );
            }
        }
    }
}
