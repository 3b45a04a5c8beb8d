//! The built program as a new user meets it: what it prints can be pasted, Ctrl-C ends every child, a second
//! start finds everything, and a large file does not fill the memory.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;
use wagate_infra::testing::RING_KEY;

/// How long anything may take on a slow machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// `wagate up` in a folder of its own.
struct Program {
    child: Child,
    printed: String,
}

impl Program {
    fn start(data: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_wagate"))
            .args(["up", "--free-ports"])
            .current_dir(data)
            .env("WAGATE_DATA_DIR", data.join("data"))
            .env("WAGATE_OUTBOUND__ALLOW_PRIVATE", "true")
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let mut printed = String::new();
        for line in lines.by_ref() {
            let line = line.expect("text");
            printed.push_str(&line);
            printed.push('\n');
            if line.starts_with("Ctrl-C") {
                break;
            }
        }
        // whatever it says later must not fill the pipe
        std::thread::spawn(move || lines.for_each(drop));
        assert!(printed.contains("wagate is up"), "it ended early:\n{printed}");
        Self { child, printed }
    }

    /// The value beside a label of the banner.
    fn shown(&self, label: &str) -> String {
        let line = self.printed.lines().find_map(|line| line.trim().strip_prefix(label));
        let line = line.unwrap_or_else(|| panic!("no {label} in:\n{}", self.printed));
        line.split_whitespace().next().expect("a value").to_owned()
    }

    /// Runs lines of shell in one shell, as a person pastes them; what they print.
    fn paste(&self, lines: &str) -> String {
        let output = Command::new("sh").arg("-euc").arg(lines).output().expect("a shell");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{lines}\n{text}{}", String::from_utf8_lossy(&output.stderr));
        text
    }

    /// The lines of the banner that can be pasted, with a wait before those that read what takes a moment.
    fn tour(&self) -> String {
        let pasted = self.printed.lines().map(str::trim);
        pasted
            .filter(|line| {
                ["export ", "SES=", "QR=", "curl ", "sleep "].iter().any(|begin| line.starts_with(begin))
            })
            .fold(String::new(), |script, line| format!("{script}{line}\necho\n"))
    }

    fn resident_kib(&self) -> u64 {
        let status =
            fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("a running process");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("VmRSS");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }

    fn children(&self) -> Vec<String> {
        let id = self.child.id();
        let list = Command::new("ps").args(["-o", "pid=", "--ppid", &id.to_string()]).output().expect("ps");
        let children: Vec<String> =
            String::from_utf8_lossy(&list.stdout).split_whitespace().map(str::to_owned).collect();
        assert!(!children.is_empty(), "redis-server runs as a child");
        children
    }

    /// Ctrl-C; the children that were there must be gone after it.
    fn interrupt(mut self) {
        let children = self.children();
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().expect("kill").success());
        let ended = self.child.wait().expect("it ends");
        assert!(ended.success(), "{ended}");
        gone(&children);
    }

    /// Killed without a word; the children must be gone all the same.
    fn kill(mut self) {
        let children = self.children();
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
        gone(&children);
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // only after a failed assertion is it still there
        if matches!(self.child.try_wait(), Ok(None)) {
            self.child.kill().ok();
            self.child.wait().ok();
        }
    }
}

fn gone(children: &[String]) {
    for child in children {
        wait_for("the child's end", || !Path::new(&format!("/proc/{child}/exe")).exists());
    }
}

fn wait_for(what: &str, holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "never came true: {what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn the_tour_can_be_pasted_and_a_second_start_finds_everything() {
    let folder = TempDir::with_prefix("wagate-program-").expect("a folder");
    let program = Program::start(folder.path());
    let (api, key, phones) = (program.shown("API  "), program.shown("API key"), program.shown("sandbox"));
    let tour = program.tour();
    assert!(tour.matches("curl ").count() >= 7, "{tour}");
    program.paste(&tour);

    let auth = format!("-H 'Authorization: Bearer {key}'");
    let inbox = |phones: &str| program_output(&format!("curl -sf {phones}/v1/phones/6281234567890/inbox"));
    wait_for("the phone shows Hello", || inbox(&phones).contains("Hello"));
    let messages = |api: &str| program_output(&format!("curl -sf {auth} {api}/api/v1/messages"));
    wait_for("the answer is on record", || messages(&api).contains("Hi there!"));
    let sessions = |api: &str| program_output(&format!("curl -sf {auth} {api}/api/v1/sessions"));
    wait_for("the session is connected", || sessions(&api).contains(r#""state":"connected""#));
    program.interrupt();

    let program = Program::start(folder.path());
    let (api, phones) = (program.shown("API  "), program.shown("sandbox"));
    assert_eq!(program.shown("API key"), key, "the same key");
    wait_for("the session is connected again", || sessions(&api).contains(r#""state":"connected""#));
    assert!(inbox(&phones).contains("Hello"), "the phone kept its messages");
    let kept = messages(&api);
    assert!(kept.contains("Hello") && kept.contains("Hi there!"), "the record kept them: {kept}");
    program.interrupt();
}

fn program_output(line: &str) -> String {
    let output = Command::new("sh").arg("-c").arg(line).output().expect("a shell");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_killed_program_leaves_no_child_and_loses_nothing_it_accepted() {
    let folder = TempDir::with_prefix("wagate-killed-").expect("a folder");
    let program = Program::start(folder.path());
    program.paste(&program.tour());
    let (api, key) = (program.shown("API  "), program.shown("API key"));
    let sessions = program.paste(&format!("curl -sf -H 'Authorization: Bearer {key}' {api}/api/v1/sessions"));
    let session = sessions.split('"').find(|part| part.starts_with("ses_")).expect("a session").to_owned();
    for n in 0..20 {
        let message = format!(r#"{{"to":"6281234567890","type":"text","text":{{"body":"number {n}."}}}}"#);
        let accepted = program.paste(&format!(
            "curl -sf -H 'Authorization: Bearer {key}' -H 'Content-Type: application/json' -d '{message}' \
             {api}/api/v1/sessions/{session}/messages"
        ));
        assert!(accepted.contains("msg_"), "{accepted}");
    }
    program.kill();

    let program = Program::start(folder.path());
    let phones = program.shown("sandbox");
    let inbox = || program_output(&format!("curl -sf {phones}/v1/phones/6281234567890/inbox"));
    wait_for("the phone shows everything that was accepted", || {
        let shown = inbox();
        (0..20).all(|n| shown.contains(&format!("number {n}.")))
    });
    let shown = inbox();
    for n in 0..20 {
        assert_eq!(shown.matches(&format!(r#""text":"number {n}.""#)).count(), 1, "shown once: {shown}");
    }
    assert!(!shown.contains(r#""undecryptable":true"#), "{shown}");
    program.interrupt();
}

#[test]
fn commands_beside_a_running_gateway_find_it() {
    let data = TempDir::new().expect("a folder");
    let program = Program::start(data.path());
    let admin = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_wagate"))
            .arg("admin")
            .args(arguments)
            .env("WAGATE_DATA_DIR", data.path().join("data"))
            .output()
            .expect("the program starts");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{arguments:?}: {text}{}", String::from_utf8_lossy(&output.stderr));
        text
    };
    let word = |text: &str, label: &str| {
        let line =
            text.lines().find_map(|line| line.strip_prefix(label)).expect("the label").trim().to_owned();
        line.split_whitespace().next().expect("a value").to_owned()
    };
    let api = program.shown("API ");

    // the first operator sets a password by the link, signs in and sees the workspaces
    let link = word(&admin(&["create-operator", "ops@example.com"]), "password");
    assert!(link.starts_with(&api), "{link}");
    let token = link.rsplit(['=', '/', '#']).next().expect("a token").to_owned();
    let signed_in = program.paste(&format!(
        "curl -sf -X POST {api}/api/v1/account/password/reset -H 'Content-Type: application/json' \
            -d '{{\"token\":\"{token}\",\"password\":\"correct horse battery\"}}'
         curl -sf -X POST {api}/api/v1/account/sign-in -H 'Content-Type: application/json' \
            -d '{{\"address\":\"ops@example.com\",\"password\":\"correct horse battery\"}}'"
    ));
    assert!(signed_in.contains("access_token"), "{signed_in}");
    assert!(word(&admin(&["reset-password", "ops@example.com"]), "password").starts_with(&api));

    // a workspace with a key that works at once, suspended and restored
    let made = admin(&["create-workspace", "Acme"]);
    let (workspace, key) = (word(&made, "workspace"), word(&made, "API key"));
    let make = format!(
        "curl -s -X POST {api}/api/v1/sessions -H 'X-API-Key: {key}' -H 'Content-Type: application/json' -d '{{\"start\":false}}'"
    );
    assert!(program.paste(&make).contains("ses_"));
    admin(&["suspend", &workspace, "unpaid"]);
    wait_for("the suspension", || program.paste(&make).contains("workspace_suspended"));
    admin(&["restore", &workspace]);
    wait_for("the end of it", || program.paste(&make).contains("ses_"));
    // exported, and with its file there; deleted, and restored in time
    assert!(word(&admin(&["export", &workspace]), "export").starts_with("exp_"));
    wait_for("the export", || admin(&["exports", &workspace]).contains(" done: "));
    let exports = admin(&["exports", &workspace]);
    let link = exports
        .lines()
        .find_map(|line| line.split_whitespace().next().filter(|word| word.starts_with("http")));
    let first = program.paste(&format!("curl -sf '{}' | gunzip | head -1", link.expect("a link")));
    assert!(first.contains(r#""kind":"workspace""#) && first.contains("Acme"), "{first}");
    assert!(admin(&["delete", &workspace, "Acme", "--without-export"]).contains("restore"));
    wait_for("the deletion", || program.paste(&make).contains("workspace_deleting"));
    admin(&["restore", &workspace]);
    wait_for("the end of that", || program.paste(&make).contains("ses_"));
    let narrow = word(&admin(&["create-key", &workspace, "reader", "--scopes", "sessions:read"]), "API key");
    let read = |key: &str| program.paste(&format!("curl -s {api}/api/v1/audit -H 'X-API-Key: {key}'"));
    assert!(read(&narrow).contains("permission_missing"));
    assert!(read(&key).contains("console"), "what was done here is in the audit log");
    assert!(admin(&["rotate-token-keys"]).contains("signs from now on"));
    assert!(admin(&["rotate-keys"]).contains("done"));
    assert!(program.paste(&make).contains("ses_"), "everything works with new keys");
    let operators = program.shown("API key");
    let log = program.paste(&format!("curl -sf {api}/api/v1/operator/audit -H 'X-API-Key: {operators}'"));
    for action in
        ["operator.created", "account.password_link_made", "token_keys.rotated", "encryption_keys.rotated"]
    {
        assert!(log.contains(action), "{action} is not in {log}");
    }
    program.interrupt();
    assert!(!data.path().join("data/running.json").exists());
}

#[test]
fn a_large_document_is_streamed() {
    const SIZE: usize = 100 * 1000 * 1000;
    /// What the whole process may grow by while 100 MB pass through it.
    const ROOM_KIB: u64 = 32 * 1024;
    let folder = TempDir::with_prefix("wagate-large-").expect("a folder");
    let document = folder.path().join("large.bin");
    let bytes: Vec<u8> = (0..SIZE).map(|at| u8::try_from((at * 31 + at / 251) % 256).unwrap_or(0)).collect();
    fs::write(&document, bytes).expect("a file");
    let program = Program::start(folder.path());
    program.paste(&program.tour());
    let (api, key, phones) = (program.shown("API  "), program.shown("API key"), program.shown("sandbox"));
    let auth = format!("-H 'Authorization: Bearer {key}'");
    let sessions = program.paste(&format!("curl -sf {auth} {api}/api/v1/sessions"));
    let session = sessions.split('"').find(|part| part.starts_with("ses_")).expect("a session").to_owned();
    let inbox = || program_output(&format!("curl -sf {phones}/v1/phones/6281234567890/inbox"));
    let send = |path: &Path| {
        program.paste(&format!(
            "curl -sf {auth} -F to=6281234567890 -F type=document -F 'file=@{};type=application/octet-stream' \
             {api}/api/v1/sessions/{session}/messages",
            path.display()
        ))
    };
    // once with a small one, so that everything a send needs is in memory already
    let small = folder.path().join("small.bin");
    fs::write(&small, vec![7; 8 * 1000 * 1000]).expect("a file");
    send(&small);
    wait_for("the small document on the phone", || inbox().contains("small.bin"));

    let before = program.resident_kib();
    let mut highest = before;
    let accepted = std::thread::scope(|scope| {
        let sending = scope.spawn(|| send(&document));
        while !sending.is_finished() {
            highest = highest.max(program.resident_kib());
            std::thread::sleep(Duration::from_millis(20));
        }
        sending.join().expect("sent")
    });
    assert!(accepted.contains("msg_"), "{accepted}");
    let begun = Instant::now();
    while !inbox().contains("large.bin") {
        highest = highest.max(program.resident_kib());
        assert!(begun.elapsed() < PATIENCE, "the large document never arrived");
        std::thread::sleep(Duration::from_millis(20));
    }
    let grown = highest - before;
    assert!(grown <= ROOM_KIB, "the process grew by {grown} KiB (from {before} KiB)");
    program.interrupt();
}

#[test]
fn a_redis_that_is_away_at_start_is_waited_for_with_a_clear_message() {
    let folder = TempDir::with_prefix("wagate-away-").expect("a folder");
    let mut worker = Command::new(env!("CARGO_BIN_EXE_wagate"))
        .arg("worker")
        .current_dir(folder.path())
        .env("DATABASE_URL", format!("sqlite://{}/w.db", folder.path().display()))
        .env("REDIS_URL", "redis://127.0.0.1:1")
        .env("WAGATE_ENCRYPTION__KEYS", format!("[\"{RING_KEY}\"]"))
        .env("S3_ENDPOINT", "http://127.0.0.1:1")
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut lines = BufReader::new(worker.stderr.take().expect("piped")).lines();
    let tells = |line: &String| line.contains("Redis at") && line.contains("trying again");
    // it says so more than once: it goes on trying
    let told = lines.by_ref().map_while(Result::ok).filter(tells).take(2).count();
    worker.kill().expect("it still runs");
    worker.wait().expect("it ends");
    assert_eq!(told, 2);
}
