#[pgrx::pg_schema]
mod tests {
    use pgrx::prelude::*;
    use vault_core::time::Timestamp;

    use crate::postgres::random::uuid_at;

    #[pg_test]
    fn ids_are_in_the_order_of_their_microseconds() {
        const START: i64 = 1_793_000_000_123_456;
        let ids: Vec<_> = (START..START + 2_000)
            .map(|micros| uuid_at(Timestamp::from_unix_micros(micros).unwrap()).unwrap())
            .collect();
        assert!(ids.is_sorted_by(|earlier, later| earlier < later));
        assert!(ids.iter().all(|id| id.get_version_num() == 7));
    }

    #[pg_test]
    fn two_ids_of_one_microsecond_differ() {
        let now = crate::postgres::clock::now().unwrap();
        assert_ne!(uuid_at(now).unwrap(), uuid_at(now).unwrap());
    }
}
