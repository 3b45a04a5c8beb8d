//! The table of scenarios and clients, docs/reference/conformance.md.

use std::fmt::Write;
use std::path::Path;

use crate::ACTS;

const HEAD: &str = "# Conformance

Scenarios that WhatsApp clients play against the sandbox (`tests/conformance/`), each by the clients it names; every
cell is a test of its own that must pass (`cargo nextest run -p wagate-conformance`). With two names, the first plays the first role.

* `ours`: whatsapp-rust as the connector configures it
* `b7`: Baileys 7.0.0-rc13
* `b6`: Baileys 6.17.16, which speaks the older dictionary

This page is written by `make derive`.
";

#[test]
fn the_page_of_scenarios_is_up_to_date() {
    let mut page = HEAD.to_owned();
    for (act, scenarios) in ACTS {
        let _ = write!(page, "\n## {act}\n\n| scenario | what it shows | played by |\n| --- | --- | --- |\n");
        for scenario in *scenarios {
            let casts = scenario.casts.iter().map(|cast| format!("`{cast}`")).collect::<Vec<_>>().join(" ");
            let because = scenario.because.map(|why| format!(" ({why})")).unwrap_or_default();
            let _ = writeln!(page, "| `{}` | {} | {casts}{because} |", scenario.name, scenario.about.trim());
        }
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/conformance.md");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&file, &page).expect("the page is written");
    }
    let written = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(written == page, "{} is out of date: make derive", file.display());
}
