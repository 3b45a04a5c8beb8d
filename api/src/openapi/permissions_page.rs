//! The reference of roles, permissions and what each operation takes, as a page of the documentation.

use std::fmt::Write as _;

use wagate_domain::auth::{Permission, Role};

use crate::admission::{Access, TABLE};

/// The page docs/reference/permissions.md.
#[must_use]
pub fn permissions_reference() -> String {
    let mut page = String::from(
        "# Roles and permissions\n\n\
         <!-- Made from the code by `make derive`; do not edit. -->\n\n\
         People have a role in a workspace; API keys have scopes, which are permissions. `*` is everything in a workspace,\n\
         `<resource>:*` everything with a resource. Nobody can give more than they have.\n\n\
         | permission | what it allows |",
    );
    // writing to a String cannot fail
    for role in Role::ALL {
        let _ = write!(page, " {} |", role.name());
    }
    page.push_str("\n| --- | --- |");
    page.push_str(&" :-: |".repeat(Role::ALL.len()));
    for permission in Permission::ALL {
        let _ = write!(page, "\n| `{permission}` | {} |", permission.meaning());
        for role in Role::ALL {
            page.push_str(if role.may().has(*permission) { " ✓ |" } else { "   |" });
        }
    }
    page.push_str(
        "\n\n## Operations\n\n\
         What succeeds under an entry of the last column goes into the audit log.\n\n\
         | operation | permission | in the audit log |\n| --- | --- | --- |\n",
    );
    for row in TABLE {
        let takes = match row.access {
            Access::Open => "none".to_owned(),
            Access::Person => "being signed in".to_owned(),
            Access::May(permission) => format!("`{permission}`"),
        };
        let noted = row.action.map(|action| format!("`{action}`")).unwrap_or_default();
        let _ = writeln!(page, "| `{} {}` | {takes} | {noted} |", row.method, row.path);
    }
    page
}
