//! What happens around every request: an id, a log line, figures, bounds on its size and its time, what is left of limits,
//! what browsers are told, panics caught.

mod bounds;
mod budget;
mod cors;
mod observe;
mod panic;
mod secure;
mod slow;
mod timeout;

pub(crate) use bounds::bound_head;
pub(crate) use budget::{admit_budget, show};
pub(crate) use cors::cors;
pub(crate) use observe::{RequestId, observe};
pub(crate) use panic::catch_panic;
pub(crate) use secure::secure;
pub(crate) use slow::hurry_body;
pub(crate) use timeout::{QUICK, UPLOAD, within};

/// What of this server the API is.
pub(crate) const GUARDED: &str = "/api/v1/";

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::{
        Router,
        body::{Body, to_bytes},
        extract::Request,
        middleware::{from_fn, from_fn_with_state},
        routing::get,
    };
    use tower::ServiceExt as _;
    use tower_http::catch_panic::CatchPanicLayer;

    use super::*;

    async fn boom() {
        panic!("with wg_secret");
    }

    async fn ask(path: &str) -> (u16, serde_json::Value) {
        let slow = get(std::future::pending::<()>)
            .layer(from_fn(|request, next| within(Duration::ZERO, request, next)));
        let router = Router::new()
            .route("/boom", get(boom))
            .route("/slow", slow)
            .layer(CatchPanicLayer::custom(catch_panic))
            .layer(from_fn_with_state(wagate_infra::system::env(), observe));
        let request = Request::get(path).header("x-request-id", "mine").body(Body::empty()).unwrap();
        let response = router.oneshot(request).await.unwrap();
        assert_eq!(response.headers()["x-request-id"], "mine");
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        let status = response.status().as_u16();
        (status, serde_json::from_slice(&to_bytes(response.into_body(), 10_000).await.unwrap()).unwrap())
    }

    #[tokio::test]
    async fn a_panic_and_a_request_that_takes_too_long_are_problems_with_an_id() {
        for (path, status, code) in [("/boom", 500, "internal"), ("/slow", 504, "timed_out")] {
            let (answered, problem) = ask(path).await;
            assert_eq!(
                (answered, &problem["code"], &problem["request_id"]),
                (status, &code.into(), &"mine".into())
            );
            assert!(!problem.to_string().contains("secret"), "{problem}");
        }
    }
}
