//! QR codes as pictures, dark on light with the quiet zone that scanners need (ISO/IEC 18004: 4 modules).

use qrcode::{Color, EcLevel, QrCode, render::svg};

use crate::problem::{Code, Problem};

/// Light modules around the code.
const QUIET: usize = 4;
/// Pixels along the side of a module: about 600 pixels for a code of WhatsApp's length.
const SCALE: usize = 8;

fn encode(text: &str) -> Result<QrCode, Problem> {
    QrCode::with_error_correction_level(text, EcLevel::L)
        .map_err(|error| Problem::plain(Code::Internal).because(error))
}

/// One bit per pixel, greyscale.
pub(crate) fn png(text: &str) -> Result<Vec<u8>, Problem> {
    let code = encode(text)?;
    let side = (code.width() + 2 * QUIET) * SCALE;
    let mut rows = vec![0xff_u8; side.div_ceil(8) * side];
    let stride = side.div_ceil(8);
    for (index, _) in code.to_colors().iter().enumerate().filter(|(_, color)| **color == Color::Dark) {
        let (left, top) = (index % code.width() + QUIET, index / code.width() + QUIET);
        for y in top * SCALE..(top + 1) * SCALE {
            for x in left * SCALE..(left + 1) * SCALE {
                rows[y * stride + x / 8] &= !(0x80 >> (x % 8));
            }
        }
    }
    write_png(side, &rows).map_err(|error| Problem::plain(Code::Internal).because(error))
}

fn write_png(side: usize, rows: &[u8]) -> Result<Vec<u8>, png::EncodingError> {
    let pixels = u32::try_from(side).unwrap_or(u32::MAX);
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, pixels, pixels);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(rows)?;
    writer.finish()?;
    Ok(bytes)
}

/// Scalable, drawn by the browser.
pub(crate) fn svg(text: &str) -> Result<String, Problem> {
    let code = encode(text)?;
    Ok(code.render::<svg::Color<'_>>().quiet_zone(true).min_dimensions(480, 480).build())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "2@wagate,test,code";

    #[test]
    fn the_png_shows_the_code_inside_its_quiet_zone() {
        let code = encode(TEXT).ok().unwrap();
        let bytes = png(TEXT).ok().unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
        let side = (code.width() + 2 * QUIET) * SCALE;
        assert_eq!(reader.info().size(), (side as u32, side as u32));
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut pixels).unwrap();
        let stride = side.div_ceil(8);
        let dark = |x: usize, y: usize| pixels[y * stride + x / 8] & (0x80 >> (x % 8)) == 0;
        for y in 0..side {
            for x in 0..side {
                let (column, row) = ((x / SCALE).wrapping_sub(QUIET), (y / SCALE).wrapping_sub(QUIET));
                let inside = column < code.width() && row < code.width();
                let expected = inside && code.to_colors()[row * code.width() + column] == Color::Dark;
                assert_eq!(dark(x, y), expected, "pixel {x},{y}");
            }
        }
    }

    #[test]
    fn the_svg_is_a_whole_document() {
        let text = svg(TEXT).ok().unwrap();
        assert!(text.contains("<svg") && text.ends_with("</svg>"), "{text}");
    }
}
