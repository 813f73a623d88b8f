//! PostgreSQL's own catalogue of roles.

use super::statement::statements;
use crate::error::Failure;

statements! {
    Read FINDINGS() = "SELECT role_name, finding, remedy FROM vault.role_findings()";
}

/// Something that lets somebody else be one of the vault's own roles, or makes that role more than it should be.
pub struct RoleFinding {
    pub role_name: String,
    pub finding: String,
    pub remedy: String,
}

pub fn findings() -> Result<Vec<RoleFinding>, Failure> {
    FINDINGS.with(|statement| {
        statement.rows(&[], |row| {
            Ok(RoleFinding {
                role_name: row.required("role_name")?,
                finding: row.required("finding")?,
                remedy: row.required("remedy")?,
            })
        })
    })
}
