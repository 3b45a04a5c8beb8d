//! A cable between the connector and the network that can be muted and cut.

use std::{net::SocketAddr, sync::Arc};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy},
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// What the cable does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Carries everything.
    Through,
    /// Carries what goes to the network; what comes from it is lost.
    Mute,
    /// Carries nothing; whoever is connected is disconnected.
    Cut,
}

/// The cable.
pub(crate) struct Wire {
    address: SocketAddr,
    mode: Arc<watch::Sender<Mode>>,
}

impl Wire {
    /// To the network at `target` (`host:port`).
    pub(crate) async fn to(target: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("listener");
        let address = listener.local_addr().expect("address");
        let mode = Arc::new(watch::Sender::new(Mode::Through));
        let modes = Arc::clone(&mode);
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let modes = modes.subscribe();
                if *modes.borrow() == Mode::Cut {
                    continue;
                }
                let target = target.clone();
                tokio::spawn(async move {
                    if let Ok(far) = TcpStream::connect(target).await {
                        carry(near, far, modes).await;
                    }
                });
            }
        });
        Self { address, mode }
    }

    pub(crate) fn url(&self) -> String {
        format!("ws://{}/ws/chat", self.address)
    }

    pub(crate) fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }
}

async fn carry(near: TcpStream, far: TcpStream, mut modes: watch::Receiver<Mode>) {
    let (mut near_read, mut near_write) = near.into_split();
    let (mut far_read, mut far_write) = far.into_split();
    let heard = modes.clone();
    let back = async move {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(read @ 1..) = far_read.read(&mut buffer).await {
            let through = *heard.borrow() == Mode::Through;
            if through && near_write.write_all(&buffer[..read]).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        _ = copy(&mut near_read, &mut far_write) => {}
        () = back => {}
        _ = modes.wait_for(|mode| *mode == Mode::Cut) => {}
    }
}
