//! What the encrypted types have in common: the datum, and the functions that read and write it.

use core::ffi::CStr;
use std::ffi::CString;
use std::rc::Rc;

use pgrx::datum::Internal;
use pgrx::pg_sys;
use vault_core::crypto::{Binding, ColumnType, Slot};
use vault_core::ids::ProfileId;
use zeroize::Zeroizing;

use crate::error::{Defect, Failure};
use crate::keys::{self, ProfileKeys, SealingKeys};
use crate::metrics::events::{Watched, count};
use crate::postgres::run_as::is_restricted;
use crate::tenancy::session;
use vault_core::contract::refusal::Refusal;

/// Makes a Rust type for a SQL type, with its input, output, receive and send functions. A datum is a varlena whose content is
/// a value of the given column type.
macro_rules! encrypted_type {
    (
        $(#[$doc:meta])* $name:ident, $sql:literal, $column_type:expr,
        $input:ident, $output:ident, $receive:ident, $send:ident
    ) => {
        $(#[$doc])*
        pub struct $name(pub Vec<u8>);

        impl pgrx::FromDatum for $name {
            unsafe fn from_polymorphic_datum(
                datum: pgrx::pg_sys::Datum,
                is_null: bool,
                oid: pgrx::pg_sys::Oid,
            ) -> Option<Self> {
                // SAFETY: the type has the layout of bytea, and the caller vouches for the datum.
                unsafe { Vec::<u8>::from_polymorphic_datum(datum, is_null, oid) }.map(Self)
            }
        }

        impl pgrx::IntoDatum for $name {
            fn into_datum(self) -> Option<pgrx::pg_sys::Datum> {
                self.0.into_datum()
            }

            fn type_oid() -> pgrx::pg_sys::Oid {
                pgrx::wrappers::regtypein($sql)
            }
        }

        // SAFETY: the datum is read by the implementation above.
        unsafe impl<'fcx> pgrx::callconv::ArgAbi<'fcx> for $name {
            unsafe fn unbox_arg_unchecked(arg: pgrx::callconv::Arg<'_, 'fcx>) -> Self {
                // SAFETY: the argument's SQL type is this one. NULL reaches no strict function; if it did, the empty
                // value would be refused as truncated.
                unsafe { arg.unbox_arg_using_from_datum() }.unwrap_or(Self(Vec::new()))
            }
        }

        // SAFETY: the datum is made by the implementation above.
        unsafe impl pgrx::callconv::BoxRet for $name {
            unsafe fn box_into<'fcx>(
                self,
                fcinfo: &mut pgrx::callconv::FcInfo<'fcx>,
            ) -> pgrx::datum::Datum<'fcx> {
                match pgrx::IntoDatum::into_datum(self) {
                    // SAFETY: a varlena in the memory context of the call.
                    Some(datum) => unsafe { fcinfo.return_raw_datum(datum) },
                    None => fcinfo.return_null(),
                }
            }
        }

        // SAFETY: names the SQL type that the extension creates.
        unsafe impl pgrx::pgrx_sql_entity_graph::metadata::SqlTranslatable for $name {
            const TYPE_IDENT: &'static str = pgrx::pgrx_resolved_type!($name);
            const TYPE_ORIGIN: pgrx::pgrx_sql_entity_graph::metadata::TypeOrigin =
                pgrx::pgrx_sql_entity_graph::metadata::TypeOrigin::ThisExtension;
            const ARGUMENT_SQL: Result<
                pgrx::pgrx_sql_entity_graph::metadata::SqlMappingRef,
                pgrx::pgrx_sql_entity_graph::metadata::ArgumentError,
            > = Ok(pgrx::pgrx_sql_entity_graph::metadata::SqlMappingRef::literal($sql));
            const RETURN_SQL: Result<
                pgrx::pgrx_sql_entity_graph::metadata::ReturnsRef,
                pgrx::pgrx_sql_entity_graph::metadata::ReturnsError,
            > = Ok(pgrx::pgrx_sql_entity_graph::metadata::ReturnsRef::One(
                pgrx::pgrx_sql_entity_graph::metadata::SqlMappingRef::literal($sql),
            ));
        }

        #[pg_extern(immutable, parallel_safe, requires = ["bootstrap"])]
        pub fn $input(text: &core::ffi::CStr) -> Result<$name, ErrorReport> {
            Ok($name(datum::input($column_type, text)?))
        }

        #[pg_extern(immutable, parallel_safe, requires = ["bootstrap"])]
        pub fn $output(value: $name) -> Result<std::ffi::CString, ErrorReport> {
            Ok(datum::output($column_type, &value.0)?)
        }

        #[pg_extern(immutable, parallel_safe, requires = ["bootstrap"])]
        pub fn $receive(message: pgrx::datum::Internal) -> Result<$name, ErrorReport> {
            Ok($name(datum::receive($column_type, message)?))
        }

        #[pg_extern(immutable, parallel_safe, requires = ["bootstrap"])]
        pub fn $send(value: $name) -> Vec<u8> {
            value.0
        }
    };
}
pub(super) use encrypted_type;

/// The value that a text form stands for.
pub(super) fn input(column_type: ColumnType, text: &CStr) -> Result<Vec<u8>, Failure> {
    column_type
        .from_text(&text.to_string_lossy())
        .map_err(Failure::Input)
}

/// The text form.
pub(super) fn output(column_type: ColumnType, value: &[u8]) -> Result<CString, Failure> {
    let text = column_type.parse(value)?.to_text();
    CString::new(text).map_err(|_| Defect::ZeroByte.into())
}

/// The value that a binary message holds.
pub(super) fn receive(column_type: ColumnType, message: Internal) -> Result<Vec<u8>, Failure> {
    let datum = message.unwrap().ok_or(Failure::UnexpectedNull)?;
    // SAFETY: PostgreSQL calls a receive function with the message's StringInfo; all that is left of it is ours.
    let bytes = unsafe {
        let message = datum.cast_mut_ptr::<pg_sys::StringInfoData>();
        let length = (*message).len - (*message).cursor;
        let start = pg_sys::pq_getmsgbytes(message, length).cast::<u8>();
        std::slice::from_raw_parts(start, usize::try_from(length).unwrap_or_default()).to_vec()
    };
    column_type.parse(&bytes).map_err(Failure::Input)?;
    Ok(bytes)
}

/// Seals a value of the current profile, for its type and context.
pub(super) fn encrypt(slot: Slot<'_>, context: &str, plaintext: &[u8]) -> Result<Vec<u8>, Failure> {
    let sealed = sealing_keys()?.seal_value(slot, &Binding::to_context(context), plaintext)?;
    count(Watched::ValueSealed);
    Ok(sealed)
}

/// Opens a value of the current profile, of this type and context.
pub(super) fn decrypt(
    slot: Slot<'_>,
    context: &str,
    envelope: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let opened = profile_keys()?.open_value(slot, &Binding::to_context(context), envelope)?;
    count(Watched::ValueOpened);
    Ok(opened)
}

/// The keys of the current profile, for opening values.
pub(super) fn profile_keys() -> Result<Rc<ProfileKeys>, Failure> {
    // ANALYZE, CREATE INDEX and REFRESH store what they compute, such as in statistics, where nobody looks for plaintext.
    if is_restricted() {
        return Err(Failure::StoredPlaintext);
    }
    keys::for_reading(&profile()?)
}

/// The keys of the current profile, for sealing values.
pub(super) fn sealing_keys() -> Result<SealingKeys, Failure> {
    keys::for_sealing(&profile()?)
}

fn profile() -> Result<ProfileId, Failure> {
    Ok(session::current_profile()?.ok_or(Refusal::Unauthenticated)?)
}
