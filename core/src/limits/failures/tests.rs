use std::hash::RandomState;

use super::*;

const MINUTE: i64 = 60_000_000;

struct Table {
    failures: Box<Failures>,
    hasher: RandomState,
    rule: Rule,
}

impl Table {
    fn new() -> Self {
        Self {
            failures: Box::new(Failures::NONE),
            hasher: RandomState::new(),
            rule: Rule {
                now: 1_000 * MINUTE,
                duration: 30 * MINUTE,
                failures: 10,
                total: 100,
            },
        }
    }

    fn is_locked(&self, subject: &Subject) -> bool {
        self.failures.is_locked(&self.hasher, &self.rule, subject)
    }

    fn fail(&mut self, subject: &Subject) -> bool {
        self.failures.fail(&self.hasher, &self.rule, subject)
    }

    /// One failure of a client, as authentication counts it.
    fn attempt(&mut self, prefix: &str, address: &str) {
        let source = Source::of_address(address);
        let subjects = [
            Subject::Pair(prefix.into(), source),
            Subject::Prefix(prefix.into()),
            Subject::Source(source),
        ];
        if !subjects.iter().any(|subject| self.is_locked(subject)) {
            for subject in &subjects {
                self.fail(subject);
            }
        }
    }

    fn locks(&self) -> usize {
        let counted = self.failures.counted(&self.rule);
        counted.iter().filter(|c| c.locked_until.is_some()).count()
    }
}

fn pair(prefix: &str, address: &str) -> Subject {
    Subject::Pair(prefix.into(), Source::of_address(address))
}

fn source(address: &str) -> Subject {
    Subject::Source(Source::of_address(address))
}

#[test]
fn the_tenth_failure_locks_a_pair_and_nothing_else() {
    let mut table = Table::new();
    for _ in 0..9 {
        table.attempt("dev_aaaaaaaa", "10.0.0.1");
    }
    assert!(!table.is_locked(&pair("dev_aaaaaaaa", "10.0.0.1")));
    table.attempt("dev_aaaaaaaa", "10.0.0.1");
    assert!(table.is_locked(&pair("dev_aaaaaaaa", "10.0.0.1")));
    for free in [
        pair("dev_aaaaaaaa", "10.0.0.2"),
        pair("dev_bbbbbbbb", "10.0.0.1"),
        source("10.0.0.1"),
        Subject::Prefix("dev_aaaaaaaa".into()),
    ] {
        assert!(!table.is_locked(&free), "{free:?}");
    }
}

#[test]
fn a_source_is_locked_by_many_keys_and_a_prefix_by_many_sources() {
    let mut table = Table::new();
    for n in 0..100 {
        assert!(!table.is_locked(&source("10.0.0.1")), "{n}");
        table.attempt(&format!("dev_{n:08}"), "10.0.0.1");
        table.attempt("dev_aaaaaaaa", &format!("10.1.0.{n}"));
    }
    assert!(table.is_locked(&source("10.0.0.1")));
    assert!(table.is_locked(&Subject::Prefix("dev_aaaaaaaa".into())));
}

#[test]
fn one_source_alone_locks_no_prefix() {
    let mut table = Table::new();
    for _ in 0..1_000 {
        table.attempt("dev_aaaaaaaa", "10.0.0.1");
    }
    let prefix = Subject::Prefix("dev_aaaaaaaa".into());
    let counted = table.failures.counted(&table.rule);
    let count = counted.iter().find(|counted| counted.subject == prefix);
    assert_eq!(count.map(|count| count.failures), Some(10));
}

#[test]
fn a_lock_ends_when_its_time_is_over_however_often_it_is_tried_meanwhile() {
    let mut table = Table::new();
    let locked = pair("dev_aaaaaaaa", "10.0.0.1");
    let begins: Vec<bool> = (0..12).map(|_| table.fail(&locked)).collect();
    assert_eq!(begins.iter().position(|begins| *begins), Some(9));
    assert_eq!(begins.iter().filter(|begins| **begins).count(), 1);
    table.rule.now += 29 * MINUTE;
    table.fail(&locked);
    assert!(table.is_locked(&locked));
    table.rule.now += MINUTE;
    assert!(!table.is_locked(&locked));
    assert!(!table.fail(&locked));
}

#[test]
fn failures_of_a_source_that_are_far_apart_lock_nobody() {
    let mut table = Table::new();
    let busy = source("10.0.0.1");
    for _ in 0..1_000 {
        table.fail(&busy);
        assert!(!table.is_locked(&busy));
        table.rule.now += MINUTE;
    }
}

#[test]
fn forgetting_a_pair_begins_its_count_anew_and_leaves_the_totals() {
    let mut table = Table::new();
    let (key, from) = ("dev_aaaaaaaa", "10.0.0.1");
    for _ in 0..9 {
        table.attempt(key, from);
    }
    let hasher = table.hasher.clone();
    assert!(table.failures.knows(&hasher, &pair(key, from)));
    table.failures.forget(&hasher, &pair(key, from));
    assert!(!table.failures.knows(&hasher, &pair(key, from)));
    for _ in 0..9 {
        table.attempt(key, from);
    }
    assert!(!table.is_locked(&pair(key, from)));
    let counted = table.failures.counted(&table.rule);
    let total = counted.iter().find(|c| c.subject == source(from)).unwrap();
    assert_eq!(total.failures, 18);
}

#[test]
fn a_flood_from_one_source_evicts_no_lock_and_makes_a_dozen_at_most() {
    let mut table = Table::new();
    for _ in 0..10 {
        table.attempt("dev_aaaaaaaa", "10.0.0.1");
    }
    for n in 0..20_000 {
        table.attempt(&format!("dev_{:08}", n / 10), "10.9.9.9");
    }
    assert!(table.is_locked(&pair("dev_aaaaaaaa", "10.0.0.1")));
    assert!(table.is_locked(&source("10.9.9.9")));
    assert_eq!(table.locks(), 1 + 10 + 1);
    for n in 0..250 {
        let bystander = format!("172.16.0.{n}");
        assert!(!table.is_locked(&source(&bystander)), "{bystander}");
    }
}

#[test]
fn a_flood_from_everywhere_evicts_no_lock_and_leaves_room_for_those_who_come_anew() {
    let mut table = Table::new();
    for _ in 0..10 {
        table.attempt("dev_aaaaaaaa", "10.0.0.1");
    }
    for n in 0..20_000 {
        table.attempt(
            &format!("dev_{n:08}"),
            &format!("10.{}.{}.1", n >> 8 & 255, n & 255),
        );
    }
    assert!(table.is_locked(&pair("dev_aaaaaaaa", "10.0.0.1")));
    assert!(!table.is_locked(&source("172.16.0.1")));
}

#[test]
fn whoever_finds_only_locks_in_the_neighbourhood_is_refused_until_one_of_them_ends() {
    let mut table = Table::new();
    let locked: Vec<Subject> = (0..PLACES * NEIGHBOURHOODS * 4)
        .map(|n| pair(&format!("dev_{n:08}"), "10.0.0.1"))
        .collect();
    for subject in &locked {
        for _ in 0..10 {
            table.fail(subject);
        }
    }
    let newcomers = || (0..250).map(|n| source(&format!("172.16.0.{n}")));
    assert!(newcomers().all(|newcomer| table.is_locked(&newcomer)));
    assert!(locked.iter().all(|subject| table.is_locked(subject)));
    assert!(!table.fail(&source("172.16.0.1")));
    table.rule.now += table.rule.duration;
    assert!(newcomers().all(|newcomer| !table.is_locked(&newcomer)));
    assert!(table.failures.counted(&table.rule).is_empty());
}

#[test]
fn clearing_ends_all_locks() {
    let mut table = Table::new();
    for _ in 0..10 {
        table.attempt("dev_aaaaaaaa", "10.0.0.1");
    }
    table.failures.clear();
    assert!(!table.is_locked(&pair("dev_aaaaaaaa", "10.0.0.1")));
    assert!(table.failures.counted(&table.rule).is_empty());
}
