//! Colours, spacing and type of the window, in one place; the light theme mirrors the dark one.

use std::sync::Arc;

use eframe::egui::{
    Color32, Context, CornerRadius, FontData, FontDefinitions, FontFamily, FontId, Shadow, Stroke,
    Style, TextStyle, Theme, Vec2, style::WidgetVisuals,
};

use crate::color::Rgba;

/// Colours of one theme.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tokens {
    pub panel: Color32,
    pub raised: Color32,
    pub raised_more: Color32,
    pub line: Color32,
    pub text: Color32,
    pub strong: Color32,
    pub muted: Color32,
    pub accent: Color32,
    pub warning: Color32,
}

const fn hex(rgb: u32) -> Color32 {
    Color32::from_rgb((rgb >> 16) as u8, (rgb >> 8) as u8, rgb as u8)
}

const DARK: Tokens = Tokens {
    panel: hex(0x0012_161d),
    raised: hex(0x001e_2530),
    raised_more: hex(0x002a_3342),
    line: hex(0x0023_2a35),
    text: hex(0x00d8_dee9),
    strong: hex(0x00f2_f5fa),
    muted: hex(0x0087_92a2),
    accent: hex(0x007a_a2f7),
    warning: hex(0x00f2_c063),
};

const LIGHT: Tokens = Tokens {
    panel: hex(0x00f1_f3f6),
    raised: hex(0x00e2_e6ec),
    raised_more: hex(0x00d2_d8e1),
    line: hex(0x00d5_dae2),
    text: hex(0x0026_2d38),
    strong: hex(0x000c_1118),
    muted: hex(0x005f_6a7a),
    accent: hex(0x0031_62d0),
    warning: hex(0x0094_5f00),
};

/// The unit of all distances.
pub(super) const STEP: f32 = 4.0;
const RADIUS: u8 = 6;
const SMALL: f32 = 11.0;
const BODY: f32 = 13.0;
const HEADING: f32 = 15.0;

/// The semibold face.
pub(super) fn strong_family() -> FontFamily {
    FontFamily::Name("strong".into())
}

/// The colours in use.
pub(super) fn tokens(ctx: &Context) -> Tokens {
    if ctx.theme() == Theme::Dark {
        DARK
    } else {
        LIGHT
    }
}

/// A data colour as the map shows it.
pub(super) fn data_color(ctx: &Context, [r, g, b, _]: Rgba) -> Color32 {
    let shade = crate::scene::shade(ctx.theme() == Theme::Dark);
    let [r, g, b] = [r, g, b].map(|c| (f32::from(c) * shade).round() as u8);
    Color32::from_rgb(r, g, b)
}

/// Loads fonts and styles.
pub(super) fn install(ctx: &Context) {
    let mut fonts = FontDefinitions::empty();
    for (name, bytes) in [
        (
            "Inter",
            include_bytes!("../../assets/fonts/Inter-Regular.otf").as_slice(),
        ),
        (
            "Inter SemiBold",
            include_bytes!("../../assets/fonts/Inter-SemiBold.otf"),
        ),
        (
            "JetBrains Mono",
            include_bytes!("../../assets/fonts/JetBrainsMono-Regular.ttf"),
        ),
    ] {
        fonts
            .font_data
            .insert(name.to_owned(), Arc::new(FontData::from_static(bytes)));
    }
    let stack = |names: [&str; 3]| names.map(str::to_owned).to_vec();
    fonts.families.insert(
        FontFamily::Proportional,
        stack(["Inter", "JetBrains Mono", "Inter SemiBold"]),
    );
    fonts.families.insert(
        FontFamily::Monospace,
        stack(["JetBrains Mono", "Inter", "Inter SemiBold"]),
    );
    fonts.families.insert(
        strong_family(),
        stack(["Inter SemiBold", "Inter", "JetBrains Mono"]),
    );
    ctx.set_fonts(fonts);
    for (theme, tokens) in [(Theme::Dark, DARK), (Theme::Light, LIGHT)] {
        ctx.style_mut_of(theme, |style| apply(style, &tokens));
    }
}

fn apply(style: &mut Style, tokens: &Tokens) {
    let proportional = |size| FontId::new(size, FontFamily::Proportional);
    style.text_styles = [
        (TextStyle::Small, proportional(SMALL)),
        (TextStyle::Body, proportional(BODY)),
        (TextStyle::Button, proportional(BODY)),
        (TextStyle::Heading, FontId::new(HEADING, strong_family())),
        (
            TextStyle::Monospace,
            FontId::new(BODY, FontFamily::Monospace),
        ),
    ]
    .into();
    let spacing = &mut style.spacing;
    spacing.item_spacing = Vec2::new(2.0 * STEP, 1.5 * STEP);
    spacing.button_padding = Vec2::new(2.5 * STEP, STEP);
    spacing.interact_size.y = 6.0 * STEP;
    spacing.slider_rail_height = STEP;
    spacing.menu_spacing = STEP;
    spacing.menu_margin = (3.0 * STEP).into();
    spacing.icon_width = 4.0 * STEP;
    spacing.scroll = eframe::egui::style::ScrollStyle::thin();

    let visuals = &mut style.visuals;
    visuals.panel_fill = tokens.panel;
    visuals.window_fill = tokens.panel;
    visuals.window_stroke = Stroke::new(1.0, tokens.line);
    visuals.extreme_bg_color = tokens.raised;
    visuals.text_edit_bg_color = Some(tokens.raised);
    visuals.faint_bg_color = tokens.raised;
    visuals.code_bg_color = tokens.raised;
    visuals.hyperlink_color = tokens.accent;
    visuals.warn_fg_color = tokens.warning;
    visuals.weak_text_color = Some(tokens.muted);
    visuals.selection.bg_fill = tokens.accent.gamma_multiply(0.35);
    visuals.selection.stroke = Stroke::new(1.0, tokens.strong);
    visuals.slider_trailing_fill = true;
    visuals.window_corner_radius = CornerRadius::same(RADIUS);
    visuals.menu_corner_radius = CornerRadius::same(RADIUS);
    let shadow = Shadow {
        offset: [0, 6],
        blur: 18,
        spread: 0,
        color: Color32::from_black_alpha(90),
    };
    visuals.window_shadow = shadow;
    visuals.popup_shadow = shadow;
    let state = |fill: Color32, line: Color32, text: Color32| WidgetVisuals {
        bg_fill: fill,
        weak_bg_fill: fill,
        bg_stroke: Stroke::new(1.0, line),
        corner_radius: CornerRadius::same(RADIUS),
        fg_stroke: Stroke::new(1.0, text),
        expansion: 0.0,
    };
    visuals.widgets.noninteractive = state(tokens.panel, tokens.line, tokens.text);
    visuals.widgets.inactive = state(tokens.raised, tokens.line, tokens.text);
    visuals.widgets.hovered = state(tokens.raised_more, tokens.raised_more, tokens.strong);
    visuals.widgets.active = state(tokens.raised_more, tokens.accent, tokens.strong);
    visuals.widgets.open = state(tokens.raised_more, tokens.line, tokens.strong);
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use ttf_parser::Face;

    fn sources(folder: &Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, found);
            } else {
                found.push(std::fs::read_to_string(&path).unwrap());
            }
        }
    }

    /// What the fonts of the window lack would be drawn as an empty box. The second is taken where the
    /// first has no such sign.
    #[test]
    fn every_sign_in_the_window_has_a_glyph() {
        let fonts = [
            include_bytes!("../../assets/fonts/Inter-Regular.otf").as_slice(),
            include_bytes!("../../assets/fonts/JetBrainsMono-Regular.ttf"),
        ];
        let faces = fonts.map(|bytes| Face::parse(bytes, 0).unwrap());
        let mut texts = Vec::new();
        sources(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join("src/gui"),
            &mut texts,
        );
        let code = texts.iter().flat_map(|text| text.lines());
        let code = code.filter(|line| !line.trim_start().starts_with("//"));
        for sign in code.flat_map(str::chars).filter(|c| !c.is_ascii()) {
            let drawn = faces.iter().any(|face| face.glyph_index(sign).is_some());
            assert!(drawn, "no glyph for {sign}");
        }
    }
}
