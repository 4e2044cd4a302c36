//! How many passwords a second this machine can hash, with nothing else to do: one thread a core, each
//! with its own memory, as the server does it. `cargo xtask bench` measures registrations against it.
//!
//! ```sh
//! cargo run --release -p registrar-domain --example hash_rate -- 5    # seconds
//! ```

use std::io::Write as _;
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use registrar_domain::model::entropy::Entropy;
use registrar_domain::model::password::argon2id::{self, Cost, Memory};
use registrar_domain::model::password::{Password, Pepper, prepare};

type Error = Box<dyn std::error::Error + Send + Sync>;

/// Writes how many hashes a second there were, and how many in all.
fn main() -> Result<(), Error> {
    let seconds = std::env::args().nth(1).map_or(Ok(5.0), |it| it.parse())?;
    let duration = Duration::try_from_secs_f64(seconds)?;
    let threads = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let (mut rate, mut count) = (0.0, 0.0);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| scope.spawn(|| hash_for(duration)))
            .collect();
        for worker in workers {
            let (hashes, seconds) = worker.join().expect("hashing does not panic")?;
            rate += hashes / seconds;
            count += hashes;
        }
        Ok::<_, Error>(())
    })?;
    writeln!(std::io::stdout(), "{rate:.3} {count}")?;
    Ok(())
}

/// How many hashes one thread computed, and in how many seconds: from the beginning of the first to
/// the end of the last.
fn hash_for(duration: Duration) -> Result<(f64, f64), Error> {
    let cost = Cost::default();
    let mut memory = Memory::new(&cost, cost.memory_kib);
    let password = Password::parse("correct horse battery staple")?;
    let pepper = Pepper::new(String::new());
    #[expect(clippy::disallowed_methods, reason = "measures itself")]
    let start = Instant::now();
    let mut hashes = 0.0;
    loop {
        argon2id::hash(&prepare(&password, &pepper), &cost, &FixedSalt, &mut memory)?;
        hashes += 1.0;
        let elapsed = start.elapsed();
        if elapsed >= duration {
            return Ok((hashes, elapsed.as_secs_f64()));
        }
    }
}

/// What the salt is does not change the work.
struct FixedSalt;

impl Entropy for FixedSalt {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}
