//! The page about events, and their JSON Schema, made from the catalogue.

use std::{collections::BTreeMap, fmt::Write};

use serde_json::{Map, Value, json};
use utoipa::{PartialSchema, ToSchema};

use super::{Envelope, catalogue};

/// Where the schemas of an OpenAPI document are, and where those of a JSON Schema document are.
const PLACES: (&str, &str) = ("#/components/schemas/", "#/$defs/");

/// The JSON Schema (2020-12) of events: one of the types, each with the shape of its data. Indented, with a newline at
/// the end.
///
/// # Errors
/// When a schema cannot be written as JSON, which the tests rule out.
pub fn events_schema() -> Result<String, serde_json::Error> {
    let mut definitions: BTreeMap<String, Value> = BTreeMap::new();
    let mut kinds = Vec::new();
    for entry in catalogue() {
        kinds.push(json!({
            "title": entry.kind.name(),
            "description": entry.kind.summary(),
            "properties": {
                "type": { "const": entry.kind.name() },
                "data": { "$ref": format!("{}{}", PLACES.1, entry.schema) },
            },
        }));
        for (name, schema) in entry.schemas {
            definitions.entry(name).or_insert_with(|| moved(schema));
        }
    }
    let mut envelope = serde_json::to_value(Envelope::schema())?;
    if let Some(properties) = envelope.get_mut("properties").and_then(Value::as_object_mut) {
        properties.remove("data");
    }
    let document = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": Envelope::name(),
        "allOf": [moved(envelope), { "required": ["data"] }],
        "oneOf": kinds,
        "$defs": definitions,
    });
    serde_json::to_string_pretty(&document).map(|json| json + "\n")
}

/// The same schema with its references leading to where a JSON Schema keeps its parts.
fn moved(schema: Value) -> Value {
    match schema {
        Value::Object(fields) => Value::Object(
            fields
                .into_iter()
                .map(|(name, value)| match value {
                    Value::String(place) if name == "$ref" => {
                        (name, Value::String(place.replace(PLACES.0, PLACES.1)))
                    }
                    other => (name, moved(other)),
                })
                .collect::<Map<_, _>>(),
        ),
        Value::Array(items) => items.into_iter().map(moved).collect(),
        other => other,
    }
}

/// The page `docs/reference/events.md`.
///
/// # Errors
/// When an example cannot be written as JSON, which the tests rule out.
pub fn events_reference() -> Result<String, serde_json::Error> {
    let mut page = String::from(
        "# Events\n\n\
         Made from the code; `make derive` writes it anew. What is told, by [webhook](../webhooks.md), [live](../realtime.md) or to those who\n\
         ask (`GET /api/v1/events`). [events.schema.json](events.schema.json) is the JSON Schema of all of it.\n\n\
         Every event has the same envelope: `id`, `type`, `api_version`, `workspace`, `session`, `time` and `data`. Fields and types are added\n\
         over time and never change their meaning: ignore what you do not know.\n\n\
         | type | what happened |\n| --- | --- |\n",
    );
    for entry in catalogue() {
        let anchor = entry.kind.name().replace('.', "");
        let _ = writeln!(page, "| [`{}`](#{anchor}) | {} |", entry.kind.name(), entry.kind.summary());
    }
    for entry in catalogue() {
        let _ = write!(page, "\n## {}\n\n{}\n\n", entry.kind.name(), entry.kind.summary());
        if let Some((_, schema)) = entry.schemas.iter().find(|(name, _)| *name == entry.schema) {
            page.push_str(&fields(schema));
        }
        let example = serde_json::to_string_pretty(&entry.example)?;
        let _ = write!(page, "```json\n{example}\n```\n");
    }
    Ok(page)
}

/// A table of the fields of `data`.
fn fields(schema: &Value) -> String {
    let mut parts: Vec<&Value> = vec![schema];
    parts.extend(schema["allOf"].as_array().into_iter().flatten());
    let properties: Vec<(&String, &Value)> =
        parts.iter().filter_map(|part| part["properties"].as_object()).flatten().collect();
    if properties.is_empty() {
        return "`data` is empty.\n\n".to_owned();
    }
    let mut table = String::from("| field of `data` | |\n| --- | --- |\n");
    for (name, property) in properties {
        let description =
            property["description"].as_str().unwrap_or_default().replace('\n', " ").replace('|', "\\|");
        let _ = writeln!(table, "| `{name}` | {description} |");
    }
    table.push('\n');
    table
}
