//! Data keys under the root key.

use proptest::collection::vec;
use proptest::prelude::*;
use vault_core::crypto::wrap::WRAPPED_LENGTH;
use vault_core::crypto::{
    DataKey, DataKeyDescriptor, KeyMaterial, Purpose, WrapError, unwrap, wrap,
};
use vault_core::ids::ProfileId;

use crate::config;
use crate::inputs::{bytes, damage, profile, root_key};

#[derive(Debug, Clone, PartialEq)]
struct Owner {
    profile: ProfileId,
    purpose: Purpose,
    version: i32,
}

impl Owner {
    fn descriptor(&self) -> DataKeyDescriptor<'_> {
        DataKeyDescriptor {
            profile_id: &self.profile,
            purpose: self.purpose,
            version: self.version,
        }
    }
}

#[derive(Debug, Clone)]
struct Wrapped {
    root: [u8; 32],
    owner: Owner,
    key: [u8; 32],
    bytes: Vec<u8>,
}

fn owner() -> impl Strategy<Value = Owner> {
    let purpose = prop_oneof![Just(Purpose::Data), Just(Purpose::Index)];
    (profile(), purpose, any::<i32>()).prop_map(|(profile, purpose, version)| Owner {
        profile,
        purpose,
        version,
    })
}

prop_compose! {
    fn wrapped()(root: [u8; 32], nonce: [u8; 24], owner in owner(), key: [u8; 32]) -> Wrapped {
        let material = KeyMaterial::from(&key);
        let bytes = wrap(&root_key(root), nonce, owner.descriptor(), &material).unwrap();
        Wrapped { root, owner, key, bytes }
    }
}

fn refusal(root: [u8; 32], owner: &Owner, bytes: &[u8]) -> Option<WrapError> {
    unwrap(&root_key(root), owner.descriptor(), bytes).err()
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_bytes_are_no_wrapped_key(owner in owner(), bytes in bytes(), body in vec(any::<u8>(), WRAPPED_LENGTH - 1)) {
        prop_assert!(refusal([1; 32], &owner, &bytes).is_some());
        let formed = [&[1], body.as_slice()].concat();
        prop_assert_eq!(refusal([1; 32], &owner, &formed), Some(WrapError::DidNotOpen));
    }

    #[test]
    fn a_key_comes_back_for_its_owner(wrapped in wrapped()) {
        prop_assert_eq!(wrapped.bytes.len(), WRAPPED_LENGTH);
        let key = unwrap(&root_key(wrapped.root), wrapped.owner.descriptor(), &wrapped.bytes).unwrap();
        let expected = DataKey::from(&KeyMaterial::from(&wrapped.key));
        prop_assert_eq!(DataKey::from(&key).check_value(), expected.check_value());
    }

    #[test]
    fn a_key_comes_back_for_nobody_else(wrapped in wrapped(), root: [u8; 32], other in owner()) {
        let refused = Some(WrapError::DidNotOpen);
        if root != wrapped.root {
            prop_assert_eq!(refusal(root, &wrapped.owner, &wrapped.bytes), refused);
        }
        for owner in [
            Owner { profile: other.profile.clone(), ..wrapped.owner.clone() },
            Owner { purpose: other.purpose, ..wrapped.owner.clone() },
            Owner { version: other.version, ..wrapped.owner.clone() },
        ] {
            if owner != wrapped.owner {
                prop_assert_eq!(refusal(wrapped.root, &owner, &wrapped.bytes), refused);
            }
        }
    }

    #[test]
    fn with_any_byte_changed_it_does_not_come_back(wrapped in wrapped(), damage in damage()) {
        prop_assert!(refusal(wrapped.root, &wrapped.owner, &damage.to(&wrapped.bytes)).is_some());
    }
}
