//! Table `vault.jobs`: what is to be done at connectors.

use pgrx::datum::DatumWithOid;
use vault_core::ids::{PaymentMethodId, ProfileId};
use vault_core::time::Timestamp;

use super::statement::{Row, id, ids, statements, timestamptz};
use crate::error::Failure;

statements! {
    /// A unique index decides: no two jobs that wait or are sent do the same, but each may delete another token of a provider.
    Write INSERT(TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, BYTEAOID, TIMESTAMPTZOID) =
        "INSERT INTO vault.jobs (profile_id, job_id, payment_method_id, connector_id, action, subject, next_try_at, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7) ON CONFLICT DO NOTHING";
    Write CANCEL(TEXTOID, TEXTARRAYOID, TIMESTAMPTZOID) =
        "UPDATE vault.jobs SET state = 'cancelled', finished_at = $3 \
         WHERE profile_id = $1 AND payment_method_id = ANY ($2) AND state IN ('waiting', 'sent') \
           AND action NOT IN ('delete_token', 'delete_network_token')";
    /// A job that was sent is due again once its answer is no longer expected. The recursion steps from connector to connector in
    /// the index, and the oldest job of each connector comes before the second oldest of any, so that a million jobs of one
    /// connector cost the others nothing. A job that somebody else holds is left out: its payment method is being deleted, perhaps
    /// for long.
    Write DUE(TIMESTAMPTZOID, TEXTARRAYOID, INT8OID) =
        "/* all profiles: the worker finds what is due, and acts for the profile of each job then */ \
         WITH RECURSIVE connector (id) AS ( \
             (SELECT connector_id FROM vault.jobs WHERE state IN ('waiting', 'sent') ORDER BY connector_id LIMIT 1) \
             UNION ALL \
             SELECT (SELECT j.connector_id FROM vault.jobs j \
                     WHERE j.state IN ('waiting', 'sent') AND j.connector_id > connector.id ORDER BY j.connector_id LIMIT 1) \
             FROM connector WHERE connector.id IS NOT NULL) \
         SELECT job.profile_id, job.job_id, job.connector_id \
         FROM connector CROSS JOIN LATERAL ( \
             SELECT j.profile_id, j.job_id, j.connector_id, j.next_try_at FROM vault.jobs j \
             WHERE j.connector_id = connector.id AND j.state IN ('waiting', 'sent') AND j.next_try_at <= $1 \
             ORDER BY j.next_try_at LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED) AS job \
         WHERE connector.id <> ALL ($2) \
         ORDER BY pg_catalog.row_number() OVER (PARTITION BY job.connector_id ORDER BY job.next_try_at), job.next_try_at \
         LIMIT $3";
    /// A job that somebody else holds stays as it is.
    Write MAKE_SENT_DUE(TIMESTAMPTZOID) =
        "/* all profiles: the worker makes the jobs due that an earlier process has sent */ \
         UPDATE vault.jobs SET next_try_at = $1 WHERE (profile_id, job_id) IN ( \
             SELECT profile_id, job_id FROM vault.jobs WHERE state = 'sent' AND next_try_at > $1 \
             FOR NO KEY UPDATE SKIP LOCKED)";
    Write LOCK_DUE(TEXTOID, TEXTOID, TIMESTAMPTZOID) =
        "SELECT job_id, payment_method_id, connector_id, action, attempts, subject, state FROM vault.jobs \
         WHERE profile_id = $1 AND job_id = $2 AND state IN ('waiting', 'sent') AND next_try_at <= $3 \
         FOR NO KEY UPDATE SKIP LOCKED";
    Write LOCK_IF_FREE(TEXTOID, TEXTOID) =
        "SELECT job_id, payment_method_id, connector_id, action, attempts, subject, state FROM vault.jobs \
         WHERE profile_id = $1 AND job_id = $2 FOR NO KEY UPDATE SKIP LOCKED";
    Write SENT(TEXTOID, TEXTOID, TIMESTAMPTZOID) =
        "UPDATE vault.jobs SET state = 'sent', attempts = attempts + 1, next_try_at = $3 \
         WHERE profile_id = $1 AND job_id = $2";
    Write RETRY(TEXTOID, TEXTOID, TIMESTAMPTZOID, TEXTOID, INT4OID) =
        "UPDATE vault.jobs SET state = 'waiting', next_try_at = $3, error = $4, error_status = $5 \
         WHERE profile_id = $1 AND job_id = $2";
    Write FINISH(TEXTOID, TEXTOID, TEXTOID, TIMESTAMPTZOID, TEXTOID, INT4OID) =
        "UPDATE vault.jobs SET state = $3, finished_at = $4, error = $5, error_status = $6, \
                subject = CASE $3 WHEN 'failed' THEN subject END \
         WHERE profile_id = $1 AND job_id = $2";
    Write REOPEN(TEXTOID, TEXTOID, TIMESTAMPTZOID) =
        "UPDATE vault.jobs j SET state = 'waiting', attempts = 0, next_try_at = $3, finished_at = NULL \
         WHERE j.profile_id = $1 AND j.job_id = $2 AND j.state = 'failed' AND NOT EXISTS ( \
             SELECT FROM vault.jobs o \
             WHERE o.profile_id = j.profile_id AND o.payment_method_id = j.payment_method_id \
               AND o.connector_id = j.connector_id AND o.action = j.action AND o.state IN ('waiting', 'sent'))";
    Read PROFILE_OF(TEXTOID) =
        "/* all profiles: administrators name a job by its id alone */ \
         SELECT profile_id FROM vault.jobs WHERE job_id = $1";
    Read ALL() =
        "/* all profiles: administrators see which jobs there are */ \
         SELECT pg_catalog.to_json(j)::text AS row \
         FROM (SELECT profile_id, job_id, payment_method_id, connector_id, action, state, attempts, next_try_at, error, \
                      error_status, created_at, finished_at FROM vault.jobs) j";
    Write DELETE_FINISHED(TIMESTAMPTZOID, INT8OID) =
        "/* all profiles: the worker deletes old jobs */ \
         DELETE FROM vault.jobs WHERE (profile_id, job_id) IN ( \
             SELECT profile_id, job_id FROM vault.jobs WHERE finished_at <= $1 - INTERVAL '7 days' \
             ORDER BY finished_at LIMIT $2 FOR UPDATE SKIP LOCKED)";
}

/// A job to be written.
pub struct NewJob<'a> {
    pub profile_id: &'a ProfileId,
    pub job_id: &'a str,
    pub payment_method_id: &'a PaymentMethodId,
    pub connector_id: &'a str,
    pub action: &'static str,
    /// Envelope.
    pub subject: Option<&'a [u8]>,
    pub created_at: Timestamp,
}

/// Names a job of any profile.
#[derive(Clone)]
pub struct DueJob {
    pub profile_id: ProfileId,
    pub job_id: String,
    pub connector_id: String,
}

/// A row of a profile.
pub struct StoredJob {
    pub job_id: String,
    pub payment_method_id: PaymentMethodId,
    pub connector_id: String,
    pub action: String,
    /// How often it was sent.
    pub attempts: i32,
    /// Envelope.
    pub subject: Option<Vec<u8>>,
    pub state: String,
}

/// How a job ended.
pub struct End<'a> {
    pub state: &'static str,
    pub error: Option<&'a str>,
    pub error_status: Option<i32>,
}

/// Writes a job. False, and nothing is written, when another one that waits or is sent does the same.
pub fn insert(job: &NewJob<'_>) -> Result<bool, Failure> {
    let rows = INSERT.with(|statement| {
        statement.execute(&[
            id(job.profile_id),
            job.job_id.into(),
            id(job.payment_method_id),
            job.connector_id.into(),
            job.action.into(),
            job.subject.into(),
            timestamptz(job.created_at).into(),
        ])
    })?;
    Ok(rows > 0)
}

/// Cancels the jobs of these payment methods, except those that delete tokens.
pub fn cancel_of(
    profile_id: &ProfileId,
    payment_methods: &[PaymentMethodId],
    now: Timestamp,
) -> Result<(), Failure> {
    let arguments = [
        id(profile_id),
        ids(payment_methods),
        timestamptz(now).into(),
    ];
    CANCEL.with(|statement| statement.execute(&arguments))?;
    Ok(())
}

/// Jobs of all profiles that are due, except those of busy connectors. For the worker.
pub fn due(now: Timestamp, busy: Vec<String>, limit: i64) -> Result<Vec<DueJob>, Failure> {
    let arguments = [timestamptz(now).into(), busy.into(), limit.into()];
    DUE.with(|statement| {
        statement.rows(&arguments, |row| {
            Ok(DueJob {
                profile_id: row.id("profile_id")?,
                job_id: row.required("job_id")?,
                connector_id: row.required("connector_id")?,
            })
        })
    })
}

/// Each job as a JSON object, without its envelope. For the worker's role.
pub fn all() -> Result<Vec<String>, Failure> {
    ALL.with(|statement| statement.rows(&[], |row| row.required("row")))
}

/// Makes the jobs due that an earlier process has sent. For the worker.
pub fn make_sent_due(now: Timestamp) -> Result<(), Failure> {
    MAKE_SENT_DUE.with(|statement| statement.execute(&[timestamptz(now).into()]))?;
    Ok(())
}

/// The job, if it is still due, and nobody else holds it.
pub fn lock_due(job: &DueJob, now: Timestamp) -> Result<Option<StoredJob>, Failure> {
    let [profile_id, job_id] = job.key();
    let arguments = [profile_id, job_id, timestamptz(now).into()];
    LOCK_DUE.with(|statement| statement.row(&arguments, StoredJob::read))
}

/// The job as it is by now, kept for this transaction. None when somebody else holds it.
pub fn lock_if_free(job: &DueJob) -> Result<Option<StoredJob>, Failure> {
    LOCK_IF_FREE.with(|statement| statement.row(&job.key(), StoredJob::read))
}

/// Marks the job as sent. It is due again at `no_answer_after`.
pub fn sent(job: &DueJob, no_answer_after: Timestamp) -> Result<(), Failure> {
    let [profile_id, job_id] = job.key();
    let arguments = [profile_id, job_id, timestamptz(no_answer_after).into()];
    SENT.with(|statement| statement.execute(&arguments))?;
    Ok(())
}

/// Has the job wait for another try.
pub fn retry(
    profile_id: &ProfileId,
    job_id: &str,
    next_try_at: Timestamp,
    error: &str,
    error_status: Option<i32>,
) -> Result<(), Failure> {
    RETRY.with(|statement| {
        statement.execute(&[
            id(profile_id),
            job_id.into(),
            timestamptz(next_try_at).into(),
            error.into(),
            error_status.into(),
        ])
    })?;
    Ok(())
}

/// Ends the job.
pub fn finish(
    profile_id: &ProfileId,
    job_id: &str,
    end: &End<'_>,
    now: Timestamp,
) -> Result<(), Failure> {
    FINISH.with(|statement| {
        statement.execute(&[
            id(profile_id),
            job_id.into(),
            end.state.into(),
            timestamptz(now).into(),
            end.error.into(),
            end.error_status.into(),
        ])
    })?;
    Ok(())
}

/// The profile of a job. For the worker.
pub fn profile_of(job_id: &str) -> Result<Option<ProfileId>, Failure> {
    PROFILE_OF.with(|statement| statement.row(&[job_id.into()], |row| row.id("profile_id")))
}

/// Has a failed job wait for another try. False when it has not failed, or another one that waits or is sent does the same.
pub fn reopen(profile_id: &ProfileId, job_id: &str, now: Timestamp) -> Result<bool, Failure> {
    let arguments = [id(profile_id), job_id.into(), timestamptz(now).into()];
    Ok(REOPEN.with(|statement| statement.execute(&arguments))? > 0)
}

/// Deletes a batch of jobs of all profiles that ended a week ago or earlier, and tells how many. For the worker.
pub fn delete_finished(now: Timestamp, limit: i64) -> Result<usize, Failure> {
    let arguments = [timestamptz(now).into(), limit.into()];
    DELETE_FINISHED.with(|statement| statement.execute(&arguments))
}

impl DueJob {
    fn key(&self) -> [DatumWithOid<'_>; 2] {
        [id(&self.profile_id), self.job_id.as_str().into()]
    }
}

impl StoredJob {
    fn read(row: &Row<'_>) -> Result<Self, Failure> {
        Ok(Self {
            job_id: row.required("job_id")?,
            payment_method_id: row.id("payment_method_id")?,
            connector_id: row.required("connector_id")?,
            action: row.required("action")?,
            attempts: row.required("attempts")?,
            subject: row.optional("subject")?,
            state: row.required("state")?,
        })
    }
}
