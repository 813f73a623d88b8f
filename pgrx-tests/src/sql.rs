//! The other door: SQL over the database's unix socket, as any role.
//!
//! Values always travel as bind parameters, so that no test puts card data into a statement's text.

use std::error::Error;
use std::io::Read;
use std::sync::mpsc::{Receiver, channel};

use bytes::BytesMut;
use postgres::error::DbError;
use postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use postgres::{Client, Config, NoTls, Row};
use serde_json::Value;

/// A parameter of a statement.
pub type Parameter<'a> = &'a (dyn ToSql + Sync);

/// A connection of one role.
pub struct Session {
    client: Client,
    notices: Receiver<Refused>,
}

/// The binary form of a value of any type: what its send function gives and its receive function takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binary(pub Vec<u8>);

impl ToSql for Binary {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        out.extend_from_slice(&self.0);
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Binary {
    fn from_sql(_: &Type, bytes: &'a [u8]) -> Result<Binary, Box<dyn Error + Sync + Send>> {
        Ok(Binary(bytes.to_vec()))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// An error or a notice of the database: its SQLSTATE and message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    pub sqlstate: String,
    pub message: String,
    /// Everything else that the client gets to see: detail, hint, where.
    pub rest: String,
}

impl Refused {
    /// SQLSTATE and message, as the tests compare them.
    pub fn pair(&self) -> (&str, &str) {
        (&self.sqlstate, &self.message)
    }
}

impl Session {
    pub(crate) fn open(config: &Config) -> Session {
        let (sender, notices) = channel();
        let client = config
            .clone()
            .notice_callback(move |notice| {
                // Nobody may be there to read it any more.
                let _ = sender.send(from_server(&notice));
            })
            .connect(NoTls)
            .unwrap_or_else(|error| panic!("cannot log in: {error:?}"));
        Session { client, notices }
    }

    /// The warnings and notices that came since this was last asked.
    pub fn notices(&mut self) -> Vec<Refused> {
        self.notices.try_iter().collect()
    }

    /// Runs a statement that gives rows.
    pub fn rows(&mut self, statement: &str, parameters: &[Parameter]) -> Result<Vec<Row>, Refused> {
        self.client.query(statement, parameters).map_err(refused)
    }

    /// Runs a statement for its effect; gives the number of rows it touched.
    pub fn execute(&mut self, statement: &str, parameters: &[Parameter]) -> Result<u64, Refused> {
        self.client.execute(statement, parameters).map_err(refused)
    }

    /// Runs statements without parameters.
    pub fn run(&mut self, statements: &str) -> Result<(), Refused> {
        self.client.batch_execute(statements).map_err(refused)
    }

    /// What a `COPY … TO STDOUT` gives.
    pub fn copy_out(&mut self, statement: &str) -> Result<Vec<u8>, Refused> {
        let mut copied = Vec::new();
        let mut reader = self.client.copy_out(statement).map_err(refused)?;
        reader
            .read_to_end(&mut copied)
            .expect("a copy that has begun");
        Ok(copied)
    }

    /// The single value of a statement that gives one row with one column.
    pub fn value<T>(&mut self, statement: &str, parameters: &[Parameter]) -> Result<T, Refused>
    where
        T: for<'a> FromSql<'a>,
    {
        self.client
            .query_one(statement, parameters)
            .map_err(refused)
            .map(|row| row.get(0))
    }

    /// The server's major version.
    pub fn postgresql_version(&mut self) -> i32 {
        let number: i32 = self
            .value("select current_setting('server_version_num')::integer", &[])
            .expect("every server has a version");
        number / 10_000
    }

    /// Calls an operation, such as `retrieve_customer($1)`, and gives its `jsonb`.
    pub fn call(&mut self, operation: &str, parameters: &[Parameter]) -> Result<Value, Refused> {
        self.value(&format!("select vault.{operation}"), parameters)
    }
}

fn refused(error: postgres::Error) -> Refused {
    let Some(error) = error.as_db_error() else {
        panic!("not an error of the database: {error:?}");
    };
    from_server(error)
}

fn from_server(error: &DbError) -> Refused {
    let rest = [
        error.detail(),
        error.hint(),
        error.where_(),
        error.table(),
        error.constraint(),
    ];
    Refused {
        sqlstate: error.code().code().to_owned(),
        message: error.message().to_owned(),
        rest: rest.into_iter().flatten().collect::<Vec<_>>().join(" | "),
    }
}
