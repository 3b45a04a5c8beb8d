//! Changes to what an account shows of itself, and who is told.

use std::sync::Arc;

use bytes::Bytes;
use wacore_binary::Jid;
use wacore_binary::builder::NodeBuilder;

use super::account::Account;
use super::exchange::Origin;
use super::privacy::Category;
use crate::core::Core;
use crate::groups::Group;
use crate::media::PICTURE;
use crate::ports::PortResult;
use crate::state::{Chosen, DeviceKey, PictureRow};

impl Core {
    /// Sets the profile text; an empty one clears it.
    pub(crate) async fn set_about(self: &Arc<Self>, origin: &Origin, text: String) -> PortResult<()> {
        let account = &origin.account;
        let about = Chosen { value: text.clone(), at: self.clock.unix_secs() };
        self.change_profile(account, |profile| profile.about = Some(about)).await?;
        let set = NodeBuilder::new("set").bytes(text).build();
        let name = origin.push_name();
        let devices = self.witnesses(origin, Category::About).await?;
        self.notify_each(devices, || {
            self.notification("status", account.pn_jid(0))
                .attr("notify", name.as_str())
                .children([set.clone()])
        })
        .await?;
        Ok(())
    }

    /// Sets or removes the account's picture; returns the new one's id. No preview means that
    /// the picture serves as its own: nothing here scales images.
    pub(crate) async fn set_own_picture(
        self: &Arc<Self>,
        origin: &Origin,
        image: Option<Bytes>,
        preview: Option<Bytes>,
    ) -> PortResult<Option<u64>> {
        let account = &origin.account;
        let id = self.store_picture(&account.info.pn, image, preview).await?;
        let devices = self.witnesses(origin, Category::Picture).await?;
        let jid = account.pn_jid(0);
        self.notify_each(devices, || self.picture_notification(&jid, None, id)).await?;
        Ok(id)
    }

    /// Sets or removes a group's picture and tells every member; returns the new one's id.
    pub(crate) async fn set_group_picture(
        self: &Arc<Self>,
        origin: &Origin,
        group: &Group,
        image: Option<Bytes>,
        preview: Option<Bytes>,
    ) -> PortResult<Option<u64>> {
        let jid = group.id.jid();
        let id = self.store_picture(&jid.to_string(), image, preview).await?;
        let author = group.person(origin.account.pn).map(|person| person.jid(group.mode));
        let mut devices = Vec::new();
        for pn in group.members.keys() {
            if let Some(member) = self.by_number(*pn).await? {
                devices.extend(member.keys());
            }
        }
        devices.retain(|device| *device != origin.key());
        self.notify_each(devices, || self.picture_notification(&jid, author.as_ref(), id)).await?;
        Ok(id)
    }

    /// Keeps the picture of an account (digits of its number) or of a group (its JID).
    pub(crate) async fn store_picture(
        &self,
        owner: &str,
        image: Option<Bytes>,
        preview: Option<Bytes>,
    ) -> PortResult<Option<u64>> {
        let Some(image) = image else {
            self.state.save_picture(owner.to_owned(), None).await?;
            return Ok(None);
        };
        let last = self.state.picture(owner).await?.map_or(0, |picture| picture.id);
        let id = self.clock.unix_secs().max(last + 1);
        let preview = preview.unwrap_or_else(|| image.clone());
        let picture = PictureRow {
            id,
            image: self.media.put(&self.state, PICTURE, &image).await?.token,
            preview: self.media.put(&self.state, PICTURE, &preview).await?.token,
        };
        self.state.save_picture(owner.to_owned(), Some(picture)).await?;
        Ok(Some(id))
    }

    /// Tells of a new or removed picture of `whose`; a group's has an author.
    pub(crate) fn picture_notification(
        &self,
        whose: &Jid,
        author: Option<&Jid>,
        id: Option<u64>,
    ) -> NodeBuilder {
        let mut change = match id {
            Some(id) => NodeBuilder::new("set").attr("jid", whose).attr("id", id),
            None => NodeBuilder::new("delete").attr("jid", whose),
        };
        if let Some(author) = author {
            change = change.attr("author", author);
        }
        self.notification("picture", whose.clone()).children([change.build()])
    }

    /// Sets the timer of new chats, in seconds; 0 switches it off.
    pub(crate) async fn set_timer(self: &Arc<Self>, origin: &Origin, seconds: u32) -> PortResult<()> {
        let account = &origin.account;
        let now = self.clock.unix_secs();
        self.change_profile(account, |profile| profile.timer = Some(Chosen { value: seconds, at: now }))
            .await?;
        let mode = NodeBuilder::new("disappearing_mode").attr("duration", seconds).attr("t", now).build();
        // Clients read their own account's change and that of others from different notifications.
        let own = |kind| self.notification(kind, account.pn_jid(0)).children([mode.clone()]);
        self.notify_each(account.other_keys(origin.device), || own("account_sync")).await?;
        let others = self.acquainted_devices(account, |peer| !account.blocks(peer.pn)).await?;
        self.notify_each(others, || own("disappearing_mode")).await?;
        Ok(())
    }

    /// The account's other devices, and those of its acquaintances that may see the change.
    async fn witnesses(&self, origin: &Origin, category: Category) -> PortResult<Vec<DeviceKey>> {
        let account = &origin.account;
        let mut devices = account.other_keys(origin.device);
        devices.extend(
            self.acquainted_devices(account, |peer| account.permits(category, peer.pn, false)).await?,
        );
        Ok(devices)
    }
}

impl Account {
    /// Queue keys of the companions.
    pub(crate) fn companion_keys(&self) -> Vec<DeviceKey> {
        self.other_keys(0)
    }

    /// Queue keys of all devices but one.
    pub(crate) fn other_keys(&self, except: u16) -> Vec<DeviceKey> {
        self.devices().into_iter().filter(|device| *device != except).map(|device| self.key(device)).collect()
    }
}
