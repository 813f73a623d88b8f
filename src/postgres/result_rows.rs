//! How a query asks a function for its rows.

use pgrx::pg_sys;

/// Whether the function is called in `FROM`, where PostgreSQL takes all its rows before anything else of the query runs. Elsewhere, the
/// query may run other code between two rows, or stop before the last one.
pub fn are_taken_at_once(call: pg_sys::FunctionCallInfo) -> bool {
    // SAFETY: the call that PostgreSQL is making. What its info is, the node's tag says.
    unsafe {
        let info = (*call).resultinfo;
        pgrx::is_a(info, pg_sys::NodeTag::T_ReturnSetInfo)
            && (*info.cast::<pg_sys::ReturnSetInfo>()).allowedModes
                & pg_sys::SetFunctionReturnMode::SFRM_Materialize_Preferred as i32
                != 0
    }
}
