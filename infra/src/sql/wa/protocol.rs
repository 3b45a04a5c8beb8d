//! Who has which sender key, which LID is which number, which devices a person has.

use std::collections::BTreeMap;

use sea_orm::{
    ConnectionTrait, ExprTrait, QueryResult,
    sea_query::{Expr, Order},
};
use wagate_domain::ports::PortResult;

use super::{
    WaStore, column, key,
    table::{PARAMETERS, Row, Table},
};
use crate::sql::error::sql_error;

pub(super) const SENDER_KEY_DEVICES: Table = Table {
    name: "wa_sender_key_devices",
    key: &["group_jid", "device_jid"],
    sealed: &[],
    values: &["has_key"],
};
pub(super) const LID_MAPPINGS: Table = Table {
    name: "wa_lid_mappings",
    key: &["lid"],
    sealed: &[],
    values: &["phone", "created_secs", "updated_secs", "source", "seq"],
};
pub(super) const BASE_KEYS: Table =
    Table { name: "wa_base_keys", key: &["address", "message_id"], sealed: &["record"], values: &[] };
pub(super) const DEVICE_LISTS: Table =
    Table { name: "wa_device_lists", key: &["person"], sealed: &["record"], values: &[] };
pub(super) const GROUPS: Table =
    Table { name: "wa_groups", key: &["group_jid"], sealed: &["record"], values: &[] };

const MAPPING: [&str; 5] = ["lid", "phone", "created_secs", "updated_secs", "source"];

/// One LID and the phone number it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LidMapping {
    /// LID, its user part.
    pub lid: String,
    /// Phone number, digits.
    pub phone: String,
    /// When it was first learned.
    pub created_secs: i64,
    /// When it was last confirmed.
    pub updated_secs: i64,
    /// How it was learned.
    pub source: String,
}

/// Protocol state. `# Errors` of every method: see [the module](super).
impl WaStore {
    /// The devices of a group and whether each has our sender key.
    pub async fn sender_key_devices(&self, group: &str) -> PortResult<Vec<(String, bool)>> {
        let mut select = SENDER_KEY_DEVICES.select(self.session, &["device_jid", "has_key"]);
        select.and_where(Expr::col("group_jid").eq(key(group)));
        let rows = self.rows(&select).await?;
        rows.iter().map(|row| Ok((column(row, "device_jid")?, column(row, "has_key")?))).collect()
    }

    /// Notes for devices of a group whether they have our sender key; the last of one device counts.
    pub async fn put_sender_key_devices<'a>(
        &self,
        group: &str,
        devices: impl IntoIterator<Item = (&'a str, bool)>,
    ) -> PortResult<()> {
        let devices: BTreeMap<&str, bool> = devices.into_iter().collect();
        let row = |(device, has_key): (&str, bool)| Row {
            key: vec![key(group), key(device)],
            values: vec![has_key.into()],
            ..Row::default()
        };
        self.upsert(SENDER_KEY_DEVICES, devices.into_iter().map(row).collect()).await
    }

    /// Forgets the devices of a group.
    pub async fn clear_sender_key_devices(&self, group: &str) -> PortResult<()> {
        let mut delete = SENDER_KEY_DEVICES.delete(self.session);
        delete.and_where(Expr::col("group_jid").eq(key(group)));
        self.delete(vec![delete]).await.map(drop)
    }

    /// Forgets devices in every group.
    pub async fn delete_sender_key_devices(&self, devices: &[&str]) -> PortResult<()> {
        let deletes = devices.chunks(PARAMETERS).map(|chunk| {
            let mut delete = SENDER_KEY_DEVICES.delete(self.session);
            delete.and_where(Expr::col("device_jid").is_in(chunk.iter().map(|device| key(device))));
            delete
        });
        self.delete(deletes.collect()).await.map(drop)
    }

    /// Forgets the devices of all groups.
    pub async fn clear_all_sender_key_devices(&self) -> PortResult<()> {
        self.delete(vec![SENDER_KEY_DEVICES.delete(self.session)]).await.map(drop)
    }

    /// The mapping of a LID.
    pub async fn lid_mapping(&self, lid: &str) -> PortResult<Option<LidMapping>> {
        let row = self.row(&LID_MAPPINGS.find(self.session, &MAPPING, vec![key(lid)])).await?;
        row.as_ref().map(mapping).transpose()
    }

    /// The mapping of a phone number: the one confirmed last, of those the one stored last.
    pub async fn phone_mapping(&self, phone: &str) -> PortResult<Option<LidMapping>> {
        let mut select = LID_MAPPINGS.select(self.session, &MAPPING);
        select
            .and_where(Expr::col("phone").eq(key(phone)))
            .order_by("updated_secs", Order::Desc)
            .order_by("seq", Order::Desc)
            .limit(1);
        self.row(&select).await?.as_ref().map(mapping).transpose()
    }

    /// Every mapping.
    pub async fn lid_mappings(&self) -> PortResult<Vec<LidMapping>> {
        let rows = self.rows(&LID_MAPPINGS.select(self.session, &MAPPING)).await?;
        rows.iter().map(mapping).collect()
    }

    /// Stores mappings; the last of one LID counts.
    pub async fn put_lid_mappings(&self, mappings: &[LidMapping]) -> PortResult<()> {
        if mappings.is_empty() {
            return Ok(());
        }
        let (tx, held) = self.begin().await?;
        let mut last = 0;
        for chunk in mappings.chunks(PARAMETERS) {
            let mut select = LID_MAPPINGS.select(self.session, &[]);
            select
                .expr_as(Expr::col("seq").max(), "last")
                .and_where(Expr::col("phone").is_in(chunk.iter().map(|entry| key(&entry.phone))));
            let row = tx.query_one(&select).await.map_err(sql_error)?;
            let found: Option<i64> = row.as_ref().map(|row| column(row, "last")).transpose()?.flatten();
            last = Ord::max(last, found.unwrap_or_default());
        }
        let mut rows = BTreeMap::new();
        for entry in mappings {
            last += 1;
            rows.insert(entry.lid.as_str(), (entry, last));
        }
        let row = |(lid, (entry, seq)): (&str, (&LidMapping, i64))| {
            let (created, updated) = (entry.created_secs.into(), entry.updated_secs.into());
            let values = vec![key(&entry.phone), created, updated, key(&entry.source), seq.into()];
            Row { key: vec![key(lid)], values, ..Row::default() }
        };
        for insert in LID_MAPPINGS.upserts(&held, rows.into_iter().map(row).collect())? {
            tx.execute(&insert).await.map_err(sql_error)?;
        }
        tx.commit().await.map_err(sql_error)
    }

    /// Keeps the base key that a message to an address was retried with.
    pub async fn put_base_key(&self, address: &str, message_id: &str, base_key: &[u8]) -> PortResult<()> {
        self.upsert(BASE_KEYS, vec![Row::record(vec![key(address), key(message_id)], base_key)]).await
    }

    /// The base key kept for a message to an address.
    pub async fn base_key(&self, address: &str, message_id: &str) -> PortResult<Option<Vec<u8>>> {
        self.record(BASE_KEYS, vec![key(address), key(message_id)]).await
    }

    /// Forgets a base key.
    pub async fn delete_base_key(&self, address: &str, message_id: &str) -> PortResult<()> {
        self.delete_key(BASE_KEYS, vec![key(address), key(message_id)]).await
    }

    /// Stores device lists by person; the last of one person counts.
    pub async fn put_device_lists<'a>(
        &self,
        lists: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    ) -> PortResult<()> {
        let lists: BTreeMap<&str, &[u8]> = lists.into_iter().collect();
        let row = |(person, record): (&str, &[u8])| Row::record(vec![key(person)], record);
        self.upsert(DEVICE_LISTS, lists.into_iter().map(row).collect()).await
    }

    /// The device list of a person.
    pub async fn device_list(&self, person: &str) -> PortResult<Option<Vec<u8>>> {
        self.record(DEVICE_LISTS, vec![key(person)]).await
    }

    /// Forgets the device list of a person.
    pub async fn delete_device_list(&self, person: &str) -> PortResult<()> {
        self.delete_key(DEVICE_LISTS, vec![key(person)]).await
    }

    /// Stores what is known of a group.
    pub async fn put_group(&self, group: &str, record: &[u8]) -> PortResult<()> {
        self.upsert(GROUPS, vec![Row::record(vec![key(group)], record)]).await
    }

    /// What is known of a group.
    pub async fn group(&self, group: &str) -> PortResult<Option<Vec<u8>>> {
        self.record(GROUPS, vec![key(group)]).await
    }

    /// Forgets a group.
    pub async fn delete_group(&self, group: &str) -> PortResult<()> {
        self.delete_key(GROUPS, vec![key(group)]).await
    }
}

fn mapping(row: &QueryResult) -> PortResult<LidMapping> {
    Ok(LidMapping {
        lid: column(row, "lid")?,
        phone: column(row, "phone")?,
        created_secs: column(row, "created_secs")?,
        updated_secs: column(row, "updated_secs")?,
        source: column(row, "source")?,
    })
}
