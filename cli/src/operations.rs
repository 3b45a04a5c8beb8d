//! The listener that tells those who run a process how it is.

use std::{net::SocketAddr, sync::Arc};

use anyhow::Context;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use wagate_api::{CountSessions, Operations, Ping, ReadinessCheck, SessionCount};
use wagate_connector::ConnectorHandle;
use wagate_infra::{config::Config, telemetry::Metrics};

use crate::machines::Machines;

/// Serves from the moment it is made until it is dropped.
#[derive(Debug)]
pub(crate) struct OperationsServer {
    operations: Operations,
    listening: Option<(SocketAddr, JoinHandle<()>)>,
}

impl OperationsServer {
    /// Listens where the configuration says, if it does; until [`Self::started`] the process is not ready.
    pub(crate) async fn start(config: &Config, metrics: &Metrics) -> anyhow::Result<Self> {
        let metrics = metrics.clone();
        let operations = Operations::starting(Arc::new(move || metrics.render()));
        let listening = match config.operations.listen {
            None => None,
            Some(address) => Some(listen(address, operations.clone()).await?),
        };
        Ok(Self { operations, listening })
    }

    /// The process has started; it is ready while its machines answer and nobody has told it to `stop`.
    pub(crate) fn started(
        &self,
        machines: &Machines,
        stop: &CancellationToken,
        connector: Option<&ConnectorHandle>,
    ) {
        let mut checks = machines.checks();
        checks.push(ReadinessCheck::new("running", until(stop.clone())));
        let count = connector.map(|connector| {
            let census = connector.census();
            let count: CountSessions =
                Box::new(move || SessionCount { held: census.held(), connected: census.connected() });
            count
        });
        self.operations.started(checks.into(), count);
    }

    /// The address it listens on.
    pub(crate) fn address(&self) -> Option<SocketAddr> {
        self.listening.as_ref().map(|(address, _)| *address)
    }
}

impl Drop for OperationsServer {
    fn drop(&mut self) {
        if let Some((_, server)) = &self.listening {
            server.abort();
        }
    }
}

async fn listen(address: SocketAddr, operations: Operations) -> anyhow::Result<(SocketAddr, JoinHandle<()>)> {
    let remedy = || format!("cannot listen on {address}: choose another with WAGATE_OPERATIONS__LISTEN");
    let listener = TcpListener::bind(address).await.with_context(remedy)?;
    let address = listener.local_addr()?;
    tracing::info!(%address, "operations are served");
    let server = tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, wagate_api::operations(operations)).await {
            tracing::error!(%error, "operations are no longer served");
        }
    });
    Ok((address, server))
}

/// A process that was told to stop takes on nothing new.
fn until(stop: CancellationToken) -> Ping {
    Box::new(move || {
        let stopping = stop.is_cancelled();
        Box::pin(async move { if stopping { Err("it was told to stop".to_owned()) } else { Ok(()) } })
    })
}
