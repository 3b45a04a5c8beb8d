//! A phone with other keys, or another number.

use sqlx::{QueryBuilder, Row, Sqlite};

use super::super::account::{Keys, raw_public};
use super::{Store, Tx};

/// What a phone forgets with its keys; its messages stay.
const FORGOTTEN: [&str; 7] = [
    "pre_keys",
    "sessions",
    "sender_keys",
    "sender_key_holders",
    "app_state_collections",
    "app_state_records",
    "app_state_keys",
];

/// Tables with a column for the phone's own number; every part names it so.
const OWN: &str = "SELECT t.name FROM sqlite_master t JOIN pragma_table_info(t.name) c \
                   WHERE t.type = 'table' AND c.name = 'pn'";

/// Where a number stands for somebody else: `<number>.<device>`, a number, or part of a JID.
const MENTIONS: [&str; 10] = [
    "UPDATE OR REPLACE sessions SET address = ?2 || substr(address, length(?1) + 1) WHERE address LIKE ?1 || '.%'",
    "UPDATE OR REPLACE sender_key_holders SET address = ?2 || substr(address, length(?1) + 1) \
     WHERE address LIKE ?1 || '.%'",
    "UPDATE OR REPLACE sender_keys SET name = replace(name, ':' || ?1 || '.', ':' || ?2 || '.') \
     WHERE name LIKE '%:' || ?1 || '.%'",
    "UPDATE OR REPLACE messages SET chat = ?2, \
     chat_jid = replace(chat_jid, ?1 || '@', ?2 || '@') WHERE chat = ?1",
    "UPDATE OR REPLACE messages SET sender = ?2, \
     sender_jid = replace(replace(sender_jid, ?1 || '@', ?2 || '@'), ?1 || ':', ?2 || ':') WHERE sender = ?1",
    "UPDATE messages SET recipient = ?2 WHERE recipient = ?1",
    "UPDATE OR REPLACE receipts SET peer = ?2 WHERE peer = ?1",
    "UPDATE OR REPLACE silenced SET chat = ?2 WHERE chat = ?1",
    "UPDATE plans SET step = replace(step, '\"' || ?1 || '\"', '\"' || ?2 || '\"')",
    "UPDATE OR REPLACE messages SET chat = ?2 || substr(chat, length(?1) + 1) \
     WHERE direction = 'peer' AND chat LIKE ?1 || '.%'",
];

impl Store {
    /// Gives a phone new keys; what was made with the old ones goes.
    pub(in super::super) async fn renew_phone(
        &self,
        pn: &str,
        keys: &Keys,
        adv_raw_id: u32,
    ) -> anyhow::Result<()> {
        let mut tx = self.begin().await?;
        for table in FORGOTTEN {
            let mut delete = QueryBuilder::<Sqlite>::new(format!("DELETE FROM {table} WHERE pn = "));
            delete.push_bind(pn).build().execute(&mut *tx).await?;
        }
        sqlx::query(
            "UPDATE phones SET identity = ?, identity_public = ?, registration_id = ?, signed_pre_key = ?, \
             signed_pre_key_public = ?, signed_pre_key_signature = ?, adv_raw_id = ?, sync_key_id = ?, sync_key = ?, made = ? WHERE pn = ?",
        )
        .bind(&keys.identity.private_key().serialize()[..])
        .bind(&keys.identity_public()[..])
        .bind(i64::from(keys.registration_id))
        .bind(&keys.signed_pre_key.private_key.serialize()[..])
        .bind(&raw_public(&keys.signed_pre_key.public_key)[..])
        .bind(&keys.signed_pre_key_signature[..])
        .bind(i64::from(adv_raw_id))
        .bind(&keys.sync.id[..])
        .bind(&keys.sync.data[..])
        .bind(keys.sync.made)
        .bind(pn)
        .execute(&mut *tx)
        .await?;
        Ok(tx.commit().await?)
    }

    /// Gives a phone another number, here and wherever others mention it.
    pub(in super::super) async fn renumber_phone(&self, old: &str, new: &str) -> anyhow::Result<()> {
        let mut tx = self.begin().await?;
        for table in own_tables(&mut tx).await? {
            let mut update = QueryBuilder::<Sqlite>::new(format!("UPDATE OR REPLACE {table} SET pn = "));
            update.push_bind(new).push(" WHERE pn = ").push_bind(old);
            update.build().execute(&mut *tx).await?;
        }
        for mention in MENTIONS {
            sqlx::query(mention).bind(old).bind(new).execute(&mut *tx).await?;
        }
        Ok(tx.commit().await?)
    }
}

async fn own_tables(tx: &mut Tx) -> anyhow::Result<Vec<String>> {
    let rows = sqlx::query(OWN).fetch_all(&mut **tx).await?;
    Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
}
