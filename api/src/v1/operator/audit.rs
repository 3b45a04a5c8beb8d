//! `GET /api/v1/operator/audit`

use axum::{Json, extract::State};

use crate::{
    ApiState,
    extract::Query,
    problem::Problem,
    v1::audit::{AuditFilter, AuditPage, example, page_of},
};

/// Read what concerns no workspace
///
/// What people did with their own accounts, and what was done at the command line for no workspace. Newest first.
#[utoipa::path(
    get, path = "/operator/audit", tag = "operator",
    params(AuditFilter),
    responses((
        status = 200, description = "A page of entries.", body = AuditPage,
        example = json!({"entries": [example()], "next_cursor": null}),
    )),
)]
pub(crate) async fn list_operator_audit(
    State(state): State<ApiState>,
    Query(filter): Query<AuditFilter>,
) -> Result<Json<AuditPage>, Problem> {
    page_of(&state, None, filter).await
}
