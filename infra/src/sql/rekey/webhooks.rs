//! The secrets and headers of webhooks.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, sea_query::Expr};
use wagate_domain::{WorkspaceId, ports::PortResult};

use crate::sql::{
    Database,
    error::sql_error,
    rows::webhook::{Column, Entity, SEALED, open, place, seal},
};

impl Database {
    /// Seals a workspace's webhooks with its newest key; returns how many values were sealed anew.
    pub(super) async fn renew_webhooks(&self, workspace: WorkspaceId) -> PortResult<u64> {
        let tx = self.begin().await?;
        let key = self.keys().current(&tx, workspace).await?;
        let old = Entity::find()
            .select_only()
            .columns([Column::Id, Column::Headers, Column::Secrets])
            .filter(Column::WorkspaceId.eq(workspace.to_string()))
            .filter(Column::DataKey.ne(key.id().to_string()));
        let rows: Vec<(String, String, String)> = old.into_tuple().all(&tx).await.map_err(sql_error)?;
        let mut values = 0;
        for (id, headers, secrets) in rows {
            let mut update = Entity::update_many().filter(Column::Id.eq(id.as_str()));
            for (column, written) in SEALED.into_iter().zip([headers, secrets]) {
                let place = place(workspace, &id, column);
                let plain = open(self.keys(), &tx, &place, &written).await?;
                // whoever has written it meanwhile has named a key, and a later round looks at it
                update = update
                    .col_expr(column, Expr::value(seal(&key, &place, &plain)?))
                    .filter(column.eq(written));
                values += 1;
            }
            let update = update.col_expr(Column::DataKey, Expr::value(key.id().to_string()));
            update.exec(&tx).await.map_err(sql_error)?;
        }
        tx.commit().await.map_err(sql_error)?;
        Ok(values)
    }
}
