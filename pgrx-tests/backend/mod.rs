//! Tests inside the backend, as superuser, each in a transaction of its own that is rolled back.
