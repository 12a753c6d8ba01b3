//! What the device `auto` stands for: the faster of the processor and the first accelerator that works.
//!
//! The accelerators that the ONNX Runtime library offers are opened in a fixed order, each with failure
//! as an error, until one of them runs a batch; it is then timed against the processor, and the faster
//! is kept. A [`DeviceMemory`] keeps what was measured, under a key of all that it depends on. What
//! failed is told with the choice, never passed over; such a choice is not remembered, since it may
//! work tomorrow.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::EncodeError;
use super::engine::Provider;

/// Largest difference between two devices' vectors, as a share of the largest value. Accelerators
/// multiply in shorter numbers (TF32 has 10 bits), so that theirs are not the processor's to the bit.
const AGREEMENT: f32 = 0.02;

/// Two devices that were timed, and the one that was kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The faster.
    pub kept: Provider,
    /// Objects per second of each.
    pub rates: Vec<(Provider, f64)>,
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
    /// The processor: the library offers nothing else.
    OnlyProcessor,
    /// The faster of what works.
    Compared {
        /// What was timed; of one device alone nothing is.
        measured: Option<Measured>,
        /// What is offered and does not work, and why.
        failed: Vec<(Provider, String)>,
        /// Whether this was measured in an earlier run.
        remembered: bool,
    },
}

impl AutoChoice {
    /// What is offered and does not work, and why.
    #[must_use]
    pub fn failed(&self) -> &[(Provider, String)] {
        match self {
            Self::Compared { failed, .. } => failed,
            Self::NoLibrary | Self::OnlyProcessor => &[],
        }
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (provider, rate)) in self.rates.iter().enumerate() {
            let comma = if i > 0 { ", " } else { "" };
            write!(f, "{comma}{} {rate:.0}", provider.name())?;
        }
        f.write_str(" objects/s")
    }
}

impl fmt::Display for AutoChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoLibrary => f.write_str("no ONNX Runtime library was found"),
            Self::OnlyProcessor => {
                f.write_str("this ONNX Runtime library offers no accelerator, so nothing was timed")
            }
            Self::Compared {
                measured,
                failed,
                remembered,
            } => {
                if let Some(measured) = measured {
                    let when = if *remembered {
                        "measured in an earlier run"
                    } else {
                        "measured now"
                    };
                    write!(f, "the faster of {measured}, {when}")?;
                }
                for (i, (provider, reason)) in failed.iter().enumerate() {
                    let before = if measured.is_some() || i > 0 {
                        "; "
                    } else {
                        ""
                    };
                    write!(f, "{before}{} does not work: {reason}", provider.name())?;
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

    fn open(&mut self, provider: Provider) -> Result<Self::Runner, EncodeError>;

    fn time(&mut self, runner: &mut Self::Runner) -> Result<Trial, EncodeError>;
}

/// What was chosen, and why.
pub(super) struct Chosen<R> {
    pub(super) runner: R,
    pub(super) choice: AutoChoice,
}

/// Chooses between the processor and the accelerators that are `offered`, in their order. What is
/// `remembered` is opened without being timed, as long as it can be.
///
/// # Errors
/// That of the processor, when nothing works.
pub(super) fn choose<C: Contest>(
    contest: &mut C,
    offered: &[Provider],
    remembered: Option<Measured>,
) -> Result<Chosen<C::Runner>, EncodeError> {
    if offered.is_empty() {
        return Ok(Chosen {
            runner: contest.open(Provider::Cpu)?,
            choice: AutoChoice::OnlyProcessor,
        });
    }
    let known = |kept: &Provider| *kept == Provider::Cpu || offered.contains(kept);
    if let Some(measured) = remembered.filter(|measured| known(&measured.kept))
        && let Ok(runner) = contest.open(measured.kept)
    {
        let choice = AutoChoice::Compared {
            measured: Some(measured),
            failed: Vec::new(),
            remembered: true,
        };
        return Ok(Chosen { runner, choice });
    }
    let processor = contest.open(Provider::Cpu);
    let mut failed = Vec::new();
    for &provider in offered {
        let tried = contest.open(provider).and_then(|mut runner| {
            let trial = contest.time(&mut runner)?;
            Ok((runner, trial))
        });
        match tried {
            Ok(accelerator) => {
                return Ok(faster(contest, processor, (provider, accelerator), failed));
            }
            Err(e) => failed.push((provider, e.to_string())),
        }
    }
    Ok(Chosen {
        runner: processor?,
        choice: AutoChoice::Compared {
            measured: None,
            failed,
            remembered: false,
        },
    })
}

/// The faster of the processor and an accelerator that works.
fn faster<C: Contest>(
    contest: &mut C,
    processor: Result<C::Runner, EncodeError>,
    (provider, (accelerator, its)): (Provider, (C::Runner, Trial)),
    mut failed: Vec<(Provider, String)>,
) -> Chosen<C::Runner> {
    let timed = processor.and_then(|mut runner| {
        let trial = contest.time(&mut runner)?;
        Ok((runner, trial))
    });
    let compared = |measured, failed| AutoChoice::Compared {
        measured,
        failed,
        remembered: false,
    };
    match timed {
        Err(e) => {
            failed.push((Provider::Cpu, e.to_string()));
            Chosen {
                runner: accelerator,
                choice: compared(None, failed),
            }
        }
        Ok((runner, own)) => {
            if let Err(reason) = agree(&its.vectors, &own.vectors) {
                failed.push((provider, reason));
                return Chosen {
                    runner,
                    choice: compared(None, failed),
                };
            }
            let is_faster = its.rate > own.rate;
            let measured = Measured {
                kept: if is_faster { provider } else { Provider::Cpu },
                rates: vec![(provider, its.rate), (Provider::Cpu, own.rate)],
            };
            Chosen {
                runner: if is_faster { accelerator } else { runner },
                choice: compared(Some(measured), failed),
            }
        }
    }
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
        opens: Vec<(Provider, bool)>,
        rates: Vec<(Provider, f64)>,
        wrong: Option<Provider>,
        opened: Vec<Provider>,
        timed: Vec<Provider>,
    }

    fn error(what: &str) -> EncodeError {
        EncodeError::Device {
            device: "fake".to_owned(),
            reason: what.to_owned(),
        }
    }

    impl Contest for Fake {
        type Runner = Provider;

        fn open(&mut self, provider: Provider) -> Result<Provider, EncodeError> {
            self.opened.push(provider);
            let opens = self.opens.contains(&(provider, true));
            opens
                .then_some(provider)
                .ok_or_else(|| error("no driver is installed"))
        }

        fn time(&mut self, runner: &mut Provider) -> Result<Trial, EncodeError> {
            self.timed.push(*runner);
            let rate = self.rates.iter().find(|(provider, _)| provider == runner);
            let &(_, rate) = rate.ok_or_else(|| error("it stopped"))?;
            let value = if self.wrong == Some(*runner) {
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
    fn fake(devices: &[(Provider, Option<f64>)]) -> Fake {
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

    fn chosen(contest: &mut Fake, remembered: Option<Measured>) -> (Provider, AutoChoice) {
        let found = choose(contest, &OFFERED, remembered);
        let Ok(Chosen { runner, choice }) = found else {
            panic!("something works")
        };
        (runner, choice)
    }

    #[test]
    fn the_faster_of_the_first_that_works_and_the_processor_is_kept() {
        use Provider::{Cpu, Cuda, WebGpu};
        for (cuda, kept) in [(900.0, Cuda), (50.0, Cpu)] {
            let mut contest = fake(&[(Cpu, Some(100.0)), (Cuda, Some(cuda)), (WebGpu, Some(1e9))]);
            let (runner, choice) = chosen(&mut contest, None);
            assert_eq!(runner, kept);
            // The second accelerator is not asked.
            assert!(!contest.opened.contains(&WebGpu));
            let text = choice.to_string();
            assert!(text.contains(&format!("CUDA {cuda:.0}, CPU 100")), "{text}");
            assert!(choice.failed().is_empty());
        }
    }

    #[test]
    fn what_fails_is_told_and_the_next_is_tried() {
        use Provider::{Cpu, Cuda, WebGpu};
        let (runner, choice) = chosen(&mut fake(&[(Cpu, Some(1.0)), (WebGpu, Some(2.0))]), None);
        assert_eq!(runner, WebGpu);
        let text = choice.to_string();
        assert!(text.contains("WebGPU 2, CPU 1"), "{text}");
        assert!(
            text.contains("CUDA does not work") && text.contains("no driver"),
            "{text}"
        );

        // Opens, but does not run; nothing is left to compare with.
        let mut contest = fake(&[(Cpu, Some(1.0)), (Cuda, None)]);
        let (runner, choice) = chosen(&mut contest, None);
        assert_eq!((runner, choice.failed().len()), (Cpu, 2));
        assert_eq!(contest.timed, [Cuda]);

        // Vectors that are wrong are worse than slow ones.
        let mut contest = Fake {
            wrong: Some(Cuda),
            ..fake(&[(Cpu, Some(1.0)), (Cuda, Some(9.0))])
        };
        let (runner, choice) = chosen(&mut contest, None);
        assert_eq!(runner, Cpu);
        assert!(choice.to_string().contains("not those of the processor"));

        // The processor's error is the error of all.
        let Err(e) = choose(&mut fake(&[]), &OFFERED, None) else {
            panic!("nothing works")
        };
        assert!(e.to_string().contains("no driver"));
        // An accelerator alone is used, and the processor's failure told.
        let (runner, choice) = chosen(&mut fake(&[(Cuda, Some(9.0))]), None);
        assert_eq!(runner, Cuda);
        assert!(choice.to_string().contains("CPU does not work"));
    }

    #[test]
    fn what_is_remembered_is_opened_and_not_timed() {
        use Provider::{Cpu, Cuda, TensorRt};
        let of = |kept| {
            Some(Measured {
                kept,
                rates: vec![(Cuda, 9.0), (Cpu, 1.0)],
            })
        };
        for kept in [Cuda, Cpu] {
            let mut contest = fake(&[(Cpu, Some(1.0)), (Cuda, Some(9.0))]);
            let (runner, choice) = chosen(&mut contest, of(kept));
            assert_eq!((runner, &contest.opened[..]), (kept, &[kept][..]));
            assert!(contest.timed.is_empty());
            assert!(choice.to_string().contains("in an earlier run"));
        }
        // Gone since, or never offered: measured anew, and told.
        let (runner, choice) = chosen(&mut fake(&[(Cpu, Some(1.0))]), of(Cuda));
        assert_eq!((runner, choice.failed().len()), (Cpu, 2));
        let mut contest = fake(&[(Cpu, Some(1.0)), (Cuda, Some(9.0))]);
        assert_eq!(chosen(&mut contest, of(TensorRt)).0, Cuda);
        assert!(!contest.opened.contains(&TensorRt));
    }

    #[test]
    fn a_library_without_accelerators_is_not_timed() {
        let mut contest = fake(&[(Provider::Cpu, Some(1.0))]);
        let found = choose(&mut contest, &[], None);
        assert!(found.is_ok_and(|found| found.choice == AutoChoice::OnlyProcessor));
        assert!(contest.timed.is_empty());
    }
}
