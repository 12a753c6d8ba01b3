//! Pictures read and painted on threads of their own: what was asked for last comes first, what is
//! no longer asked for is dropped.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use eframe::egui::Context;

use crate::render::ThumbnailKey;

/// Most threads that read.
const MOST_THREADS: usize = 4;

type Work<V> = Box<dyn FnOnce() -> Option<V> + Send>;
type Answer<V> = (ThumbnailKey, Option<V>);

/// Threads that work out values by key; they end with it.
pub(super) struct Readers<V> {
    shared: Arc<Shared<V>>,
    answers: Receiver<Answer<V>>,
}

struct Shared<V> {
    queue: Mutex<Queue<V>>,
    bell: Condvar,
}

struct Queue<V> {
    /// The next last.
    waiting: Vec<(ThumbnailKey, Work<V>)>,
    busy: Vec<ThumbnailKey>,
    closed: bool,
}

impl<V> Shared<V> {
    fn lock(&self) -> MutexGuard<'_, Queue<V>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<V: Send + 'static> Readers<V> {
    /// Starts the threads; `ctx` is drawn again when a value is there.
    pub fn new(ctx: &Context) -> Self {
        let shared = Arc::new(Shared {
            queue: Mutex::new(Queue {
                waiting: Vec::new(),
                busy: Vec::new(),
                closed: false,
            }),
            bell: Condvar::new(),
        });
        let (sender, answers) = channel();
        let threads = thread::available_parallelism().map_or(1, |n| n.get().saturating_sub(1));
        for _ in 0..threads.clamp(1, MOST_THREADS) {
            let (shared, sender, ctx) = (Arc::clone(&shared), sender.clone(), ctx.clone());
            thread::spawn(move || serve(&shared, &sender, &ctx));
        }
        Self { shared, answers }
    }

    /// Asks for these values, the most urgent first, and no longer for those of the last call. Keys
    /// that are being worked out are not asked for twice.
    pub fn ask(&self, wanted: impl DoubleEndedIterator<Item = (ThumbnailKey, Work<V>)>) {
        let mut queue = self.shared.lock();
        let busy = std::mem::take(&mut queue.busy);
        queue.waiting = wanted
            .rev()
            .filter(|(key, _)| !busy.contains(key))
            .collect();
        queue.busy = busy;
        drop(queue);
        self.shared.bell.notify_all();
    }

    /// A value that is there; `None` inside when there is none for its key.
    pub fn poll(&self) -> Option<Answer<V>> {
        self.answers.try_recv().ok()
    }
}

impl<V> Drop for Readers<V> {
    fn drop(&mut self) {
        let mut queue = self.shared.lock();
        queue.closed = true;
        queue.waiting.clear();
        drop(queue);
        self.shared.bell.notify_all();
    }
}

fn serve<V>(shared: &Shared<V>, sender: &Sender<Answer<V>>, ctx: &Context) {
    loop {
        let mut queue = shared.lock();
        let (key, work) = loop {
            if queue.closed {
                return;
            }
            if let Some(next) = queue.waiting.pop() {
                break next;
            }
            queue = shared
                .bell
                .wait(queue)
                .unwrap_or_else(PoisonError::into_inner);
        };
        queue.busy.push(key);
        drop(queue);
        // A picture that breaks its reader is one that cannot be read.
        let value = catch_unwind(AssertUnwindSafe(work)).unwrap_or_default();
        let heard = sender.send((key, value)).is_ok();
        shared.lock().busy.retain(|other| *other != key);
        if !heard {
            return;
        }
        ctx.request_repaint();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    #[test]
    fn what_is_no_longer_asked_for_is_dropped() {
        let readers = Readers::<usize>::new(&Context::default());
        let work = |rows: std::ops::Range<usize>| {
            rows.map(|row| {
                let work: Work<usize> = Box::new(move || {
                    thread::sleep(Duration::from_millis(5));
                    (row != 1003).then_some(row)
                });
                ((0, row), work)
            })
        };
        readers.ask(work(0..1000));
        readers.ask(work(1000..1008));
        let (started, mut late, mut early) = (Instant::now(), Vec::new(), 0);
        while late.len() < 8 && started.elapsed() < Duration::from_secs(20) {
            match readers.poll() {
                Some(((_, row), value)) if row >= 1000 => {
                    assert_eq!(value, (row != 1003).then_some(row));
                    late.push(row);
                }
                Some(_) => early += 1,
                None => thread::sleep(Duration::from_millis(1)),
            }
        }
        late.sort_unstable();
        assert_eq!(late, (1000..1008).collect::<Vec<_>>());
        assert!(early <= 2 * MOST_THREADS, "{early}");
    }
}
