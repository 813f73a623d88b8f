//! `jsonb` as its text. A parsed value would round numbers and lose how they were written.

use core::ffi::CStr;

use pgrx::callconv::{Arg, ArgAbi, BoxRet, FcInfo};
use pgrx::datum::UnboxDatum;
use pgrx::pgrx_sql_entity_graph::metadata::{
    ArgumentError, ReturnsError, ReturnsRef, SqlMappingRef, SqlTranslatable, TypeOrigin,
};
use pgrx::{FromDatum, IntoDatum, pg_sys};
use zeroize::Zeroizing;

/// A `jsonb` argument or result of a SQL function; wiped when dropped.
pub struct Jsonb(Zeroizing<String>);

impl Jsonb {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl From<String> for Jsonb {
    fn from(json: String) -> Self {
        Self(Zeroizing::new(json))
    }
}

// SAFETY: reads an argument whose SQL type is jsonb.
unsafe impl<'fcx> ArgAbi<'fcx> for Jsonb {
    unsafe fn unbox_arg_unchecked(arg: Arg<'_, 'fcx>) -> Self {
        // SAFETY: every datum is a datum; NULL reaches no strict function.
        let datum: Option<pg_sys::Datum> = unsafe { arg.unbox_arg_using_from_datum() };
        datum.map_or_else(|| Self::from(String::new()), text_of)
    }
}

// SAFETY: reads an element of an array of jsonb.
unsafe impl UnboxDatum for Jsonb {
    type As<'src> = Self;

    unsafe fn unbox<'src>(datum: pgrx::datum::Datum<'src>) -> Self
    where
        Self: 'src,
    {
        text_of(datum.sans_lifetime())
    }
}

impl FromDatum for Jsonb {
    unsafe fn from_polymorphic_datum(
        datum: pg_sys::Datum,
        is_null: bool,
        _type: pg_sys::Oid,
    ) -> Option<Self> {
        (!is_null).then(|| text_of(datum))
    }
}

impl IntoDatum for Jsonb {
    fn into_datum(self) -> Option<pg_sys::Datum> {
        // JSON writes a NUL as an escape, which jsonb refuses by itself.
        let mut text = Zeroizing::new(Vec::with_capacity(self.0.len() + 1));
        text.extend_from_slice(self.0.as_bytes());
        text.push(0);
        // SAFETY: jsonb_in takes a NUL-terminated text and copies what it needs.
        unsafe {
            pgrx::direct_function_call_as_datum(
                pg_sys::jsonb_in,
                &[Some(pg_sys::Datum::from(text.as_ptr()))],
            )
        }
    }

    fn type_oid() -> pg_sys::Oid {
        pg_sys::JSONBOID
    }
}

// SAFETY: returns a datum that PostgreSQL's own input function made.
unsafe impl BoxRet for Jsonb {
    unsafe fn box_into<'fcx>(self, fcinfo: &mut FcInfo<'fcx>) -> pgrx::datum::Datum<'fcx> {
        match self.into_datum() {
            // SAFETY: a jsonb in the memory context of the call.
            Some(datum) => unsafe { fcinfo.return_raw_datum(datum) },
            None => fcinfo.return_null(),
        }
    }
}

// SAFETY: names the SQL type that the implementations above read and write.
unsafe impl SqlTranslatable for Jsonb {
    const TYPE_IDENT: &'static str = pgrx::pgrx_resolved_type!(Jsonb);
    const TYPE_ORIGIN: TypeOrigin = TypeOrigin::External;
    const ARGUMENT_SQL: Result<SqlMappingRef, ArgumentError> = Ok(SqlMappingRef::literal("jsonb"));
    const RETURN_SQL: Result<ReturnsRef, ReturnsError> =
        Ok(ReturnsRef::One(SqlMappingRef::literal("jsonb")));
}

fn text_of(jsonb: pg_sys::Datum) -> Jsonb {
    // SAFETY: the datum is a jsonb, whose output is a NUL-terminated text of ours.
    let text = unsafe {
        let text: Option<&CStr> = pgrx::direct_function_call(pg_sys::jsonb_out, &[Some(jsonb)]);
        text.map(|text| text.to_string_lossy().into_owned())
    };
    Jsonb::from(text.unwrap_or_default())
}
