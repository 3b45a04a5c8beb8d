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

/// One test: a scenario with one cast.
macro_rules! play {
    ($scenario:ident $name:ident [$($kind:ident),+]) => {
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            let stage = wagate_conformance::Stage::open().await;
            super::$scenario(&stage, [$(wagate_conformance::Kind::$kind),+]).await;
            stage.close().await;
        }
    };
}

/// The tests of a scenario, by the name of its list of casts; with `@names` the names alone.
macro_rules! casts {
    // every client alone
    ($scenario:ident each) => {
        play!($scenario ours [Ours]);
        play!($scenario b7 [Baileys7]);
    };
    (@names each) => { &["ours", "b7"] };
    // every two that differ, in both roles
    ($scenario:ident pairs) => {
        play!($scenario ours_b7 [Ours, Baileys7]);
        play!($scenario b7_ours [Baileys7, Ours]);
    };
    (@names pairs) => { &["ours_b7", "b7_ours"] };
    // our client alone, or in the first role
    ($scenario:ident ours) => { play!($scenario ours [Ours]); };
    (@names ours) => { &["ours"] };
    ($scenario:ident ours_first) => { play!($scenario ours_b7 [Ours, Baileys7]); };
    (@names ours_first) => { &["ours_b7"] };
    // a Baileys alone, or in the first role
    ($scenario:ident baileys) => { play!($scenario b7 [Baileys7]); };
    (@names baileys) => { &["b7"] };
    ($scenario:ident baileys_first) => { play!($scenario b7_ours [Baileys7, Ours]); };
    (@names baileys_first) => { &["b7_ours"] };
}

/// Names the scenarios of a module: `name: casts;`, with `because "…"` when not everybody plays.
macro_rules! scenarios {
    ($($(#[doc = $about:literal])+ $name:ident: $cast:ident $(because $why:literal)?;)+) => {
        $(mod $name { casts!($name $cast); })+
        pub(crate) const SCENARIOS: &[crate::cast::Scenario] = &[$(crate::cast::Scenario {
            name: stringify!($name),
            about: concat!($($about),+),
            casts: casts!(@names $cast),
            because: scenarios!(@because $($why)?),
        }),+];
    };
    (@because) => { None };
    (@because $why:literal) => { Some($why) };
}
