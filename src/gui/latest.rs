//! Newest request wins: the last good answer stays until the next one arrives.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::thread;
use std::time::Duration;

use eframe::egui::{Context, Id};

/// How often it is looked whether an answer is there: a window that is opened anew is not woken by it.
const TICK: Duration = Duration::from_millis(100);

type Work<V> = Box<dyn FnOnce() -> V + Send>;

/// Answers to questions of one kind, worked out one at a time on another thread.
pub(super) struct Latest<K, V> {
    answer: Option<(K, V)>,
    running: Option<(K, Receiver<V>)>,
    /// What ended without an answer: it would again.
    failed: Option<K>,
    waiting: Option<(K, Work<V>)>,
}

impl<K, V> Default for Latest<K, V> {
    fn default() -> Self {
        Self {
            answer: None,
            running: None,
            failed: None,
            waiting: None,
        }
    }
}

impl<K: PartialEq + Clone, V: Send + 'static> Latest<K, V> {
    /// Asks `key`, unless it is answered, being answered, or waiting already.
    pub fn ask(&mut self, ctx: &Context, key: &K, work: impl FnOnce() -> V + Send + 'static) {
        let newest = self
            .waiting
            .as_ref()
            .map(|(k, _)| k)
            .or(self.running.as_ref().map(|(k, _)| k))
            .or(self.failed.as_ref())
            .or(self.answer.as_ref().map(|(k, _)| k));
        if newest == Some(key) {
            return;
        }
        self.waiting = Some((key.clone(), Box::new(work)));
        self.start(ctx);
    }

    /// Takes in an answer that has arrived and starts the next question. Returns whether the answer
    /// is new.
    pub fn poll(&mut self, ctx: &Context) -> bool {
        let Some((_, receiver)) = &self.running else {
            return false;
        };
        match receiver.try_recv() {
            Ok(value) => {
                self.answer = self.running.take().map(|(key, _)| (key, value));
                self.start(ctx);
                true
            }
            Err(TryRecvError::Empty) => {
                ctx.request_repaint_after(TICK);
                false
            }
            Err(TryRecvError::Disconnected) => {
                self.failed = self.running.take().map(|(key, _)| key);
                self.start(ctx);
                false
            }
        }
    }

    /// The last good answer and its question.
    pub fn answer(&self) -> Option<(&K, &V)> {
        self.answer.as_ref().map(|(k, v)| (k, v))
    }

    /// The answer to exactly this question, if it is there.
    pub fn answer_to(&self, key: &K) -> Option<&V> {
        self.answer
            .as_ref()
            .filter(|(k, _)| k == key)
            .map(|(_, v)| v)
    }

    fn start(&mut self, ctx: &Context) {
        if self.running.is_some() {
            return;
        }
        let Some((key, work)) = self.waiting.take() else {
            return;
        };
        let (sender, receiver) = channel();
        let ctx = ctx.clone();
        thread::spawn(move || {
            match catch_unwind(AssertUnwindSafe(work)) {
                Ok(answer) => drop(sender.send(answer)),
                Err(_) => drop(ctx.data_mut(|data| data.insert_temp(fault(), true))),
            }
            drop(sender);
            ctx.request_repaint();
        });
        self.failed = None;
        self.running = Some((key, receiver));
    }
}

/// Under which a window keeps that something ended without an answer.
fn fault() -> Id {
    Id::unique("ended without an answer")
}

/// Whether something has ended without an answer since this was asked last.
pub(super) fn take_fault(ctx: &Context) -> bool {
    ctx.data_mut(|data| data.remove_temp::<bool>(fault()))
        .is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    #[test]
    fn the_newest_question_is_answered_and_those_between_are_dropped() {
        let ctx = Context::default();
        let mut latest = Latest::<u32, u32>::default();
        for key in 0..100 {
            latest.ask(&ctx, &key, move || {
                std::thread::sleep(Duration::from_millis(20));
                key * 2
            });
        }
        let (started, mut answers) = (Instant::now(), Vec::new());
        while latest.answer_to(&99).is_none() && started.elapsed() < Duration::from_secs(10) {
            if latest.poll(&ctx) {
                answers.push(*latest.answer().unwrap().1);
            }
        }
        assert_eq!(answers, [0, 198]);
    }

    #[test]
    fn what_fails_is_told_and_not_tried_again() {
        let (ctx, started) = (Context::default(), Instant::now());
        let mut latest = Latest::<u32, u32>::default();
        let mut told = 0;
        while latest.answer_to(&2).is_none() && started.elapsed() < Duration::from_secs(10) {
            let key = if told == 0 { 1 } else { 2 };
            latest.ask(&ctx, &key, move || {
                assert_eq!(key, 2, "the first of them fails");
                key
            });
            latest.poll(&ctx);
            told += u32::from(take_fault(&ctx));
            if told > 0 && key == 1 {
                // Asked a few times more, it is not begun again.
                for _ in 0..20 {
                    latest.ask(&ctx, &1, || unreachable!());
                    latest.poll(&ctx);
                    thread::sleep(Duration::from_millis(1));
                }
            }
        }
        assert_eq!((told, latest.answer_to(&2)), (1, Some(&2)));
    }
}
