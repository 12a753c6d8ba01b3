use std::fs;

use super::{Shelf, card_text, error, model};
use crate::encode::{
    Activation, CardDraft, EncodeError, Method, ModelCard, Normalisation, Pooling, Sky,
};

const FULL: &str = "
name = 'simclr'
version = '1.2'
paper = 'arXiv:2002.05709'
licence = 'MIT'
training_data = 'synthetic'
space = 'sky'
sha256 = 'AB12000000000000000000000000000000000000000000000000000000000000'
file = 'm.onnx'
[input]
name = 'image'
modality = 'image'
bands = ['g', 'r', 'z']
size = 64
pixel_scale_arcsec = 0.262
eight_bit = true
[input.normalisation]
method = 'asinh'
scale = 0.5
joint = true
[output]
name = 'features'
pooling = 'cls'
dimension = 128
l2_normalised = true
[decoder]
file = 'd.onnx'
input = 'latent'
output = 'picture'
[prediction]
tensor = 'next'
band = 'z'
[[heads]]
name = 'bar'
tensor = 'votes'
activation = 'dirichlet'
first = 2
columns = ['yes', 'bar_no']
[[heads]]
name = 'mass'
tensor = 'mass'
columns = ['log']
";

#[test]
fn reads_every_key() {
    let shelf = Shelf::new("mean.onnx", FULL);
    let card = shelf.card();
    assert_eq!(card, ModelCard::load(&shelf.path("m.onnx")).unwrap());
    assert_eq!(card.about().paper, "arXiv:2002.05709");
    assert_eq!(card.sha256().map(|hash| &hash[..5]), Some("ab120"));
    let image = card.input().image().unwrap();
    assert_eq!((image.channels, image.size), (3, 64));
    assert_eq!(image.pixel_scale_arcsec, Some(0.262));
    assert!(image.eight_bit);
    assert_eq!(card.output().pooling, Pooling::Cls);
    assert_eq!(card.output().dimension, Some(128));
    let asinh = Method::Asinh {
        scale: 0.5,
        sky: Sky::Border,
        divide_by: 1.0,
    };
    assert_eq!(
        *card.input().normalisation(),
        Normalisation::new(asinh, true).unwrap()
    );
    assert_eq!(card.model_path(), shelf.path("m.onnx"));
    assert_eq!(card.space(), Some("sky"));
    assert_eq!(card.decoder().unwrap().file, "d.onnx");
    assert_eq!(card.prediction().unwrap().band, "z");
    let [bar, mass] = card.heads() else {
        panic!("two heads")
    };
    assert_eq!((bar.activation, bar.first), (Activation::Dirichlet, 2));
    assert_eq!(
        bar.column_names().collect::<Vec<_>>(),
        ["bar_yes", "bar_no"]
    );
    assert_eq!((mass.activation, mass.first), (Activation::None, 0));

    let tapped = card.tapped("relu", Pooling::Mean);
    assert_eq!(tapped.output().name.as_deref(), Some("relu"));
    assert_eq!((tapped.output().dimension, tapped.space()), (None, None));
    assert!(tapped.heads().is_empty() && tapped.decoder().is_none());
}

const SPECTRUM: &str = "
name = 'spectra'
[input]
modality = 'spectrum'
size = 12
wavelength = { first = 3600, last = 9824.5, spacing = 'log' }
[input.normalisation]
method = 'mean-std'
mean = 1
std = 2
";

#[test]
fn reads_writes_and_refuses_cards_of_spectra() {
    let shelf = Shelf::new("vector.onnx", SPECTRUM);
    let card = shelf.card();
    card.check_model().unwrap();
    let input = card.input().spectrum().unwrap();
    let grid = input.wavelength.unwrap();
    let wavelengths: Vec<f64> = grid.wavelengths(input.size).collect();
    assert_eq!((wavelengths[0], card.input().shape()), (3600.0, vec![12]));
    assert!((wavelengths[11] - 9824.5).abs() < 1e-9);
    let ratio = |i: usize| wavelengths[i + 1] / wavelengths[i];
    assert!((1..11).all(|i| (ratio(i) - ratio(0)).abs() < 1e-12));
    std::fs::write(shelf.path("m.toml"), card.to_toml(&shelf.path("m.toml"))).unwrap();
    assert_eq!(shelf.card(), card);
    for (from, to, key) in [
        ("size = 12", "", "input.size"),
        ("size = 12", "size = 100000", "input.size"),
        ("first = 3600", "first = -1", "input.wavelength"),
        ("first = 3600", "first = 9999", "input.wavelength"),
        ("'log'", "'sqrt'", "unknown variant"),
        ("size = 12", "size = 12\nbands = ['g']", "input.bands"),
        ("size = 12", "size = 12\ncolumns = ['g']", "input.columns"),
        ("mean = 1", "mean = [1, 2]", "one number"),
        ("modality = 'spectrum'", "channels = 3", "input.wavelength"),
    ] {
        let text = SPECTRUM.replace(from, to);
        let shelf = Shelf::new("vector.onnx", &text);
        let message = error(ModelCard::load(&shelf.path("m.toml")));
        assert!(message.contains(key), "{from} -> {to}: {message}");
    }
}

const SED: &str = "
name = 'sed'
[input]
modality = 'sed'
columns = ['mag_g', 'mag_r']
[input.normalisation]
method = 'mean-std'
mean = [20.5, 20]
std = 2
";

#[test]
fn reads_and_refuses_cards_of_columns() {
    let card = Shelf::new("vector.onnx", SED).card();
    assert_eq!(card.input().sed().unwrap().columns, ["mag_g", "mag_r"]);
    assert_eq!(card.input().shape(), [2]);
    for (from, to, key) in [
        ("columns = ['mag_g', 'mag_r']", "", "input.columns"),
        ("['mag_g', 'mag_r']", "[]", "input.columns"),
        ("'mag_r'", "'mag_g'", "input.columns: holds `mag_g` twice"),
        ("'mag_r'", "' '", "input.columns"),
        (
            "modality = 'sed'",
            "modality = 'sed'\nsize = 3",
            "input.size",
        ),
        (
            "modality = 'sed'",
            "modality = 'sed'\nbands = ['g']",
            "input.bands",
        ),
        (
            "modality = 'sed'",
            "size = 3\nchannels = 2",
            "input.columns",
        ),
        ("[20.5, 20]", "[20.5, 20, 19]", "each of the 2 columns"),
        (
            "'mean-std'\nmean = [20.5, 20]\nstd = 2",
            "'max'",
            "input.normalisation.method",
        ),
    ] {
        let text = SED.replace(from, to);
        assert_ne!(text, SED, "{from}");
        let shelf = Shelf::new("vector.onnx", &text);
        let message = error(ModelCard::load(&shelf.path("m.toml")));
        assert!(message.contains(key), "{to}: {message}");
    }
}

#[test]
fn refuses_what_cannot_be_and_names_the_key() {
    for (from, to, key) in [
        ("name = 'simclr'", "name = ' '", "name"),
        ("size = 64", "size = 0", "input.size"),
        ("size = 64", "size = 4097", "input.size"),
        ("size = 64", "size = -1", "line 14"),
        ("size = 64", "", "input.size: is missing"),
        ("size = 64", "size = 64\nside = 3", "unknown field `side`"),
        (
            "modality = 'image'",
            "modality = 'smell'",
            "unknown variant `smell`",
        ),
        ("['g', 'r', 'z']", "[]", "input.bands"),
        (
            "['g', 'r', 'z']",
            "['g', 'g']",
            "input.bands: holds `g` twice",
        ),
        ("['g', 'r', 'z']", "['g', '']", "input.bands"),
        ("size = 64", "size = 64\nchannels = 4", "input.channels"),
        ("bands = ['g', 'r', 'z']", "channels = 65", "input.channels"),
        ("0.262", "nan", "input.pixel_scale_arcsec"),
        ("0.262", "-1", "input.pixel_scale_arcsec"),
        ("scale = 0.5", "scale = inf", "input.normalisation.scale"),
        ("scale = 0.5", "", "input.normalisation.scale: is missing"),
        (
            "scale = 0.5",
            "scale = 0.5\nlo = 1",
            "input.normalisation.lo: does not belong",
        ),
        (
            "scale = 0.5",
            "scale = 0.5\ndivide_by = 0",
            "input.normalisation.divide_by",
        ),
        (
            "'asinh'\nscale = 0.5",
            "'percentile'\nlo = 90\nhi = 10",
            "input.normalisation.hi",
        ),
        (
            "'asinh'\nscale = 0.5",
            "'mean-std'\nmean = [1, 2]\nstd = 1",
            "input.normalisation.mean",
        ),
        (
            "'asinh'\nscale = 0.5",
            "'mean-std'\nmean = 1\nstd = [1, 0, 1]",
            "input.normalisation.std",
        ),
        ("'asinh'", "'log'", "unknown variant `log`"),
        ("'AB12", "'xx12", "sha256"),
        ("'m.onnx'", "'../m.onnx'", "file"),
        ("'m.onnx'", "'/etc/m.onnx'", "file"),
        ("'m.onnx'", "'C:m.onnx'", "file"),
        ("'m.onnx'", "'m.txt'", "file"),
        ("dimension = 128", "dimension = 0", "output.dimension"),
        ("'cls'", "'max'", "unknown variant `max`"),
        ("'sky'", "''", "space"),
        ("'d.onnx'", "'../d.onnx'", "decoder.file"),
        ("input = 'latent'", "input = ' '", "decoder.input"),
        ("input = 'latent'", "", "missing field `input`"),
        (
            "band = 'z'",
            "band = 'z'\nfile = '/n.onnx'",
            "prediction.file",
        ),
        ("tensor = 'next'", "tensor = ''", "prediction.tensor"),
        ("'dirichlet'", "'sigmoid'", "unknown variant `sigmoid`"),
        ("first = 2", "first = -2", "line"),
        (
            "first = 2",
            "first = 9223372036854775807",
            "heads.first of `bar`",
        ),
        ("first = 2", "last = 2", "unknown field `last`"),
        ("'votes'", "''", "heads.tensor of `bar`"),
        ("['yes', 'bar_no']", "['yes']", "heads.columns of `bar`"),
        ("['log']", "[]", "heads.columns of `mass`"),
        ("'bar_no'", "'yes'", "holds `yes` twice"),
        ("'bar_no'", "'bar_yes'", "holds `bar_yes` twice"),
        (
            "name = 'mass'",
            "name = 'bar'",
            "heads.name: holds `bar` twice",
        ),
        ("name = 'mass'", "name = ''", "heads.name"),
    ] {
        let text = FULL.replace(from, to);
        assert_ne!(text, FULL, "{from}");
        let shelf = Shelf::new("mean.onnx", &text);
        let message = error(ModelCard::load(&shelf.path("m.toml")));
        assert!(
            message.contains(key) && message.contains("m.toml"),
            "{to}: {message}"
        );
        assert!(!message.contains('\n'), "{message}");
    }
}

#[test]
fn files_that_are_no_cards() {
    let shelf = Shelf::new("mean.onnx", "name = ");
    assert!(error(ModelCard::load(&shelf.path("m.toml"))).contains("line 1"));
    assert!(error(ModelCard::load(&shelf.path("absent.toml"))).contains("cannot be read"));
    fs::write(shelf.path("huge.toml"), vec![b'#'; 2 << 20]).unwrap();
    assert!(error(ModelCard::load(&shelf.path("huge.toml"))).contains("is not a model card"));
    fs::write(shelf.path("binary.toml"), [0xff, 0xfe]).unwrap();
    assert!(error(ModelCard::load(&shelf.path("binary.toml"))).contains("cannot be read"));
    assert!(matches!(
        ModelCard::load(&model("mean.onnx")),
        Err(EncodeError::NoCard { .. })
    ));
    let other = Shelf::new(
        "mean.onnx",
        &format!("file = 'other.onnx'\n{}", card_text("")),
    );
    assert!(error(ModelCard::load(&other.path("m.onnx"))).contains("names another model"));
}

#[test]
fn a_bare_model_takes_its_shape_from_the_graph() {
    let bare = |name: &str, how: &str| {
        let mut draft = CardDraft::read(&model(name))?;
        draft.normalisation = (&how.parse::<Normalisation>()?).into();
        draft.card()
    };
    let card = bare("mean.onnx", "none").unwrap();
    assert_eq!(card.input().shape(), [3, 8, 8]);
    assert_eq!(card.about().name, "mean");
    for (name, reason) in [
        ("open_sides.onnx", "input.size: must be a whole number"),
        ("vector.onnx", "takes 12, but 0 are named"),
        ("double.onnx", "takes float64"),
        ("escaping.onnx", "outside its own folder"),
        ("absent.onnx", "cannot be read"),
    ] {
        let message = error(bare(name, "none"));
        assert!(
            message.contains(reason) && message.contains(name),
            "{message}"
        );
    }
    let two_means = error(bare("mean.onnx", "mean-std mean=[1,2] std=1"));
    assert!(two_means.contains("input.normalisation.mean"));
}

#[test]
fn normalisation_reads_what_it_writes() {
    for text in [
        "none",
        "max joint=true",
        "mean-std mean=[127] std=[128]",
        "mean-std mean=[0.1,0.2] std=[1,2]",
        "asinh scale=0.5 sky=all divide_by=3 joint=true",
        "percentile lo=1 hi=99.5",
    ] {
        let normalisation: Normalisation = text.parse().unwrap();
        assert_eq!(normalisation.to_string(), text);
    }
    assert_eq!(
        "mean-std mean=127 std=128"
            .parse::<Normalisation>()
            .unwrap()
            .to_string(),
        "mean-std mean=[127] std=[128]"
    );
    for text in [
        "",
        "asinh",
        "asinh scale",
        "asinh scale=x",
        "max lo=3",
        "nonsense",
        "max foo=1",
    ] {
        let message = error(text.parse::<Normalisation>());
        assert!(message.starts_with("normalisation"), "{message}");
    }
}

/// A card that was written is the card that was there, for every kind of input, normalisation and name.
#[test]
fn cards_read_what_they_write() {
    let again = |card: &ModelCard| {
        let path = card.model_path().with_extension("toml");
        let folder = tempfile::tempdir().unwrap();
        let copy = folder.path().join(path.file_name().unwrap());
        fs::write(&copy, card.to_toml(&path)).unwrap();
        let text = card.to_toml(&path);
        let found = ModelCard::load(&copy).unwrap_or_else(|e| panic!("{e}: {text}"));
        assert_eq!(found.model_file(), card.model_file());
        assert_eq!(found.to_toml(&path), text);
        // All but the folder, which is another.
        let said = |card: &ModelCard| {
            let parts = (card.about(), card.input(), card.output(), card.heads());
            let rest = (
                card.decoder(),
                card.prediction(),
                card.space(),
                card.sha256(),
            );
            format!("{parts:?} {rest:?}")
        };
        assert_eq!(said(&found), said(card));
    };
    let zoo = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/models")).unwrap();
    let zoo = zoo.map(|entry| entry.unwrap().path());
    let cards: Vec<_> = zoo
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .collect();
    assert!(cards.len() >= 8);
    for path in cards {
        again(&ModelCard::load(&path).unwrap());
    }
    let odd = FULL
        .replace("'simclr'", r#""a \"name\", of\\two\nlines = [é]""#)
        .replace("0.262", "1.1754944e-38");
    for text in [FULL, SED, &odd] {
        again(&Shelf::new("mean.onnx", text).card());
    }
    for how in [
        "'none'",
        "'max'\njoint = true",
        "'percentile'\nlo = 0.1\nhi = 99.9",
        "'mean-std'\nmean = [0.485, 0.456, 0.406]\nstd = 3.4028235e38",
        "'asinh'\nscale = 1e-7\nsky = 'all'\ndivide_by = 16777216",
    ] {
        again(
            &Shelf::new(
                "mean.onnx",
                &FULL.replace("'asinh'\nscale = 0.5\njoint = true", how),
            )
            .card(),
        );
    }
}

#[test]
fn a_draft_is_filled_in_from_the_graph_and_tells_what_is_missing() {
    let how: Normalisation = "mean-std mean=127 std=128".parse().unwrap();
    let keys = |draft: &CardDraft| -> Vec<String> {
        let faults = draft.judged().err().unwrap_or_default();
        faults.into_iter().map(|fault| fault.key).collect()
    };
    let mut draft = CardDraft::read(&model("mean.onnx")).unwrap();
    assert_eq!(
        (&*draft.channels, &*draft.size, &*draft.tensor),
        ("3", "8", "features")
    );
    assert_eq!(keys(&draft), ["input.normalisation.method"]);
    draft.normalisation = (&how).into();
    let card = draft.card().unwrap();
    assert_eq!(card.input().shape(), [3, 8, 8]);
    assert_eq!(*card.input().normalisation(), how);
    assert_eq!(card.sha256().map(str::len), Some(64));
    card.check_model().unwrap();

    draft.bands = "g r".to_owned();
    draft.pixel_scale_arcsec = "small".to_owned();
    draft.normalisation.std = "1, x".to_owned();
    draft.tensor.clear();
    assert_eq!(
        keys(&draft),
        [
            "input.bands",
            "input.pixel_scale_arcsec",
            "input.normalisation.std"
        ]
    );
    draft.bands = "g, r,z".to_owned();
    draft.pixel_scale_arcsec = "-1".to_owned();
    draft.normalisation.std = "1".to_owned();
    draft.tensor = "nothing".to_owned();
    // The card itself refuses what is a number and cannot be.
    assert_eq!(keys(&draft), ["input.pixel_scale_arcsec"]);
    draft.pixel_scale_arcsec = "0.262".to_owned();
    let card = draft.card().unwrap();
    assert_eq!(card.input().image().unwrap().bands, ["g", "r", "z"]);
    assert!(error(card.check_model()).contains("no tensor `nothing`"));

    let mut open = CardDraft::read(&model("open_sides.onnx")).unwrap();
    open.normalisation = (&how).into();
    assert_eq!(keys(&open), ["input.size"]);
    open.size = "8".to_owned();
    open.card().unwrap().check_model().unwrap();

    let mut columns = CardDraft::read(&model("vector.onnx")).unwrap();
    columns.normalisation = (&how).into();
    assert_eq!(keys(&columns), ["input.columns"]);
    let names: Vec<String> = (0..12).map(|i| format!("mag_{i}")).collect();
    columns.columns = names.join(" ");
    let card = columns.card().unwrap();
    assert_eq!(card.input().sed().unwrap().columns.len(), 12);
    card.check_model().unwrap();
    columns.wavelengths = "3600, 9824".to_owned();
    assert_eq!(keys(&columns), ["input.columns"]);
    columns.columns.clear();
    let card = columns.card().unwrap();
    assert_eq!(card.input().spectrum().unwrap().size, 12);
    card.check_model().unwrap();
    columns.wavelengths = "3600".to_owned();
    assert_eq!(keys(&columns), ["input.wavelength"]);
    assert!(error(CardDraft::read(&model("double.onnx"))).contains("float64"));
}
