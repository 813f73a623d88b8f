use super::*;
use crate::card::{CardNumber, ShownDigits};
use crate::crypto::column_value::{self, Binding};
use crate::crypto::key::{DataKey, KeyMaterial};
use crate::ids::ProfileId;

const NUMBER: &str = "4111111111111111";

fn profile() -> ProfileId {
    ProfileId::from_administrator("pro_a")
}

fn data_key(id: u32) -> (KeyId, DataKey) {
    let key = KeyMaterial::from(&[id as u8; 32]);
    (KeyId(id), DataKey::from(&key))
}

fn index_key(id: u32) -> (KeyId, IndexKey) {
    let key = KeyMaterial::from(&[id as u8; 32]);
    (KeyId(id), IndexKey::from(&key))
}

fn seal_under(
    id: u32,
    slot: Slot<'_>,
    binding: &Binding,
    plaintext: &[u8],
) -> Result<Vec<u8>, EnvelopeError> {
    let (key_id, key) = data_key(id);
    column_value::seal(&key, key_id, [9; 24], &profile(), slot, binding, plaintext)
}

fn sealed(column_type: ColumnType, context: &str) -> Vec<u8> {
    let shown = match column_type {
        ColumnType::CardNumber => ShownDigits::of(&CardNumber::parse(NUMBER).unwrap()).to_text(),
        _ => String::new(),
    };
    let (key_id, key) = index_key(2);
    let binding = Binding::to_context(context);
    column_type
        .seal((key_id, &key), NUMBER.as_bytes(), &shown, |slot| {
            seal_under(1, slot, &binding, NUMBER.as_bytes())
        })
        .unwrap()
}

#[test]
fn a_type_is_found_by_its_name_alone() {
    for column_type in ColumnType::ALL.iter().copied() {
        assert_eq!(
            ColumnType::from_name(column_type.as_str()),
            Some(column_type)
        );
    }
    for name in ["", "text", "vault.card_number", "CARD_NUMBER"] {
        assert_eq!(ColumnType::from_name(name), None, "{name}");
    }
}

#[test]
fn a_value_survives_its_text_form() {
    for column_type in ColumnType::ALL.iter().copied() {
        let bytes = sealed(column_type, "");
        let text = column_type.parse(&bytes).unwrap().to_text();
        assert_eq!(column_type.from_text(&text), Ok(bytes), "{column_type:?}");
    }
}

#[test]
fn a_value_names_its_keys() {
    for (column_type, index_key) in [
        (ColumnType::Text, None),
        (ColumnType::Json, None),
        (ColumnType::Searchable, Some(KeyId(2))),
        (ColumnType::CardNumber, Some(KeyId(2))),
    ] {
        let bytes = sealed(column_type, "");
        let value = column_type.parse(&bytes).unwrap();
        assert_eq!(value.key_ids(), (KeyId(1), index_key));
    }
}

#[test]
fn a_value_of_one_type_opens_as_no_other() {
    for sealed_as in ColumnType::ALL.iter().copied() {
        let bytes = sealed(sealed_as, "");
        for read_as in ColumnType::ALL.iter().copied() {
            let opened = read_as.parse(&bytes).and_then(|value| {
                let envelope = Envelope::parse(value.sealed())?;
                let (_, key) = data_key(1);
                let free = Binding::to_context("");
                column_value::open(&envelope, &key, &profile(), value.slot(), &free)
            });
            assert_eq!(opened.is_ok(), sealed_as == read_as, "{read_as:?}");
        }
    }
}

#[test]
fn a_value_sealed_anew_is_under_the_new_keys_and_stays_bound() {
    for column_type in ColumnType::ALL.iter().copied() {
        let bytes = sealed(column_type, "row 1");
        let value = column_type.parse(&bytes).unwrap();
        let (_, key) = data_key(1);
        let envelope = Envelope::parse(value.sealed()).unwrap();
        let (binding, plaintext) =
            column_value::open_to_reseal(&envelope, &key, &profile(), value.slot()).unwrap();
        let (index_id, index) = index_key(4);
        let anew = value
            .reseal((index_id, &index), &plaintext, |slot| {
                seal_under(3, slot, &binding, &plaintext)
            })
            .unwrap();

        let anew = column_type.parse(&anew).unwrap();
        let (data, index) = anew.key_ids();
        assert_eq!(data, KeyId(3));
        assert!(index.is_none_or(|index| index == KeyId(4)));
        let envelope = Envelope::parse(anew.sealed()).unwrap();
        let (_, key) = data_key(3);
        let open = |context| {
            let binding = Binding::to_context(context);
            column_value::open(&envelope, &key, &profile(), anew.slot(), &binding).is_ok()
        };
        assert!(open("row 1"));
        assert!(!open("row 2"));
    }
}
