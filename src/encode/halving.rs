//! Batches that are too large for the memory of a device are run in halves.

/// How many objects go to the engine at once: all that come, until memory runs out.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Portion {
    most: Option<usize>,
}

impl Portion {
    /// Runs `count` objects through `run(first, count)`, in order, in portions of the size that was
    /// found to fit; a portion that does not is halved, down to one object, and the size stays so for
    /// what comes after. Returns what each portion gave.
    ///
    /// # Errors
    /// What `run` returns, unless it speaks of memory and there is more than one object.
    pub(super) fn run<T>(
        &mut self,
        count: usize,
        run: &mut dyn FnMut(usize, usize) -> Result<T, String>,
    ) -> Result<Vec<T>, String> {
        let (mut done, mut answers) = (0, Vec::with_capacity(1));
        while done < count {
            let portion = self.most.unwrap_or(count).min(count - done);
            match run(done, portion) {
                Ok(answer) => {
                    answers.push(answer);
                    done += portion;
                }
                Err(reason) if portion > 1 && speaks_of_memory(&reason) => {
                    self.most = Some(portion.div_ceil(2));
                }
                Err(reason) => return Err(reason),
            }
        }
        Ok(answers)
    }
}

/// Whether an engine's error says that memory ran out: "CUDA failure 2: out of memory", "Failed to
/// allocate memory for requested buffer", `std::bad_alloc`, `CUBLAS_STATUS_ALLOC_FAILED`,
/// `E_OUTOFMEMORY`.
fn speaks_of_memory(reason: &str) -> bool {
    let reason = reason.to_lowercase();
    ["memory", "alloc"].iter().any(|word| reason.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An engine with room for so many objects, and the portions that it was given.
    struct Small {
        room: usize,
        asked: Vec<usize>,
    }

    impl Small {
        fn run(&mut self, first: usize, count: usize) -> Result<Vec<usize>, String> {
            self.asked.push(count);
            if count > self.room {
                return Err("CUDA failure 2: out of memory ; GPU=0".to_owned());
            }
            Ok((first..first + count).collect())
        }
    }

    #[test]
    fn a_batch_halves_until_it_fits_and_stays_so() {
        let mut engine = Small {
            room: 5,
            asked: Vec::new(),
        };
        let mut portion = Portion::default();
        for count in [32, 32, 3] {
            let answers = portion.run(count, &mut |first, n| engine.run(first, n));
            assert_eq!(answers.unwrap().concat(), (0..count).collect::<Vec<_>>());
        }
        let once = [32, 16, 8].into_iter().chain([4; 8]);
        let expected: Vec<usize> = once.chain([4; 8]).chain([3]).collect();
        assert_eq!(engine.asked, expected);
    }

    #[test]
    fn other_errors_and_single_objects_end_it() {
        let mut engine = Small {
            room: 0,
            asked: Vec::new(),
        };
        let answers = Portion::default().run(4, &mut |first, n| engine.run(first, n));
        assert!(answers.unwrap_err().contains("out of memory"));
        assert_eq!(engine.asked, [4, 2, 1]);
        let mut asked = 0;
        let answers = Portion::default().run(4, &mut |_, _| {
            asked += 1;
            Err::<(), _>("the shape is wrong".to_owned())
        });
        assert_eq!((answers.is_err(), asked), (true, 1));
        for reason in [
            "Failed to allocate memory for requested buffer of size 9",
            "std::bad_alloc",
            "CUBLAS_STATUS_ALLOC_FAILED",
            "E_OUTOFMEMORY",
        ] {
            assert!(speaks_of_memory(reason), "{reason}");
        }
    }
}
