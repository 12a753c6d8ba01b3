//! What the device `auto` stands for: the fastest of the engines on the processor and the first accelerator
//! that works.
//!
//! The accelerators that the ONNX Runtime library offers are opened in a fixed order, each with failure
//! as an error, until one of them runs a batch; it is then timed against both engines on the processor, and the
//! fastest is kept. A [`DeviceMemory`] keeps what was measured, under a key of all that it depends on. What
//! failed is told with the choice, never passed over; such a choice is not remembered, since it may
//! work tomorrow. Only that the compiled-in engine does not know a graph is no news.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::EncodeError;
use super::engine::Provider;

/// Largest difference between two devices' vectors, as a share of the largest value. Accelerators
/// multiply in shorter numbers (TF32 has 10 bits), so that theirs are not the processor's to the bit.
const AGREEMENT: f32 = 0.02;

/// Devices that were timed, and the one that was kept. A device is a provider of ONNX Runtime, or, `None`, the
/// compiled-in engine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The fastest.
    pub kept: Option<Provider>,
    /// Objects per second of each, of one at least.
    pub rates: Vec<(Option<Provider>, f64)>,
}

impl Measured {
    /// As it is told to the user.
    #[must_use]
    pub fn name(device: Option<Provider>) -> &'static str {
        device.map_or("compiled in", Provider::name)
    }
}

/// Keeps what was measured from one run of the program to the next.
pub trait DeviceMemory {
    /// What was measured under this key.
    fn recall(&self, key: &str) -> Option<Measured>;

    /// Keeps a measurement of the model of that name. A memory that cannot be written to stays silent:
    /// the next run measures again.
    fn remember(&self, key: &str, model: &str, measured: &Measured);
}

/// No memory: every run measures.
impl DeviceMemory for () {
    fn recall(&self, _key: &str) -> Option<Measured> {
        None
    }

    fn remember(&self, _key: &str, _model: &str, _measured: &Measured) {}
}

/// What `auto` came to, and why; its text is one clause for the user.
#[derive(Debug, Clone, PartialEq)]
pub enum AutoChoice {
    /// The compiled-in engine: there is no ONNX Runtime.
    NoLibrary,
    /// The fastest of what works.
    Compared {
        /// What was timed.
        measured: Measured,
        /// What is offered and does not work, and why.
        failed: Vec<(Option<Provider>, String)>,
        /// Whether this was measured in an earlier run.
        remembered: bool,
    },
}

impl AutoChoice {
    /// What is offered and does not work, and why.
    #[must_use]
    pub fn failed(&self) -> &[(Option<Provider>, String)] {
        match self {
            Self::Compared { failed, .. } => failed,
            Self::NoLibrary => &[],
        }
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (provider, rate)) in self.rates.iter().enumerate() {
            let comma = if i > 0 { ", " } else { "" };
            write!(f, "{comma}{} {rate:.0}", Self::name(*provider))?;
        }
        f.write_str(" objects/s")
    }
}

impl fmt::Display for AutoChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoLibrary => f.write_str("no ONNX Runtime library was found"),
            Self::Compared {
                measured,
                failed,
                remembered,
            } => {
                let when = if *remembered {
                    "measured in an earlier run"
                } else {
                    "measured now"
                };
                let which = match measured.rates.len() {
                    0 | 1 => "the only one that runs it:",
                    2 => "the faster of",
                    _ => "the fastest of",
                };
                write!(f, "{which} {measured}, {when}")?;
                for (device, reason) in failed {
                    let name = Measured::name(*device);
                    write!(f, "; {name} does not work: {reason}")?;
                }
                Ok(())
            }
        }
    }
}

/// A device at work on one batch.
#[derive(Debug, Clone)]
pub(super) struct Trial {
    /// Objects per second of a warm batch, of the size that suits the device.
    pub(super) rate: f64,
    /// Vectors of the same first objects on every device.
    pub(super) vectors: Vec<f32>,
}

/// Opens and times what is to be compared.
pub(super) trait Contest {
    /// A model on a device.
    type Runner;

    fn open(&mut self, device: Option<Provider>) -> Result<Self::Runner, EncodeError>;

    fn time(&mut self, runner: &mut Self::Runner) -> Result<Trial, EncodeError>;
}

/// What was chosen, and why.
pub(super) struct Chosen<R> {
    pub(super) runner: R,
    pub(super) choice: AutoChoice,
}

/// Chooses between the engines on the processor and the accelerators that are `offered`, in their order. What is
/// `remembered` is opened without being timed, as long as it can be.
///
/// # Errors
/// That of ONNX Runtime on the processor, when nothing works.
pub(super) fn choose<C: Contest>(
    contest: &mut C,
    offered: &[Provider],
    remembered: Option<Measured>,
) -> Result<Chosen<C::Runner>, EncodeError> {
    let known = |device: Option<Provider>| {
        device.is_none_or(|provider| provider == Provider::Cpu || offered.contains(&provider))
    };
    if let Some(measured) = remembered.filter(|measured| known(measured.kept))
        && let Ok(runner) = contest.open(measured.kept)
    {
        let choice = AutoChoice::Compared {
            measured,
            failed: Vec::new(),
            remembered: true,
        };
        return Ok(Chosen { runner, choice });
    }
    let mut failed = Vec::new();
    let (mut works, mut error) = (Vec::new(), None);
    for &provider in offered {
        match tried(contest, Some(provider)) {
            Ok(accelerator) => {
                works.push(accelerator);
                break;
            }
            Err(e) => failed.push((Some(provider), e.to_string())),
        }
    }
    match tried(contest, Some(Provider::Cpu)) {
        Ok(processor) => works.push(processor),
        Err(e) => error = Some(e),
    }
    // Of two that are about as fast, now one and now the other would win where nothing is remembered, and an
    // interrupted run would not be taken up.
    if failed.is_empty() || error.is_some() {
        works.extend(tried(contest, None));
    }
    agreeing(&mut works, &mut failed);
    // In turns, so that a moment in which the machine is slow befalls all.
    for _ in 1..TURNS {
        works.retain_mut(|candidate| match contest.time(&mut candidate.runner) {
            Ok(trial) => {
                candidate.trial.rate = candidate.trial.rate.max(trial.rate);
                true
            }
            Err(e) => {
                failed.push((candidate.device, e.to_string()));
                false
            }
        });
    }
    let rates = works
        .iter()
        .map(|candidate| (candidate.device, candidate.trial.rate));
    let rates: Vec<(Option<Provider>, f64)> = rates.collect();
    let fastest = works
        .into_iter()
        .max_by(|a, b| a.trial.rate.total_cmp(&b.trial.rate));
    match (fastest, error) {
        (None, error) => Err(error.unwrap_or_else(|| EncodeError::Device {
            device: Provider::Cpu.name().to_owned(),
            reason: "nothing works".to_owned(),
        })),
        (Some(Candidate { device, runner, .. }), error) => {
            failed.extend(error.map(|e| (Some(Provider::Cpu), e.to_string())));
            let measured = Measured {
                kept: device,
                rates,
            };
            let choice = AutoChoice::Compared {
                measured,
                failed,
                remembered: false,
            };
            Ok(Chosen { runner, choice })
        }
    }
}

/// How often each device is timed; its fastest time counts.
const TURNS: usize = 4;

/// A device that works.
struct Candidate<R> {
    device: Option<Provider>,
    runner: R,
    trial: Trial,
}

fn tried<C: Contest>(
    contest: &mut C,
    device: Option<Provider>,
) -> Result<Candidate<C::Runner>, EncodeError> {
    let mut runner = contest.open(device)?;
    let trial = contest.time(&mut runner)?;
    Ok(Candidate {
        device,
        runner,
        trial,
    })
}

/// Leaves out the devices whose vectors are not those of ONNX Runtime on the processor, where it works.
fn agreeing<R>(works: &mut Vec<Candidate<R>>, failed: &mut Vec<(Option<Provider>, String)>) {
    let is_judge = |candidate: &Candidate<R>| candidate.device == Some(Provider::Cpu);
    let Some(judge) = works.iter().find(|candidate| is_judge(candidate)) else {
        return;
    };
    let expected = judge.trial.vectors.clone();
    works.retain(|candidate| {
        // Its own may hold what is no number, which equals nothing.
        if is_judge(candidate) {
            return true;
        }
        let agreed = agree(&candidate.trial.vectors, &expected);
        agreed
            .map_err(|reason| failed.push((candidate.device, reason)))
            .is_ok()
    });
}

/// Whether two devices return the same vectors, as nearly as their numbers allow.
fn agree(found: &[f32], expected: &[f32]) -> Result<(), String> {
    let largest = expected.iter().fold(0.0_f32, |most, v| most.max(v.abs()));
    let fits = |(a, b): (&f32, &f32)| a == b || (a - b).abs() <= AGREEMENT * largest;
    if found.len() == expected.len() && found.iter().zip(expected).all(fits) {
        Ok(())
    } else {
        Err("its vectors are not those of the processor".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFERED: [Provider; 2] = [Provider::Cuda, Provider::WebGpu];

    /// Devices by their rate; one of `None` fails, some only when they run.
    #[derive(Default)]
    struct Fake {
        opens: Vec<(Option<Provider>, bool)>,
        rates: Vec<(Option<Provider>, f64)>,
        wrong: Vec<Option<Provider>>,
        /// Runs once and then no more.
        weary: Vec<Option<Provider>>,
        opened: Vec<Option<Provider>>,
        timed: Vec<Option<Provider>>,
    }

    fn error(what: &str) -> EncodeError {
        EncodeError::Device {
            device: "fake".to_owned(),
            reason: what.to_owned(),
        }
    }

    impl Contest for Fake {
        type Runner = Option<Provider>;

        fn open(&mut self, provider: Option<Provider>) -> Result<Option<Provider>, EncodeError> {
            self.opened.push(provider);
            let opens = self.opens.contains(&(provider, true));
            opens
                .then_some(provider)
                .ok_or_else(|| error("no driver is installed"))
        }

        fn time(&mut self, runner: &mut Option<Provider>) -> Result<Trial, EncodeError> {
            if self.weary.contains(runner) && self.timed.contains(runner) {
                return Err(error("it stopped"));
            }
            self.timed.push(*runner);
            let rate = self.rates.iter().find(|(provider, _)| provider == runner);
            let &(_, rate) = rate.ok_or_else(|| error("it stopped"))?;
            let value = if self.wrong.contains(runner) {
                f32::NAN
            } else {
                0.5
            };
            Ok(Trial {
                rate,
                vectors: vec![1.0, value],
            })
        }
    }

    /// Devices that open, with their rates, where they run.
    fn fake(devices: &[(Option<Provider>, Option<f64>)]) -> Fake {
        let rates = devices
            .iter()
            .filter_map(|&(provider, rate)| rate.map(|rate| (provider, rate)));
        Fake {
            opens: devices
                .iter()
                .map(|&(provider, _)| (provider, true))
                .collect(),
            rates: rates.collect(),
            ..Fake::default()
        }
    }

    fn chosen(contest: &mut Fake, remembered: Option<Measured>) -> (Option<Provider>, AutoChoice) {
        let found = choose(contest, &OFFERED, remembered);
        let Ok(Chosen { runner, choice }) = found else {
            panic!("something works")
        };
        (runner, choice)
    }

    const CPU: Option<Provider> = Some(Provider::Cpu);
    const CUDA: Option<Provider> = Some(Provider::Cuda);
    const WEB_GPU: Option<Provider> = Some(Provider::WebGpu);
    const COMPILED: Option<Provider> = None;

    #[test]
    fn the_fastest_of_the_first_that_works_and_the_processor_is_kept() {
        for (cuda, compiled, kept) in [
            (900.0, 50.0, CUDA),
            (50.0, 60.0, CPU),
            (50.0, 110.0, COMPILED),
        ] {
            let mut contest = fake(&[
                (CPU, Some(100.0)),
                (CUDA, Some(cuda)),
                (WEB_GPU, Some(1e9)),
                (COMPILED, Some(compiled)),
            ]);
            let (runner, choice) = chosen(&mut contest, None);
            assert_eq!(runner, kept);
            // The second accelerator is not asked.
            assert!(!contest.opened.contains(&WEB_GPU));
            let text = choice.to_string();
            let rates =
                format!("the fastest of CUDA {cuda:.0}, CPU 100, compiled in {compiled:.0}");
            assert!(text.contains(&rates), "{text}");
            assert!(choice.failed().is_empty());
        }
    }

    #[test]
    fn what_fails_is_told_and_the_next_is_tried() {
        let (runner, choice) = chosen(&mut fake(&[(CPU, Some(1.0)), (WEB_GPU, Some(2.0))]), None);
        assert_eq!(runner, WEB_GPU);
        let text = choice.to_string();
        assert!(text.contains("the faster of WebGPU 2, CPU 1"), "{text}");
        assert!(
            text.contains("CUDA does not work") && text.contains("no driver"),
            "{text}"
        );

        // Opens, but does not run; nothing is left to compare with.
        let mut contest = fake(&[(CPU, Some(1.0)), (CUDA, None)]);
        let (runner, choice) = chosen(&mut contest, None);
        assert_eq!((runner, choice.failed().len()), (CPU, 2));
        assert!(
            choice
                .to_string()
                .contains("the only one that runs it: CPU 1")
        );

        // Vectors that are wrong are worse than slow ones.
        for (wrong, offered) in [(CUDA, &OFFERED[..]), (COMPILED, &[])] {
            let mut contest = Fake {
                wrong: vec![wrong],
                ..fake(&[(CPU, Some(1.0)), (wrong, Some(9.0))])
            };
            let Ok(Chosen { runner, choice }) = choose(&mut contest, offered, None) else {
                panic!("the processor works")
            };
            assert_eq!(runner, CPU);
            assert!(choice.to_string().contains("not those of the processor"));
        }

        // The processor's error is the error of all.
        let Err(e) = choose(&mut fake(&[]), &OFFERED, None) else {
            panic!("nothing works")
        };
        assert!(e.to_string().contains("no driver"));
        // An accelerator alone is used, and the processor's failure told.
        let (runner, choice) = chosen(&mut fake(&[(CUDA, Some(9.0))]), None);
        assert_eq!(runner, CUDA);
        assert!(choice.to_string().contains("CPU does not work"));
    }

    #[test]
    fn what_is_remembered_is_opened_and_not_timed() {
        let of = |kept| {
            Some(Measured {
                kept,
                rates: vec![(CUDA, 9.0), (CPU, 1.0)],
            })
        };
        for kept in [CUDA, CPU, COMPILED] {
            let all = [(CPU, Some(1.0)), (CUDA, Some(9.0)), (COMPILED, Some(2.0))];
            let mut contest = fake(&all);
            let (runner, choice) = chosen(&mut contest, of(kept));
            assert_eq!((runner, &contest.opened[..]), (kept, &[kept][..]));
            assert!(contest.timed.is_empty());
            assert!(choice.to_string().contains("in an earlier run"));
        }
        // Gone since, or never offered: measured anew, and told.
        let (runner, choice) = chosen(&mut fake(&[(CPU, Some(1.0))]), of(CUDA));
        assert_eq!((runner, choice.failed().len()), (CPU, 2));
        let mut contest = fake(&[(CPU, Some(1.0)), (CUDA, Some(9.0))]);
        let tensor_rt = Some(Provider::TensorRt);
        assert_eq!(chosen(&mut contest, of(tensor_rt)).0, CUDA);
        assert!(!contest.opened.contains(&tensor_rt));
    }

    #[test]
    fn what_stops_while_it_is_timed_is_told_and_not_kept() {
        let mut contest = fake(&[(CUDA, Some(5.0)), (CPU, Some(1.0)), (COMPILED, Some(0.5))]);
        contest.weary.push(CUDA);
        let (runner, choice) = chosen(&mut contest, None);
        assert_eq!(runner, CPU);
        assert_eq!(choice.failed(), [(CUDA, error("it stopped").to_string())]);
    }

    #[test]
    fn without_accelerators_the_engines_on_the_processor_compete() {
        for (compiled, kept) in [(Some(2.0), COMPILED), (Some(0.5), CPU), (None, CPU)] {
            let mut contest = fake(&[(CPU, Some(1.0)), (COMPILED, compiled)]);
            let found = choose(&mut contest, &[], None);
            let Ok(Chosen { runner, choice }) = found else {
                panic!("something works")
            };
            assert_eq!((runner, choice.failed().len()), (kept, 0));
        }
    }
}
