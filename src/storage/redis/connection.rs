//! Ways to the servers: one connection that heals itself, or those of a cluster.

#[cfg(feature = "redis-cluster")]
use std::sync::Arc;

use redis::aio::{ConnectionLike as _, ConnectionManager};
use redis::{Cmd, Pipeline, RedisError, RedisResult, Value};

#[cfg(feature = "redis-cluster")]
use super::lane::Lane;

/// A connection that many calls share. Commands are sent in the order in which they are given.
pub(super) enum Connection {
    One(ConnectionManager),
    #[cfg(feature = "redis-cluster")]
    Cluster {
        /// Follows redirections by itself.
        reads: Arc<Lane>,
        /// Never sends a command twice: a repeat of a save that comes after the next save would be a conflict, though
        /// the first was applied.
        writes: Arc<Lane>,
    },
}

impl Connection {
    /// Sends a command that may be repeated.
    pub(super) async fn read(&self, command: &Cmd) -> RedisResult<Value> {
        match self {
            Self::One(one) => one.clone().req_packed_command(command).await?.extract_error(),
            #[cfg(feature = "redis-cluster")]
            Self::Cluster { reads, .. } => reads.send(command).await,
        }
    }

    /// Sends commands that may be repeated together: to one server in one piece, to a cluster each to its node.
    pub(super) async fn read_all(&self, commands: &[Cmd]) -> RedisResult<Vec<Value>> {
        match self {
            Self::One(one) => {
                let pipeline = joined(commands.iter().cloned());
                let answers = one.clone().req_packed_commands(&pipeline, 0, commands.len()).await?;
                answers.into_iter().map(Value::extract_error).collect()
            }
            #[cfg(feature = "redis-cluster")]
            Self::Cluster { reads, .. } => {
                let answers = commands.iter().map(|command| reads.send(command));
                futures_util::future::join_all(answers).await.into_iter().collect()
            }
        }
    }

    /// Sends a command once.
    pub(super) async fn write(&self, command: &Cmd) -> RedisResult<Value> {
        match self {
            Self::One(one) => one.clone().req_packed_command(command).await?.extract_error(),
            #[cfg(feature = "redis-cluster")]
            Self::Cluster { writes, .. } => writes.send(command).await,
        }
    }

    /// Sends commands for one slot together, once. Their answers are in the same order.
    pub(super) async fn write_all<const N: usize>(&self, commands: [Cmd; N]) -> RedisResult<[RedisResult<Value>; N]> {
        let pipeline = joined(commands);
        let answers = match self {
            Self::One(one) => one.clone().req_packed_commands(&pipeline, 0, N).await?,
            #[cfg(feature = "redis-cluster")]
            Self::Cluster { writes, .. } => writes.send_all(&pipeline, N).await?,
        };
        let answers: Vec<RedisResult<Value>> = answers.into_iter().map(Value::extract_error).collect();
        answers.try_into().map_err(|_| RedisError::from(std::io::Error::other("an answer is missing")))
    }
}

fn joined(commands: impl IntoIterator<Item = Cmd>) -> Pipeline {
    let mut pipeline = Pipeline::new();
    for command in commands {
        pipeline.add_command(command);
    }
    pipeline
}
