//! Allowed origins are a tenant's own, and anybody's are known.

use std::sync::Arc;

use wagate_domain::{WorkspaceId, ports::Origins};
use wagate_infra::{memory::RememberedOrigins, sql::Database};

use crate::sample::id;

async fn are_set(origins: &dyn Origins, name: &str) {
    let (first, second): (WorkspaceId, WorkspaceId) = (id(), id());
    let [a, b, c] = ["b", "a", "c"].map(|host| format!("https://{host}.{name}.example"));
    assert_eq!(origins.get(first).await.unwrap(), Vec::<String>::new());
    assert!(!origins.anybody_allows(&a).await.unwrap());

    origins.put(first, &[a.clone(), b.clone()]).await.unwrap();
    origins.put(second, std::slice::from_ref(&b)).await.unwrap();
    assert_eq!(origins.get(first).await.unwrap(), [a.clone(), b.clone()], "in the order given");
    assert_eq!(origins.get(second).await.unwrap(), std::slice::from_ref(&b));
    assert!(origins.anybody_allows(&a).await.unwrap());
    assert!(!origins.anybody_allows(&c).await.unwrap());

    origins.put(first, std::slice::from_ref(&c)).await.unwrap();
    assert_eq!(origins.get(first).await.unwrap(), std::slice::from_ref(&c), "set whole");
    assert!(!origins.anybody_allows(&a).await.unwrap());
    assert!(origins.anybody_allows(&b).await.unwrap(), "the other one still does");
    origins.put(second, &[]).await.unwrap();
    assert!(!origins.anybody_allows(&b).await.unwrap());
}

pub(crate) async fn origins(db: &Database) {
    are_set(db, "record").await;
    are_set(&RememberedOrigins::new(Arc::new(db.clone())), "memory").await;
}
