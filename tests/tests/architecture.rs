//! Who may depend on whom. The picture is in docs/architecture.md; this test is what keeps it true.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use cargo_metadata::{DependencyKind, MetadataCommand};

/// Our crates and the ones of ours that each may build on.
const EDGES: [(&str, &[&str]); 12] = [
    ("wagate-domain", &[]),
    ("wagate-views", &["wagate-domain"]),
    ("wagate-infra", &["wagate-domain"]),
    ("wagate-api", &["wagate-domain", "wagate-views", "wagate-infra"]),
    ("wagate-worker", &["wagate-domain", "wagate-views", "wagate-infra"]),
    ("wagate-connector", &["wagate-domain", "wagate-infra"]),
    ("wagate-sandbox", &["wagate-domain"]),
    // Measures the others; only its bench targets know clients, so that no build takes over what they need.
    ("wagate-benches", &["wagate-infra"]),
    (
        "wagate-cli",
        &[
            "wagate-domain",
            "wagate-infra",
            "wagate-api",
            "wagate-worker",
            "wagate-connector",
            "wagate-sandbox",
        ],
    ),
    (
        "wagate-tests",
        &[
            "wagate-domain",
            "wagate-infra",
            "wagate-api",
            "wagate-worker",
            "wagate-connector",
            "wagate-sandbox",
            "wagate-cli",
            "wagate-conformance",
        ],
    ),
    ("wagate-conformance", &["wagate-sandbox"]),
    ("wagate-chaos", &["wagate-domain", "wagate-infra", "wagate-tests"]),
];

/// Foreign crates that have one home. The conformance suite plays our client against others without the gateway
/// around it, so that what differs is the client.
const HOMES: [(&str, &[&str]); 10] = [
    ("whatsapp-rust", &["wagate-connector", "wagate-conformance"]),
    ("wacore", &["wagate-connector", "wagate-sandbox", "wagate-conformance"]),
    ("wacore-noise", &["wagate-sandbox"]),
    ("wacore-libsignal", &["wagate-sandbox", "wagate-connector"]),
    ("apalis", &["wagate-worker"]),
    ("apalis-redis", &["wagate-worker"]),
    ("sea-orm", &["wagate-infra"]),
    ("fred", &["wagate-infra"]),
    ("aws-sdk-s3", &["wagate-infra"]),
    ("axum", &["wagate-api", "wagate-sandbox", "wagate-cli", "wagate-tests"]),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_path_buf()
}

#[test]
fn crates_depend_only_on_whom_they_may() {
    let metadata = MetadataCommand::new().current_dir(root()).no_deps().exec().expect("cargo metadata");
    let ours: BTreeSet<&str> = EDGES.iter().map(|(name, _)| *name).collect();
    let found: BTreeSet<String> = metadata.packages.iter().map(|package| package.name.to_string()).collect();
    assert_eq!(
        found,
        ours.iter().map(ToString::to_string).collect(),
        "a crate without a place in the picture"
    );

    let mut wrong = Vec::new();
    for package in &metadata.packages {
        let name = package.name.to_string();
        let allowed = EDGES.iter().find(|(from, _)| *from == name).map(|(_, to)| *to).unwrap_or_default();
        for dependency in package.dependencies.iter().filter(|d| d.kind != DependencyKind::Development) {
            let target = dependency.name.as_str();
            if ours.contains(target) && !allowed.contains(&target) {
                wrong.push(format!("{name} → {target}"));
            }
            if let Some((_, homes)) = HOMES.iter().find(|(foreign, _)| *foreign == target)
                && !homes.contains(&name.as_str())
            {
                wrong.push(format!("{name} → {target} (its home: {})", homes.join(", ")));
            }
        }
    }
    assert!(wrong.is_empty(), "edges that the picture does not have:\n{}", wrong.join("\n"));
}

/// Words that may stand in one place only: (word, crate folder to search, files it may stand in).
const PLACES: [(&str, &str, &[&str]); 7] = [
    ("whatsapp_rust", "connector/src", &["connector/src/wa/"]),
    ("apalis", "worker/src", &["worker/src/runtime.rs", "worker/src/lib.rs", "worker/src/jobs/mod.rs"]),
    ("std::env::var", "", &["tests/", "infra/src/testing/"]),
    ("SystemTime::now", "domain/src", &[]),
    ("tokio::", "domain/src", &[]),
    ("tokio::spawn", "api/src", &[]),
    ("sea_orm", "infra/src", &["infra/src/sql/", "infra/src/testing/"]),
];

#[test]
fn words_stand_where_they_belong() {
    let root = root();
    let mut wrong = Vec::new();
    for (word, folder, places) in PLACES {
        let folders: Vec<PathBuf> = if folder.is_empty() {
            ["domain", "infra", "api", "worker", "connector", "sandbox", "cli"]
                .map(|f| root.join(f).join("src"))
                .into()
        } else {
            vec![root.join(folder)]
        };
        for file in folders.iter().flat_map(|folder| sources(folder)) {
            let shown = file.strip_prefix(&root).expect("inside").display().to_string();
            let text = fs::read_to_string(&file).expect("a source file");
            let used = text.lines().any(|line| !line.trim_start().starts_with("//") && line.contains(word));
            if used && !places.iter().any(|place| shown.starts_with(place)) {
                wrong.push(format!("{word} in {shown}"));
            }
        }
    }
    assert!(wrong.is_empty(), "words out of place:\n{}", wrong.join("\n"));
}

/// Each `file.rs::test` that docs/security.md leans on is there.
#[test]
fn the_tests_that_hold_security_exist() {
    let root = root();
    let page = fs::read_to_string(root.join("docs/security.md")).expect("the page");
    let files: Vec<PathBuf> = ["tests/tests", "api/tests", "infra/tests", "worker/tests"]
        .map(|folder| root.join(folder))
        .iter()
        .flat_map(|folder| sources(folder))
        .collect();
    let named: Vec<(&str, &str)> = page
        .split('`')
        .filter_map(|word| word.split_once("::"))
        .filter(|(file, _)| file.ends_with(".rs"))
        .collect();
    assert!(named.len() > 20, "{} tests are named", named.len());
    for (file, test) in named {
        let holds = |path: &PathBuf| {
            path.file_name().is_some_and(|name| name == file)
                && fs::read_to_string(path).is_ok_and(|text| text.contains(&format!("fn {test}(")))
        };
        assert!(files.iter().any(holds), "there is no {file}::{test}");
    }
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        if entry.is_dir() {
            found.extend(sources(&entry));
        } else if entry.extension().is_some_and(|ending| ending == "rs") {
            found.push(entry);
        }
    }
    found
}
