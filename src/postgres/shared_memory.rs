//! Tables in memory that all processes of the server share. The postmaster reserves the memory, and all others inherit it.
//!
//! [`SharedTable::named`] declares a table, [`plain!`] declares its content, and [`reserve!`] makes the postmaster create it.

use core::ffi::CStr;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use pgrx::{
    AssertPGRXSharedMemory, PgAtomic, PgLwLock, PgLwLockExclusiveGuard, PgLwLockShareGuard,
    PgSharedMemoryInitialization, pg_sys,
};
use vault_core::limits::{Failures, PerMinute, ShortText};

/// A type whose values mean the same in every process: numbers and bytes.
///
/// # Safety
/// The type has no pointer and no reference, and owns nothing outside of itself. [`plain!`] checks that.
pub unsafe trait Plain: Send + Sync + 'static {}

macro_rules! plain_by_itself {
    ($($type:ty),+) => {
        // SAFETY: numbers, without pointers.
        $(unsafe impl Plain for $type {})+
    };
}

plain_by_itself!(bool, u8, i32, u32, i64, u64, usize);
plain_by_itself!(AtomicI64, AtomicU32, AtomicU64, pg_sys::Oid);
// What the core makes for memory that processes share: see `vault_core::limits`.
plain_by_itself!(Failures, PerMinute);

// SAFETY: bytes, and how many of them count.
unsafe impl<const N: usize> Plain for ShortText<N> {}
// SAFETY: values that are plain.
unsafe impl<T: Plain, const N: usize> Plain for [T; N] {}
// SAFETY: a value that is plain, or none.
unsafe impl<T: Plain> Plain for Option<T> {}

/// Declares that types are [`Plain`]: a struct with all its fields, a tuple struct of one field, or an enum without any.
/// It does not compile for a struct whose fields are not all named, or not all plain.
macro_rules! plain {
    ($($form:ident $name:ident $({ $($field:ident),+ $(,)? })?;)+) => {
        $(
            $crate::postgres::shared_memory::plain!(@check $form $name $({ $($field),+ })?);
            #[expect(unsafe_code, reason = "the fields are checked beside it")]
            // SAFETY: there are no other fields than those that are checked.
            unsafe impl $crate::postgres::shared_memory::Plain for $name {}
        )+
    };
    (@check record $name:ident { $($field:ident),+ }) => {
        const _: fn(&$name) = |$name { $($field),+ }| {
            $($crate::postgres::shared_memory::check_plain($field);)+
        };
    };
    (@check wrapper $name:ident) => {
        const _: fn(&$name) = |$name(inner)| $crate::postgres::shared_memory::check_plain(inner);
    };
    (@check choice $name:ident) => {
        const _: fn($name) -> isize = |choice| choice as isize;
    };
}
pub(crate) use plain;

/// Compiles for plain types only.
pub const fn check_plain<T: Plain>(_plain: &T) {}

/// A table under a lock, which any number of readers or one writer can hold. Before [`reserve!`] has run, the table does not
/// exist, and using it is a mistake that ends in a panic.
pub struct SharedTable<T: Plain>(PgLwLock<AssertPGRXSharedMemory<T>>);

/// A table, held to read.
pub struct Shared<'a, T>(PgLwLockShareGuard<'a, AssertPGRXSharedMemory<T>>);

/// A table, held to write.
pub struct Exclusive<'a, T>(PgLwLockExclusiveGuard<'a, AssertPGRXSharedMemory<T>>);

impl<T: Plain> SharedTable<T> {
    /// A table whose lock and memory PostgreSQL shows under this name.
    pub const fn named(name: &'static CStr) -> Self {
        // SAFETY: there is no second one of this name, or the server does not start.
        Self(unsafe { PgLwLock::new(name) })
    }

    /// The name.
    pub const fn name(&self) -> &'static CStr {
        self.0.name()
    }

    /// Waits until nobody writes, and holds the table to read.
    pub fn share(&self) -> Shared<'_, T> {
        Shared(self.0.share())
    }

    /// Waits until nobody else holds the table, and holds it to write.
    pub fn exclusive(&self) -> Exclusive<'_, T> {
        Exclusive(self.0.exclusive())
    }
}

impl<T> Deref for Shared<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> Deref for Exclusive<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Exclusive<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

/// Numbers that all processes read and change without a lock: each of them is an atomic.
pub struct SharedNumbers<T: Plain>(PgAtomic<AssertPGRXSharedMemory<T>>);

impl<T: Plain> SharedNumbers<T> {
    /// Numbers whose memory PostgreSQL shows under this name.
    pub const fn named(name: &'static CStr) -> Self {
        // SAFETY: there is no second one of this name, or the server does not start.
        Self(unsafe { PgAtomic::new(name) })
    }

    /// The name.
    pub const fn name(&self) -> &'static CStr {
        self.0.name()
    }

    /// The numbers. They exist only where the library was loaded when the server started.
    pub fn get(&self) -> &T {
        self.0.get()
    }
}

/// A number that all processes read and advance without a lock.
pub struct SharedCounter(PgAtomic<AssertPGRXSharedMemory<AtomicU64>>);

impl SharedCounter {
    /// A number whose memory PostgreSQL shows under this name.
    pub const fn named(name: &'static CStr) -> Self {
        // SAFETY: there is no second one of this name, or the server does not start.
        Self(unsafe { PgAtomic::new(name) })
    }

    /// The name.
    pub const fn name(&self) -> &'static CStr {
        self.0.name()
    }

    /// The number now. Whoever reads it sees what was written before it was advanced.
    pub fn current(&self) -> u64 {
        self.0.get().load(Ordering::Acquire)
    }

    /// Adds one.
    pub fn advance(&self) {
        self.0.get().fetch_add(1, Ordering::AcqRel);
    }
}

/// Has the postmaster make a table with that content when it makes shared memory. Runs while it loads its libraries.
macro_rules! reserve {
    ($table:ident = $content:expr) => {{
        use pgrx::{pg_guard, pg_sys};
        $crate::postgres::shared_memory::claim($table.name());
        pgrx::pg_shmem_init!($table = $crate::postgres::shared_memory::content($content));
    }};
}
pub(crate) use reserve;

/// The names of all tables. Two tables of one name would lie in the same memory.
static NAMES: Mutex<Vec<&'static CStr>> = Mutex::new(Vec::new());

/// Takes the name for a table. If the name is taken already, raises an error, so that the server does not start.
pub fn claim(name: &'static CStr) {
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    if names.contains(&name) {
        pgrx::error!("two tables in shared memory have the name {name:?}");
    }
    names.push(name);
}

/// The first content of a table, in the form that pgrx wants.
pub fn content<T: Plain>(content: T) -> AssertPGRXSharedMemory<T> {
    // SAFETY: it is plain.
    unsafe { AssertPGRXSharedMemory::new(content) }
}

impl<T: Plain> PgSharedMemoryInitialization for SharedTable<T> {
    type Value = AssertPGRXSharedMemory<T>;

    unsafe fn on_shmem_request(&'static self) {
        // SAFETY: promised by the caller.
        unsafe { self.0.on_shmem_request() };
    }

    unsafe fn on_shmem_startup(&'static self, value: Self::Value) {
        // SAFETY: promised by the caller.
        unsafe { self.0.on_shmem_startup(value) };
    }
}

impl<T: Plain> PgSharedMemoryInitialization for SharedNumbers<T> {
    type Value = AssertPGRXSharedMemory<T>;

    unsafe fn on_shmem_request(&'static self) {
        // SAFETY: promised by the caller.
        unsafe { self.0.on_shmem_request() };
    }

    unsafe fn on_shmem_startup(&'static self, value: Self::Value) {
        // SAFETY: promised by the caller.
        unsafe { self.0.on_shmem_startup(value) };
    }
}

impl PgSharedMemoryInitialization for SharedCounter {
    type Value = AssertPGRXSharedMemory<AtomicU64>;

    unsafe fn on_shmem_request(&'static self) {
        // SAFETY: promised by the caller.
        unsafe { self.0.on_shmem_request() };
    }

    unsafe fn on_shmem_startup(&'static self, value: Self::Value) {
        // SAFETY: promised by the caller.
        unsafe { self.0.on_shmem_startup(value) };
    }
}
