//! Telling companions that wait to be linked to start over.

use wacore_binary::builder::NodeBuilder;

use crate::core::Core;
use crate::nodes::{SERVER, blob, empty};
use crate::ports::{PortError, PortResult};

impl Core {
    /// Companions that show a code for this number ask for a new one.
    pub(crate) fn refresh_codes(&self, pn: u64) -> PortResult<()> {
        let waits = self.pairings.codes(pn, self.config.code_lifetime, &self.clock);
        if waits.is_empty() {
            return Err(PortError::NotFound(format!("no companion shows a code for {pn}")));
        }
        for wait in waits {
            let step = NodeBuilder::new("link_code_companion_reg")
                .attr("stage", "refresh_code")
                .attr("force_manual_refresh", "false")
                .children([blob("link_code_pairing_ref", wait.hello.reference.to_vec())])
                .build();
            wait.link
                .conn
                .send(self.notification("link_code_companion_reg", SERVER).children([step]).build());
        }
        Ok(())
    }

    /// The companion that shows this reference chooses a new ADV secret and shows that.
    pub(crate) fn refresh_registration(&self, reference: &str) -> PortResult<()> {
        let link = self.pairings.by_reference(reference);
        let link = link.ok_or_else(|| PortError::NotFound("no companion shows this QR code".into()))?;
        let child = empty("companion_reg_refresh");
        link.conn.send(self.notification("companion_reg_refresh", SERVER).children([child]).build());
        Ok(())
    }
}
