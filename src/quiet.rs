//! Turns a panic of foreign code into an error, without its message on the terminal.
//!
//! Engines and decoders are given files from anywhere, and some panic on what they did not expect.
//! The panic hook is process-wide, so ours is installed once and stays silent only on threads that
//! are inside [`catch`]; all other panics go to the hook that was there before.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}
static HOOK: Once = Once::new();

/// Restores the previous state of this thread, also when unwinding.
struct Guard(bool);

impl Drop for Guard {
    fn drop(&mut self) {
        QUIET.set(self.0);
    }
}

/// Runs `work`; a panic on this thread becomes its message.
///
/// What `work` was changing must be thrown away after an error.
pub(crate) fn catch<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    HOOK.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |info| {
            if !QUIET.get() {
                before(info);
            }
        }));
    });
    let _guard = Guard(QUIET.replace(true));
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| message(panic.as_ref()))
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied());
    format!("internal error: {}", one_line(text.unwrap_or("unknown")))
}

/// Text of foreign origin as one line of bounded length.
pub(crate) fn one_line(text: &str) -> String {
    const MAX_CHARS: usize = 400;
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if let Some((end, _)) = line.char_indices().nth(MAX_CHARS) {
        line.truncate(end);
        line.push_str(" ...");
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_its_message() {
        assert_eq!(catch(|| 3), Ok(3));
        let nested = catch(|| catch(|| panic!("in\nside")).unwrap_or(7));
        assert_eq!(nested, Ok(7));
        assert_eq!(
            catch(|| panic!("code {}", 5)),
            Err::<(), _>("internal error: code 5".to_owned())
        );
    }

    #[test]
    fn long_text_is_cut_between_characters() {
        let line = one_line(&"é".repeat(900));
        assert_eq!(line.chars().count(), 404);
    }
}
