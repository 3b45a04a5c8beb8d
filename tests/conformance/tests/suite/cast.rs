//! Who plays which scenario. A scenario is a function of a stage and the kinds of its clients; naming it in
//! `scenarios!` makes one test per cast, called `scenario::cast`, and one row of docs/reference/conformance.md.

/// A scenario and who plays it.
pub(crate) struct Scenario {
    /// Its name, as in the names of its tests.
    pub(crate) name: &'static str,
    /// What it shows.
    pub(crate) about: &'static str,
    /// Its casts, as in the names of its tests.
    pub(crate) casts: &'static [&'static str],
    /// Why not everybody plays it.
    pub(crate) because: Option<&'static str>,
}

/// The kinds of a cast, in the order of their roles.
macro_rules! kinds {
    (ours) => {
        [Ours]
    };
    (b7) => {
        [Baileys7]
    };
    (b6) => {
        [Baileys6]
    };
    (ours_b7) => {
        [Ours, Baileys7]
    };
    (b7_ours) => {
        [Baileys7, Ours]
    };
    (ours_b6) => {
        [Ours, Baileys6]
    };
    (b6_ours) => {
        [Baileys6, Ours]
    };
    (b7_b6) => {
        [Baileys7, Baileys6]
    };
    (b6_b7) => {
        [Baileys6, Baileys7]
    };
}

/// One test per cast.
macro_rules! tests {
    ($scenario:ident $($cast:ident)+) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $cast() {
            use wagate_conformance::Kind::*;
            let stage = wagate_conformance::Stage::open().await;
            super::$scenario(&stage, kinds!($cast)).await;
            stage.close().await;
        }
    )+};
}

/// Names the scenarios of a module: `name: casts;`, with `because "…"` when not everybody plays. `each` is every
/// client alone, `pairs` every two that differ in both roles; any others are listed.
macro_rules! scenarios {
    ($($(#[doc = $about:literal])+ $name:ident: $cast:tt $(because $why:literal)?;)+) => {
        $(mod $name { scenarios!(@tests $name $cast); })+
        pub(crate) const SCENARIOS: &[crate::cast::Scenario] = &[$(crate::cast::Scenario {
            name: stringify!($name),
            about: concat!($($about),+),
            casts: scenarios!(@names $cast),
            because: scenarios!(@because $($why)?),
        }),+];
    };
    (@tests $name:ident each) => { tests!($name ours b7 b6); };
    (@tests $name:ident pairs) => { tests!($name ours_b7 b7_ours ours_b6 b6_ours b7_b6 b6_b7); };
    (@tests $name:ident [$($cast:ident)+]) => { tests!($name $($cast)+); };
    (@names each) => { &["ours", "b7", "b6"] };
    (@names pairs) => { &["ours_b7", "b7_ours", "ours_b6", "b6_ours", "b7_b6", "b6_b7"] };
    (@names [$($cast:ident)+]) => { &[$(stringify!($cast)),+] };
    (@because) => { None };
    (@because $why:literal) => { Some($why) };
}
