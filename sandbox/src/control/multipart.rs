//! A media message as a form.

use axum::extract::Multipart;
use axum::extract::multipart::Field;
use bytes::Bytes;

use super::number::{digits, recipient};
use super::problem::Problem;
use crate::phones::{MediaKind, MediaUpload, Outgoing};

#[derive(Default)]
struct Form {
    to: Option<String>,
    kind: Option<String>,
    mimetype: Option<String>,
    caption: Option<String>,
    file_name: Option<String>,
    reply_to: Option<String>,
    mentions: Option<String>,
    file: Option<Bytes>,
}

/// Reads the form of a media message.
pub(super) async fn outgoing(mut parts: Multipart) -> Result<Outgoing, Problem> {
    let mut form = Form::default();
    while let Some(field) =
        parts.next_field().await.map_err(|error| Problem::body(error.status(), error.body_text()))?
    {
        form.take(field).await?;
    }
    form.outgoing()
}

impl Form {
    async fn take(&mut self, field: Field<'_>) -> Result<(), Problem> {
        let name = field.name().unwrap_or_default().to_owned();
        if name == "file" {
            self.file_name = self.file_name.take().or_else(|| field.file_name().map(ToOwned::to_owned));
            self.mimetype = self.mimetype.take().or_else(|| field.content_type().map(ToOwned::to_owned));
            self.file =
                Some(field.bytes().await.map_err(|error| Problem::body(error.status(), error.body_text()))?);
            return Ok(());
        }
        let slot = match name.as_str() {
            "to" => &mut self.to,
            "kind" => &mut self.kind,
            "mimetype" => &mut self.mimetype,
            "caption" => &mut self.caption,
            "file_name" => &mut self.file_name,
            "reply_to" => &mut self.reply_to,
            "mentions" => &mut self.mentions,
            other => {
                return Err(Problem::field(
                    other,
                    "There is no such field.",
                    "Known: to, kind, file, mimetype, caption, file_name, reply_to, mentions.",
                ));
            }
        };
        *slot = Some(field.text().await.map_err(|error| Problem::body(error.status(), error.body_text()))?);
        Ok(())
    }

    fn outgoing(self) -> Result<Outgoing, Problem> {
        let missing = |field: &str| Problem::field(field, "This field is missing.", "Add it to the form.");
        let kind = self.kind.ok_or_else(|| missing("kind"))?;
        let kind: MediaKind = serde_json::from_value(serde_json::Value::String(kind)).map_err(|error| {
            Problem::field(
                "kind",
                error.to_string(),
                "One of image, video, gif, video_note, audio, voice, document, sticker.",
            )
        })?;
        let mentions = self.mentions.unwrap_or_default();
        Ok(Outgoing {
            to: recipient("to", &self.to.ok_or_else(|| missing("to"))?)?,
            text: self.caption,
            reply_to: self.reply_to,
            mentions: mentions
                .split(',')
                .filter(|pn| !pn.trim().is_empty())
                .map(|pn| digits("mentions", pn))
                .collect::<Result<_, _>>()?,
            media: Some(MediaUpload {
                kind,
                mimetype: self.mimetype.unwrap_or_else(|| "application/octet-stream".to_owned()),
                file_name: self.file_name,
                body: self.file.ok_or_else(|| missing("file"))?,
            }),
            ..Outgoing::default()
        })
    }
}
