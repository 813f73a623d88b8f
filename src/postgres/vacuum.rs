//! The command VACUUM, without a client.

use std::ptr;

use pgrx::PgMemoryContexts;
use pgrx::pg_sys;

/// Vacuums a table as the command VACUUM does. It begins transactions of its own, so the caller must not be in one. A table that
/// was dropped is passed over.
pub fn vacuum(table: pg_sys::Oid) {
    // This memory context outlives the transactions. It is dropped with all that is in it.
    let mut memory = PgMemoryContexts::new("vault vacuum");
    // SAFETY: allocates in the current memory context.
    let relations = unsafe {
        memory.switch_to(|_| {
            let relation = pg_sys::makeVacuumRelation(ptr::null_mut(), table, ptr::null_mut());
            pg_sys::lappend(ptr::null_mut(), relation.cast())
        })
    };
    let mut statement = pg_sys::VacuumStmt {
        type_: pg_sys::NodeTag::T_VacuumStmt,
        options: ptr::null_mut(),
        rels: relations,
        is_vacuumcmd: true,
    };
    // SAFETY: outside of any transaction, as a top-level statement is. The parse state is read for the place of a wrong
    // option, and there is no option. The list lives in `memory`, which is dropped afterwards.
    unsafe {
        pg_sys::SetCurrentStatementStartTimestamp();
        pg_sys::StartTransactionCommand();
        pg_sys::ExecVacuum(ptr::null_mut(), &raw mut statement, true);
        pg_sys::CommitTransactionCommand();
    }
}
