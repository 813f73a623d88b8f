//! Look-ups in PostgreSQL's catalogue caches, and facts about the server.

use core::ffi::CStr;

use pgrx::pg_sys;

/// The database that this process is connected to.
pub fn own_database() -> pg_sys::Oid {
    // SAFETY: set when the backend connects, and never changed.
    unsafe { pg_sys::MyDatabaseId }
}

/// The name of a database. None if the database was dropped. Needs a transaction.
pub fn database_name(database: pg_sys::Oid) -> Option<String> {
    // SAFETY: a look-up in the system caches; a copy of the name, or NULL.
    unsafe {
        let name = pg_sys::get_database_name(database);
        (!name.is_null()).then(|| CStr::from_ptr(name).to_string_lossy().into_owned())
    }
}

/// The table of this name in a schema, if there is one. Needs a transaction.
pub fn table(schema: &CStr, name: &CStr) -> Option<pg_sys::Oid> {
    // SAFETY: look-ups in the system caches by NUL-terminated names; no table is in the schema of number 0.
    let table = unsafe {
        let schema = pg_sys::get_namespace_oid(schema.as_ptr(), true);
        pg_sys::get_relname_relid(name.as_ptr(), schema)
    };
    (table != pg_sys::InvalidOid).then_some(table)
}

/// The table's name with its schema, quoted. If the table is gone, its oid. Needs a transaction.
pub fn table_name(table: pg_sys::Oid) -> String {
    // SAFETY: look-ups in the system caches, and a text in the current memory context.
    unsafe {
        let name = pg_sys::get_rel_name(table);
        let schema = pg_sys::get_namespace_name(pg_sys::get_rel_namespace(table));
        if name.is_null() || schema.is_null() {
            return table.to_u32().to_string();
        }
        CStr::from_ptr(pg_sys::quote_qualified_identifier(schema, name))
            .to_string_lossy()
            .into_owned()
    }
}

/// Whether the extension is installed in this database. Needs a transaction.
pub fn has_extension(name: &CStr) -> bool {
    // SAFETY: a look-up in a catalogue by a NUL-terminated name.
    unsafe { pg_sys::get_extension_oid(name.as_ptr(), true) != pg_sys::InvalidOid }
}

/// The system identifier, which `initdb` makes. A cluster and its standbys have the same one, and no other cluster has it.
pub fn this_cluster() -> i64 {
    // SAFETY: reads what the server has read from its control file.
    unsafe { pg_sys::GetSystemIdentifier() }.cast_signed()
}
