//! Counter-based random numbers: every draw is a pure function of (seed, stream, counter), so the
//! result of a parallel loop cannot depend on how it was scheduled.

/// The finaliser of `SplitMix64` (Steele, Lea & Flood 2014).
#[inline(always)]
pub fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A small generator: `SplitMix64` started at a hash of its keys.
#[derive(Clone, Copy, Debug)]
pub struct Rng(u64);

impl Rng {
    pub fn new(seed: u64, stream: u64, counter: u64) -> Self {
        let s = mix(seed ^ 0x9e37_79b9_7f4a_7c15);
        Self(mix(s ^ mix(stream.wrapping_mul(0xd6e8_feb8_6659_fd93)
            ^ mix(counter.wrapping_add(0x632b_e59b_d9b4_e019)))))
    }

    #[inline(always)]
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// Uniform in `0..n` (n > 0) by the multiply-shift method; the bias is below n / 2^32.
    #[inline(always)]
    pub fn below(&mut self, n: usize) -> usize {
        (((self.next_u64() >> 32) * n as u64) >> 32) as usize
    }

    /// Uniform in [-1, 1).
    pub fn signed(&mut self) -> f32 {
        (self.next_u64() >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    }
}

/// `count` distinct indices out of `0..n`, in ascending order (Vitter's selection sampling by
/// strides with a jittered offset: cheap, deterministic, spread over the whole range).
pub fn spread_sample(n: usize, count: usize, seed: u64) -> Vec<u32> {
    if count >= n {
        return (0..n as u32).collect();
    }
    (0..count)
        .map(|i| {
            let lo = i * n / count;
            let hi = (i + 1) * n / count;
            let mut rng = Rng::new(seed, 0x5a, i as u64);
            (lo + rng.below((hi - lo).max(1))) as u32
        })
        .collect()
}
