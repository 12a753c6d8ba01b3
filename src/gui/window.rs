//! A window that comes back when its graphics device is lost, with everything as it was.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use eframe::egui::{self, Context, Ui};

use super::{App, Settings, Start};

/// A device that is lost again this soon will not stay.
const SOON: Duration = Duration::from_secs(10);

/// The program, which outlives its windows.
type Shared = Rc<RefCell<Option<App>>>;

/// Opens windows until one is closed by the user.
pub(super) fn run(start: Start) -> Result<(), String> {
    let shared = Shared::default();
    let mut start = Some(start);
    loop {
        let opened = Instant::now();
        // The toolkit may panic over a device that went away while it drew.
        let ended = catch_unwind(AssertUnwindSafe(|| {
            let (start, shared) = (start.take(), Rc::clone(&shared));
            let create: eframe::AppCreator<'_> = Box::new(move |creation| {
                shared
                    .borrow_mut()
                    .get_or_insert_with(|| {
                        App::new(creation, Settings::load(), start.unwrap_or(Start::Empty))
                    })
                    .reopen(creation);
                Ok(Box::new(Window { shared }))
            });
            eframe::run_native("latentarium", options(), create)
        }));
        let failure = match (&*shared.borrow(), ended) {
            (Some(app), ended) => match (app.device_failure(), ended) {
                (Some(failure), _) => failure.to_owned(),
                (None, Err(panic)) => resume_unwind(panic),
                (None, Ok(ended)) => return ended.map_err(|e| cannot_open(&e)),
            },
            (None, Ok(ended)) => return ended.map_err(|e| cannot_open(&e)),
            (None, Err(panic)) => resume_unwind(panic),
        };
        if opened.elapsed() < SOON {
            return Err(format!(
                "the graphics device fails again and again ({failure}); update its driver, or set WGPU_BACKEND=gl or \
                 WGPU_ADAPTER_NAME=llvmpipe to use another"
            ));
        }
    }
}

fn cannot_open(error: &eframe::Error) -> String {
    format!(
        "the window cannot be opened ({error}); run `latentarium doctor` to see what is missing, or use the commands, \
         see --help"
    )
}

fn options() -> eframe::NativeOptions {
    let mut setup = eframe::egui_wgpu::WgpuSetupCreateNew::without_display_handle();
    setup.device_descriptor = Arc::new(crate::render::device_descriptor);
    eframe::NativeOptions {
        viewport: egui::ViewportBuilder::default()
            .with_title("Latentarium")
            .with_app_id("latentarium")
            .with_inner_size([1440.0, 900.0])
            .with_min_inner_size([720.0, 480.0])
            .with_drag_and_drop(true),
        renderer: eframe::Renderer::Wgpu,
        wgpu_options: eframe::egui_wgpu::WgpuConfiguration {
            wgpu_setup: setup.into(),
            ..Default::default()
        },
        ..Default::default()
    }
}

/// Shows the program until its device is gone.
struct Window {
    shared: Shared,
}

impl eframe::App for Window {
    fn logic(&mut self, ctx: &Context, frame: &mut eframe::Frame) {
        if let Some(app) = &mut *self.shared.borrow_mut() {
            if app.device_failure().is_some() {
                ctx.send_viewport_cmd(egui::ViewportCommand::Close);
            } else {
                app.logic(ctx, frame);
            }
        }
    }

    fn ui(&mut self, ui: &mut Ui, frame: &mut eframe::Frame) {
        if let Some(app) = &mut *self.shared.borrow_mut()
            && app.device_failure().is_none()
        {
            app.ui(ui, frame);
        }
    }
}
