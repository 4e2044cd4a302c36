//! Measures the server side by side with what bounds it, as ratios. `cargo xtask bench` builds what is
//! measured and starts this program.

#[cfg(target_os = "linux")]
mod measure;

/// Memory, processor time and cores are Linux's.
#[cfg(target_os = "linux")]
fn main() -> anyhow::Result<()> {
    measure::run()
}

#[cfg(not(target_os = "linux"))]
fn main() {
    panic!("memory and processor time are read from Linux's /proc");
}
