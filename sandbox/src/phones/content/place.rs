//! Locations, fixed and live.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use waproto::whatsapp::message::{LiveLocationMessage, LocationMessage};

/// A place.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Location {
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// Name of the place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Postal address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Web page of the place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

impl Location {
    pub(super) fn read(part: &LocationMessage) -> Self {
        Self {
            latitude: part.degrees_latitude.unwrap_or_default(),
            longitude: part.degrees_longitude.unwrap_or_default(),
            name: part.name.clone(),
            address: part.address.clone(),
            url: part.url.clone(),
        }
    }

    pub(super) fn write(&self) -> LocationMessage {
        LocationMessage {
            degrees_latitude: Some(self.latitude),
            degrees_longitude: Some(self.longitude),
            name: self.name.clone(),
            address: self.address.clone(),
            url: self.url.clone(),
            ..Default::default()
        }
    }
}

/// One position of somebody who shares where they are.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LiveLocation {
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// Text below the map.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
    /// Metres.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accuracy: Option<u32>,
    /// Metres per second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speed: Option<f32>,
    /// Degrees clockwise from magnetic north.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heading: Option<u32>,
    /// Order of positions of one share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequence: Option<i64>,
}

impl LiveLocation {
    pub(super) fn read(part: &LiveLocationMessage) -> Self {
        Self {
            latitude: part.degrees_latitude.unwrap_or_default(),
            longitude: part.degrees_longitude.unwrap_or_default(),
            caption: part.caption.clone(),
            accuracy: part.accuracy_in_meters,
            speed: part.speed_in_mps,
            heading: part.degrees_clockwise_from_magnetic_north,
            sequence: part.sequence_number,
        }
    }

    pub(super) fn write(&self) -> LiveLocationMessage {
        LiveLocationMessage {
            degrees_latitude: Some(self.latitude),
            degrees_longitude: Some(self.longitude),
            caption: self.caption.clone(),
            accuracy_in_meters: self.accuracy,
            speed_in_mps: self.speed,
            degrees_clockwise_from_magnetic_north: self.heading,
            sequence_number: self.sequence,
            ..Default::default()
        }
    }
}
