//! Changes that become true together.

use std::ops::{Deref, DerefMut};

use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyConnection};

use super::{Store, StoreError};

/// A transaction on a connection of its own, which nobody uses any more if it does not come to its
/// end. A commit that failed, on a full disk for instance, may leave the transaction open: what was
/// said over that connection later would seem to be put down, and would not be.
#[derive(Debug)]
pub struct Transaction {
    connection: PoolConnection<Any>,
    is_over: bool,
}

impl Store {
    pub(super) async fn transaction(&self) -> Result<Transaction, StoreError> {
        let mut connection = self.pool.acquire().await?;
        sqlx::query("BEGIN").execute(&mut *connection).await?;
        Ok(Transaction { connection, is_over: false })
    }
}

impl Transaction {
    pub async fn commit(mut self) -> Result<(), StoreError> {
        sqlx::query("COMMIT").execute(&mut *self.connection).await?;
        self.is_over = true;
        Ok(())
    }
}

impl Deref for Transaction {
    type Target = AnyConnection;

    fn deref(&self) -> &AnyConnection {
        &self.connection
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        &mut self.connection
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        if !self.is_over {
            self.connection.close_on_drop();
        }
    }
}
