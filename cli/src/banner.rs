//! What `wagate up` tells the person who started it.

use std::io::IsTerminal;

/// Where everything is.
#[derive(Debug)]
pub(crate) struct Banner<'a> {
    pub(crate) api: &'a str,
    pub(crate) key: &'a str,
    pub(crate) mailbox: Option<&'a str>,
    pub(crate) control: Option<&'a str>,
    pub(crate) data: &'a str,
}

impl Banner<'_> {
    /// The text, with colour only for a terminal.
    pub(crate) fn text(&self) -> String {
        let (bold, plain) = if std::io::stdout().is_terminal() { ("\x1b[1m", "\x1b[0m") } else { ("", "") };
        let Self { api, key, data, .. } = self;
        let mut text = format!(
            "\n{bold}wagate is up{plain}\n\n  API        {api}\n  documents  {api}/api/docs\n  API key    {key}\n  data       {data}\n"
        );
        if let Some(mailbox) = self.mailbox {
            text.push_str(&format!(
                "  mail       {mailbox}   (no mail server is set: mails are kept here)\n"
            ));
        }
        if let Some(control) = self.control {
            text.push_str(&format!(
                "  sandbox    {control}   (simulated phones; no WhatsApp account needed)\n"
            ));
            text.push_str(&tour(api, key, control, bold, plain));
        }
        text.push_str("\nCtrl-C stops everything; nothing is lost.\n");
        text
    }
}

/// Lines to paste: link a simulated phone, send it a message, read the answer.
fn tour(api: &str, key: &str, control: &str, bold: &str, plain: &str) -> String {
    format!(
        r#"
{bold}Try it{plain} (paste line by line)

  export WAGATE={api} KEY={key} PHONES={control}

  # 1. make a session and let the simulated phone +6281200000001 scan its QR code
  SES=$(curl -s -X POST $WAGATE/api/v1/sessions -H "Authorization: Bearer $KEY" -H 'Content-Type: application/json' -d '{{"name":"shop"}}' | sed 's/.*"id":"\(ses_[^"]*\)".*/\1/')
  QR=$(curl -s $WAGATE/api/v1/sessions/$SES/qr -H "Authorization: Bearer $KEY" -H 'Accept: application/json' | sed 's/.*"code":"\([^"]*\)".*/\1/')
  curl -s -X POST $PHONES/v1/phones/6281200000001/scan -H 'Content-Type: application/json' -d "{{\"qr\":\"$QR\"}}"

  # 2. send a message; the simulated phone +6281234567890 shows it
  curl -s -X POST $WAGATE/api/v1/sessions/$SES/messages -H "Authorization: Bearer $KEY" -H 'Content-Type: application/json' -d '{{"to":"+6281234567890","type":"text","text":{{"body":"Hello"}}}}'
  sleep 1; curl -s $PHONES/v1/phones/6281234567890/inbox

  # 3. answer from that phone, and read the answer through the API
  curl -s -X POST $PHONES/v1/phones/6281234567890/messages -H 'Content-Type: application/json' -d '{{"to":"+6281200000001","type":"text","text":{{"body":"Hi there!"}}}}'
  sleep 1; curl -s "$WAGATE/api/v1/messages?session=$SES" -H "Authorization: Bearer $KEY"
"#
    )
}
