use rand::SeedableRng;
use rand::rngs::StdRng;

use super::*;

#[test]
fn only_what_looks_like_an_id_is_repeated() {
    let id = PaymentMethodId::new("12345", Uuid::nil());
    assert_eq!(id.if_well_formed(), Some(id.as_str()));
    for other in [
        "",
        "4111111111111111",
        "12345_pm_4111111111111111",
        "12345_cus_00000000000000000000000000000000",
        "4111111111111111_pm_00000000000000000000000000000000",
        "4111 1111_pm_00000000000000000000000000000000",
        "_pm_00000000000000000000000000000000",
    ] {
        assert_eq!(
            PaymentMethodId::from_client(other).if_well_formed(),
            None,
            "{other}"
        );
    }
}

#[test]
fn ids_of_customers_and_payment_methods_name_cell_and_entity() {
    let uuid = Uuid::from_u128(0x019e_2102_e4fb_7a32_b456_d8f8_96e8_f51e);
    assert_eq!(
        CustomerId::new("12345", uuid).as_str(),
        "12345_cus_019e2102e4fb7a32b456d8f896e8f51e"
    );
    assert_eq!(
        PaymentMethodId::new("12345", uuid).as_str(),
        "12345_pm_019e2102e4fb7a32b456d8f896e8f51e"
    );
}

#[test]
fn random_ids_carry_their_prefix_and_20_characters() {
    let rng = &mut StdRng::seed_from_u64(1);
    for (id, prefix) in [
        (MerchantId::from_random(rng).0, "merchant_"),
        (ProfileId::from_random(rng).0, "pro_"),
        (ApiKeyId::from_random("dev", rng).0, "dev_"),
        (ConnectorAccountId::from_random(rng).0, "mca_"),
    ] {
        let tail = id.strip_prefix(prefix).unwrap();
        assert_eq!(tail.len(), 20, "{id}");
        assert!(tail.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    }
}

#[test]
fn two_random_ids_differ() {
    let rng = &mut StdRng::seed_from_u64(1);
    assert_ne!(ProfileId::from_random(rng), ProfileId::from_random(rng));
}

#[test]
fn an_id_in_a_path_is_any_text_that_can_be_stored() {
    let id = |segment| CustomerId::from_path_segment(segment);
    assert_eq!(
        id("12345_cus_1"),
        Some(CustomerId::from_client("12345_cus_1"))
    );
    assert_eq!(
        id("a%2Fb%27%20%22"),
        Some(CustomerId::from_client("a/b' \""))
    );
    assert_eq!(id("%C3%A9"), Some(CustomerId::from_client("é")));
    assert_eq!(id("100%"), Some(CustomerId::from_client("100%")));
    assert_eq!(id("a%00b"), None);
    assert_eq!(id("%ff"), None);
}

#[test]
fn a_profile_header_is_1_to_64_letters_digits_underscores_and_hyphens() {
    for header in ["a", "pro_Zz09-", &"a".repeat(64)] {
        assert_eq!(ProfileId::parse(header).unwrap().as_str(), header);
    }
    for header in ["", &"a".repeat(65), "a b", "a'", "é", "a\n", "a,b", "a\0"] {
        assert_eq!(
            ProfileId::parse(header),
            Err(InvalidProfileId),
            "{header:?}"
        );
    }
}

#[test]
fn a_request_id_is_echoed_only_when_it_is_harmless() {
    for header in ["a", "A-z_0:9.1", &"a".repeat(128)] {
        assert_eq!(RequestId::parse(header).unwrap().as_str(), header);
    }
    for header in ["", &"a".repeat(129), "a b", "a\r\nx: y", "\"", "é", "a/b"] {
        assert_eq!(RequestId::parse(header), None, "{header:?}");
    }
}

#[test]
fn a_card_number_is_neither_a_request_id_nor_part_of_a_payment_methods_id() {
    for header in [
        "4000056655665556",
        "call:4000-0566-5566-5556",
        "a-4000056655665556",
    ] {
        assert_eq!(RequestId::parse(header), None, "{header:?}");
    }
    let id = |cell: &str| format!("{cell}_pm_019e2102e4fb7a32b456d8f896e8f51e");
    for (cell, well_formed) in [("12345", true), ("4000056655665556", false)] {
        let id = PaymentMethodId::from_client(id(cell));
        assert_eq!(id.if_well_formed().is_some(), well_formed, "{cell}");
    }
}

#[test]
fn an_id_is_displayed_as_its_text() {
    let id = ProfileId::parse("pro_a").unwrap();
    assert_eq!((id.to_string(), id.as_ref()), ("pro_a".to_owned(), "pro_a"));
    assert_eq!("pro_a".parse(), Ok(id));
    assert_eq!("pro a".parse::<ProfileId>(), Err(InvalidProfileId));
}
