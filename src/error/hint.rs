//! What to do about a failure. A hint is one or more sentences, as PostgreSQL's are.

use vault_core::contract::refusal::Refusal;
use vault_core::crypto::envelope::EnvelopeError;

use super::failure::Failure;

impl Failure {
    pub(super) fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Sealed(reason) => Some(reason.hint()),
            Self::Unrecorded(reason) => Some(reason.hint()),
            Self::Mistaken { hint, .. } => Some(hint),
            Self::Refused(refusal) | Self::ItemRefused { refusal, .. } => of_refusal(refusal),
            Self::Input(error) => Some(of_input(error)),
            Self::ConnectorSettings(_) => {
                Some("docs/connectors.md describes the settings and credentials of each kind.")
            }
            Self::ProfileElsewhere(_) => {
                Some("Call that node. The function vault.nodes() shows which profile is where.")
            }
            Self::Standby => Some(
                "Call the primary. A standby can only retrieve and list. A reveal is a write as well, because it adds a row to \
                 the audit log.",
            ),
            Self::RecentOnStandby => Some(
                "Call the primary. A standby can tell when the payment method has not been written to for 15 minutes.",
            ),
            Self::RestrictedOperation => Some(
                "Call vault.authenticate in the session itself, not in an index expression, a constraint or a policy.",
            ),
            Self::RotatedMeanwhile | Self::MovedMeanwhile => Some("Run the transaction again."),
            Self::Contention => Some("Try again."),
            Self::NotUpgraded => Some(
                "Call ALTER EXTENSION vault UPDATE as a superuser. docs/operations.md says what to do before.",
            ),
            _ => self.of_value().or_else(|| self.of_keys()),
        }
    }

    /// For values that are not opened.
    fn of_value(&self) -> Option<&'static str> {
        match self {
            Self::StoredPlaintext => {
                Some("Call vault.decrypt in a query or an ordinary view instead.")
            }
            Self::UnknownKey => Some(
                "The key belongs to another profile, or is destroyed. Compare vault.key_ids of the value with the view vault.keys.",
            ),
            Self::DamagedKey => {
                Some("Restore the profile's rows of vault.data_keys from a backup.")
            }
            Self::Envelope(_) => Some(
                "A value opens only in the profile, table, column and row for which it was sealed, or under its context.",
            ),
            Self::DamagedRow => Some(
                "Somebody may have written to the table, or its storage is damaged. Restore the row from a backup.",
            ),
            Self::DamagedPlaintext => Some(
                "A later version of the vault may have sealed the value: install that version here. Otherwise, restore the \
                 value from a backup.",
            ),
            _ => None,
        }
    }

    /// For keys that are destroyed, or are to be.
    fn of_keys(&self) -> Option<&'static str> {
        match self {
            Self::KeysDestroyed => Some(
                "Nothing that the profile has sealed can be opened again. The view vault.keys shows the state of every key.",
            ),
            Self::NotDestroyed(_) => Some(
                "Run vault.key_destruction_command as the server's user, with a line 'destroyed <profile id>' as its input, to \
                 see why. Then destroy the keys again.",
            ),
            Self::PreparedKeyChange => Some("End the transaction with COMMIT."),
            Self::KeyNeeded { .. } => Some(
                "CALL vault.reencrypt(profile_id) moves the values to the current key. Refresh materialized views after it. \
                 force => true gives the values up.",
            ),
            Self::OutOfReach { .. } => Some(
                "The view vault.application_columns says why. Either policies also bind the owner (ALTER TABLE ... NO FORCE ROW \
                 LEVEL SECURITY until the keys are changed), or the owner lacks privileges (GRANT).",
            ),
            Self::Unread { .. } => Some(
                "End the transactions that lock the tables (pg_locks shows them) or raise vault.table_timeout, then try again. \
                 left_out => '{...}' leaves out the tables that it names by their oids, and gives their values up.",
            ),
            Self::TableFailed { .. } => {
                Some("Have the table's owner fix what raises this error, then try again.")
            }
            Self::TableTimedOut { .. } => Some(
                "Code that the table's owner attached to it may be slow, or another transaction may hold a lock on it. If the \
                 table is large, raise vault.table_timeout.",
            ),
            _ => None,
        }
    }
}

fn of_refusal(refusal: &Refusal) -> Option<&'static str> {
    match refusal {
        Refusal::Unauthenticated => Some(
            "Call vault.authenticate(api_key, profile_id) in this transaction, or have vault.bind_role give your role a profile.",
        ),
        Refusal::RevealNotAllowed => {
            Some("In SQL, only members of the role vault_reveal see full numbers.")
        }
        Refusal::TooManyRequests { .. } => Some(
            "Try again in the next minute. The setting vault.card_numbers_per_minute limits roles that are members of neither \
             vault_reveal nor vault_bulk.",
        ),
        Refusal::TokenServiceBusy => {
            Some("Try again. Other calls to the token service are in progress.")
        }
        _ => None,
    }
}

fn of_input(error: &EnvelopeError) -> &'static str {
    match error {
        EnvelopeError::UnknownVersion => {
            "A later version of the vault wrote the value. Install that version here."
        }
        _ => {
            "Input takes only the text form of a value of its type. Make one with vault.encrypt, vault.searchable or \
             vault.card_number."
        }
    }
}
