//! What the encoder's decoder, or its prediction, says: of the object under study, of the place under
//! the cursor, and along the line between two objects. Worked out on other threads, newest first.

use std::sync::{Arc, Mutex, PoisonError};

use eframe::egui::{ColorImage, Context, TextureHandle};

use super::latest::Latest;
use super::objects;
use crate::data::CutoutRead as _;
use crate::encode::{Makes, PictureModel};
use crate::job::picture_model;
use crate::scene::{paint_comparison, paint_made, vector_at, vector_of, walk};
use crate::session::{Encoded, EncoderChoice, MapPoints, Part, Revision, Session};

/// Pictures of a walk, the ends included.
pub(super) const STEPS: usize = 9;

/// The vectors, and the encoder that was chosen: what decides which model is asked.
#[derive(Debug, Clone, PartialEq)]
struct Source {
    vectors: Revision,
    chosen: EncoderChoice,
}

/// The model of a source, once it was opened, or why it cannot be.
type Opened = Option<(Source, Result<Option<PictureModel>, String>)>;

/// `None` where the encoder makes no pictures.
pub(super) type Answer<T> = Result<Option<T>, String>;

/// Observed, made and residual of an object, and what they are.
pub(super) struct Compared {
    pub makes: Makes,
    /// In the units of the encoder's normalisation.
    pub rms: Option<f64>,
}

/// What there is to see of the place under the cursor.
pub(super) enum Place<'a> {
    NoDecoder,
    Failed(String),
    Picture(Option<&'a TextureHandle>),
}

/// Pictures on the GPU, and what they show.
struct Shown<K> {
    key: Option<K>,
    name: &'static str,
    textures: Vec<Option<TextureHandle>>,
}

type ObjectKey = (Source, usize);
type PlaceKey = (Source, u64, [u64; 2]);
type WalkKey = (Source, [usize; 2]);
type Pictures = Vec<Option<ColorImage>>;

/// The state of it all.
pub(super) struct Decoding {
    model: Arc<Mutex<Opened>>,
    object: Latest<ObjectKey, Answer<(Compared, Pictures)>>,
    place: Latest<PlaceKey, Answer<Pictures>>,
    walk: Latest<WalkKey, Answer<Pictures>>,
    object_shown: Shown<ObjectKey>,
    place_shown: Shown<PlaceKey>,
    walk_shown: Shown<WalkKey>,
}

impl Default for Decoding {
    fn default() -> Self {
        Self {
            model: Arc::default(),
            object: Latest::default(),
            place: Latest::default(),
            walk: Latest::default(),
            object_shown: Shown::new("compared"),
            place_shown: Shown::new("decoded"),
            walk_shown: Shown::new("walk"),
        }
    }
}

impl<K: PartialEq + Clone> Shown<K> {
    fn new(name: &'static str) -> Self {
        Self {
            key: None,
            name,
            textures: Vec::new(),
        }
    }

    fn take(&mut self, ctx: &Context, key: &K, pictures: &[Option<ColorImage>]) {
        self.key = Some(key.clone());
        let upload = |picture: &Option<ColorImage>| {
            let picture = picture.as_ref()?;
            Some(objects::upload(ctx, self.name, picture, false))
        };
        self.textures = pictures.iter().map(upload).collect();
    }
}

impl Decoding {
    /// Asks what the model makes of an object, and takes in what has arrived: the pictures (observed,
    /// made, residual) and what they are.
    pub fn object(
        &mut self,
        ctx: &Context,
        session: &Session,
        chosen: &EncoderChoice,
        row: usize,
    ) -> Answer<(&Compared, &[Option<TextureHandle>])> {
        let (Some(data), Some(encoded)) = (session.data(), session.embedding()) else {
            return Ok(None);
        };
        if data.dataset.cutouts.is_none() {
            return Ok(None);
        }
        let key = (source(encoded, chosen), row);
        let (asked, model) = (key.0.clone(), Arc::clone(&self.model));
        let (data, vectors) = (data.share(), encoded.share());
        self.object.ask(ctx, &key, move || {
            with_model(&model, asked, &vectors, |model| {
                let Some(source) = &data.dataset.cutouts else {
                    return Err(String::new());
                };
                let cutout = source.read(row).map_err(|e| e.to_string())?;
                let vector = vector_of(&vectors.embedding, row).unwrap_or_default();
                let found = model.compare(&cutout, vector).map_err(|e| e.to_string())?;
                let painted = paint_comparison(&found);
                let pictures = [painted.observed, Some(painted.made), painted.residual];
                let compared = Compared {
                    makes: model.makes().clone(),
                    rms: found.rms(),
                };
                let pictures = pictures.map(|p| p.as_ref().map(objects::image));
                Ok((compared, pictures.to_vec()))
            })
        });
        if self.object.poll(ctx)
            && let Some((key, Ok(Some((_, pictures))))) = self.object.answer()
        {
            self.object_shown.take(ctx, key, pictures);
        }
        match self.object.answer_to(&key) {
            Some(Ok(Some((compared, _)))) => Ok(Some((compared, &self.object_shown.textures))),
            Some(Err(reason)) => Err(reason.clone()),
            Some(Ok(None)) | None => Ok(None),
        }
    }

    /// Asks for the picture under a place (offsets, in the plane of `points`), and takes in what has
    /// arrived: the newest picture there is, while the cursor moves on.
    pub fn place(
        &mut self,
        ctx: &Context,
        session: &Session,
        chosen: &EncoderChoice,
        points: &Arc<MapPoints>,
        (serial, at): (u64, [f64; 2]),
    ) -> Place<'_> {
        let (Some(map), Some(encoded)) = (session.map(), session.embedding()) else {
            return Place::NoDecoder;
        };
        let key = (source(encoded, chosen), serial, at.map(f64::to_bits));
        let (asked, model) = (key.0.clone(), Arc::clone(&self.model));
        let (map, vectors, points) = (map.share(), encoded.share(), Arc::clone(points));
        self.place.ask(ctx, &key, move || {
            with_model(&model, asked, &vectors, |model| {
                let vector = vector_at(&map, &points, &vectors.embedding, at);
                let vector = vector.ok_or("no object near this place has a vector")?;
                decoded(model, &vector)
            })
        });
        if self.place.poll(ctx)
            && let Some((key, Ok(Some(pictures)))) = self.place.answer()
        {
            self.place_shown.take(ctx, key, pictures);
        }
        match self.place.answer() {
            Some((known, Ok(None))) if known.0 == key.0 => Place::NoDecoder,
            Some((known, Err(reason))) if known.0 == key.0 => Place::Failed(reason.clone()),
            // Until the first picture is there, an empty frame.
            _ => {
                let of_these = |known: &PlaceKey| known.0 == key.0;
                let picture = self.place_shown.textures.first().and_then(Option::as_ref);
                Place::Picture(
                    picture.filter(|_| self.place_shown.key.as_ref().is_some_and(of_these)),
                )
            }
        }
    }

    /// Asks for the pictures between the vectors of two objects, and takes in what has arrived.
    pub fn walk(
        &mut self,
        ctx: &Context,
        session: &Session,
        chosen: &EncoderChoice,
        ends: [usize; 2],
    ) -> Answer<&[Option<TextureHandle>]> {
        let Some(encoded) = session.embedding() else {
            return Ok(None);
        };
        let key = (source(encoded, chosen), ends);
        let (asked, model, vectors) = (key.0.clone(), Arc::clone(&self.model), encoded.share());
        self.walk.ask(ctx, &key, move || {
            with_model(&model, asked, &vectors, |model| {
                let [from, to] = ends.map(|row| vector_of(&vectors.embedding, row));
                let (from, to) = from.zip(to).ok_or("one of the two objects has no vector")?;
                decoded(model, &walk(from, to, STEPS))
            })
        });
        if self.walk.poll(ctx)
            && let Some((key, Ok(Some(pictures)))) = self.walk.answer()
        {
            self.walk_shown.take(ctx, key, pictures);
        }
        match self.walk.answer_to(&key) {
            Some(Ok(Some(_))) => Ok(Some(&self.walk_shown.textures)),
            Some(Err(reason)) => Err(reason.clone()),
            Some(Ok(None)) => Ok(None),
            // On their way.
            None => Ok(Some(&[])),
        }
    }
}

/// The pictures of vectors.
fn decoded(model: &mut PictureModel, vectors: &[f32]) -> Result<Pictures, String> {
    let pictures = model.decode(vectors).map_err(|e| e.to_string())?;
    let pictures = pictures
        .iter()
        .map(|p| Some(objects::image(&paint_made(p))));
    Ok(pictures.collect())
}

fn source(encoded: &Part<Encoded>, chosen: &EncoderChoice) -> Source {
    Source {
        vectors: encoded.revision(),
        chosen: chosen.clone(),
    }
}

/// Runs `work` with the model of a source, which is opened when it is first needed.
fn with_model<T>(
    kept: &Mutex<Opened>,
    source: Source,
    encoded: &Encoded,
    work: impl FnOnce(&mut PictureModel) -> Result<T, String>,
) -> Answer<T> {
    let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
    if kept.as_ref().is_none_or(|(known, _)| *known != source) {
        let model = picture_model(encoded, &source.chosen).map_err(|e| e.to_string());
        *kept = Some((source, model));
    }
    match &mut *kept {
        Some((_, Ok(Some(model)))) => work(model).map(Some),
        Some((_, Err(reason))) => Err(reason.clone()),
        Some((_, Ok(None))) | None => Ok(None),
    }
}
