//! The SQLSTATE of every failure, and the SQLSTATEs of PostgreSQL that the vault looks for.

use pgrx::PgSqlErrorCode;

use super::failure::{Failure, Mistake};
use super::reason::Unrecorded;

impl Failure {
    pub(super) fn sqlstate(&self) -> PgSqlErrorCode {
        match self {
            Self::Refused(refusal) | Self::ItemRefused { refusal, .. } => {
                of_refusal(refusal.sqlstate())
            }
            Self::Mistaken { mistake, .. } => of_mistake(*mistake),
            Self::ConnectorSettings(_) => PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE,
            Self::Sealed(_)
            | Self::NotUpgraded
            | Self::KeysDestroyed
            | Self::ProfileElsewhere(_)
            | Self::KeyNeeded { .. }
            | Self::OutOfReach { .. }
            | Self::Unread { .. }
            | Self::TableFailed { .. }
            | Self::TableTimedOut { .. } => {
                PgSqlErrorCode::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE
            }
            Self::RestrictedOperation => PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE,
            Self::NotDestroyed(_) => PgSqlErrorCode::ERRCODE_EXTERNAL_ROUTINE_EXCEPTION,
            Self::Unrecorded(Unrecorded::NotInTime) => {
                PgSqlErrorCode::ERRCODE_INSUFFICIENT_RESOURCES
            }
            Self::Unrecorded(_) => PgSqlErrorCode::ERRCODE_CONFIGURATION_LIMIT_EXCEEDED,
            Self::Standby | Self::RecentOnStandby => {
                PgSqlErrorCode::ERRCODE_READ_ONLY_SQL_TRANSACTION
            }
            Self::UnknownKey
            | Self::DamagedKey
            | Self::Envelope(_)
            | Self::DamagedRow
            | Self::DamagedPlaintext => PgSqlErrorCode::ERRCODE_DATA_CORRUPTED,
            Self::TimeOutOfRange(_) => PgSqlErrorCode::ERRCODE_DATETIME_FIELD_OVERFLOW,
            Self::Contention | Self::RotatedMeanwhile | Self::MovedMeanwhile => {
                PgSqlErrorCode::ERRCODE_T_R_SERIALIZATION_FAILURE
            }
            Self::Input(_) => PgSqlErrorCode::ERRCODE_INVALID_TEXT_REPRESENTATION,
            Self::StoredPlaintext | Self::PreparedKeyChange => {
                PgSqlErrorCode::ERRCODE_FEATURE_NOT_SUPPORTED
            }
            Self::NoThread
            | Self::NoRandomness
            | Self::Statement(_)
            | Self::UnexpectedNull
            | Self::Defect(_)
            | Self::Postgres(_)
            | Self::Panic { .. } => INTERNAL_ERROR,
        }
    }
}

/// The SQLSTATE of a warning.
pub(super) const WARNING: PgSqlErrorCode = PgSqlErrorCode::ERRCODE_WARNING;
/// The SQLSTATE of an unforeseen error.
pub(super) const INTERNAL_ERROR: PgSqlErrorCode = PgSqlErrorCode::ERRCODE_INTERNAL_ERROR;

fn of_mistake(mistake: Mistake) -> PgSqlErrorCode {
    match mistake {
        Mistake::Invalid => PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE,
        Mistake::Missing => PgSqlErrorCode::ERRCODE_UNDEFINED_OBJECT,
        Mistake::WrongState => PgSqlErrorCode::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
    }
}

/// The core writes a SQLSTATE as text, because it does not know PostgreSQL.
fn of_refusal(sqlstate: &str) -> PgSqlErrorCode {
    match sqlstate {
        "0A000" => PgSqlErrorCode::ERRCODE_FEATURE_NOT_SUPPORTED,
        "22023" => PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE,
        "22032" => PgSqlErrorCode::ERRCODE_INVALID_JSON_TEXT,
        "38000" => PgSqlErrorCode::ERRCODE_EXTERNAL_ROUTINE_EXCEPTION,
        "23505" => PgSqlErrorCode::ERRCODE_UNIQUE_VIOLATION,
        "28000" => PgSqlErrorCode::ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION,
        "42501" => PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE,
        "53400" => PgSqlErrorCode::ERRCODE_CONFIGURATION_LIMIT_EXCEEDED,
        "55000" => PgSqlErrorCode::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
        "P0002" => PgSqlErrorCode::ERRCODE_NO_DATA_FOUND,
        _ => INTERNAL_ERROR,
    }
}

/// Whether an error of PostgreSQL leaves a call over HTTP as it is: the call is worth another try, or the server stops.
pub fn passes_through_http(code: PgSqlErrorCode) -> bool {
    matches!(
        code,
        PgSqlErrorCode::ERRCODE_T_R_SERIALIZATION_FAILURE
            | PgSqlErrorCode::ERRCODE_T_R_DEADLOCK_DETECTED
    ) || is_cancellation(code)
        || is_shutdown(code)
}

/// Whether the statement was cancelled. Code of others can raise this SQLSTATE, too.
pub fn is_cancellation(code: PgSqlErrorCode) -> bool {
    code == PgSqlErrorCode::ERRCODE_QUERY_CANCELED
}

/// Whether an administrator ends the session, or the server.
pub fn is_shutdown(code: PgSqlErrorCode) -> bool {
    code == PgSqlErrorCode::ERRCODE_ADMIN_SHUTDOWN
}

/// Whether PostgreSQL could not read a text. It quotes a part of such a text. The argument is the `sqlerrcode` of an error.
pub fn is_unreadable_text(sqlerrcode: i32) -> bool {
    let code = sqlerrcode as isize;
    code == PgSqlErrorCode::ERRCODE_INVALID_TEXT_REPRESENTATION as isize
        || code == PgSqlErrorCode::ERRCODE_UNTRANSLATABLE_CHARACTER as isize
}
