//! The process itself, under the names that every program uses.
//!
//! Source: <https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics>

use procfs::ProcResult;
use procfs::WithCurrentSystemInfo as _;
use procfs::process::{LimitValue, Process};
use prometheus::{Counter, IntGauge};

use crate::family::Families;
use crate::reading::Sampler;

struct ProcessMetrics {
    cpu: Counter,
    open_fds: IntGauge,
    max_fds: IntGauge,
    virtual_memory: IntGauge,
    resident_memory: IntGauge,
    threads: IntGauge,
    start_time: IntGauge,
}

/// Measures the process whenever it is called.
pub(crate) fn sampler(families: &mut Families) -> Sampler {
    let metrics = ProcessMetrics::new(families);
    // Where there is no /proc, the numbers stay at zero, and everything else works.
    Box::new(move || drop(metrics.measure()))
}

impl ProcessMetrics {
    fn new(families: &mut Families) -> Self {
        Self {
            cpu: families.process_counter(
                "process_cpu_seconds_total",
                "User and system CPU time, in seconds.",
            ),
            open_fds: families.process_gauge("process_open_fds", "Open file descriptors."),
            max_fds: families.process_gauge(
                "process_max_fds",
                "The most file descriptors that may be open.",
            ),
            virtual_memory: families
                .process_gauge("process_virtual_memory_bytes", "Virtual memory, in bytes."),
            resident_memory: families.process_gauge(
                "process_resident_memory_bytes",
                "Resident memory, in bytes.",
            ),
            threads: families.process_gauge("process_threads", "Threads."),
            start_time: families.process_gauge(
                "process_start_time_seconds",
                "When the process started, in seconds since 1970.",
            ),
        }
    }

    fn measure(&self) -> ProcResult<()> {
        let process = Process::myself()?;
        let stat = process.stat()?;
        let ticks_per_second = procfs::ticks_per_second();
        #[expect(
            clippy::cast_precision_loss,
            reason = "exact to a tick for millions of years"
        )]
        let cpu_seconds = (stat.utime + stat.stime) as f64 / ticks_per_second as f64;
        self.cpu.inc_by((cpu_seconds - self.cpu.get()).max(0.0));
        self.virtual_memory.set(integer(stat.vsize));
        self.resident_memory.set(integer(stat.rss_bytes().get()));
        self.threads.set(stat.num_threads);
        let started = procfs::boot_time_secs()? + stat.starttime / ticks_per_second;
        self.start_time.set(integer(started));
        self.open_fds.set(integer(process.fd_count()? as u64));
        if let LimitValue::Value(most) = process.limits()?.max_open_files.soft_limit {
            self.max_fds.set(integer(most));
        }
        Ok(())
    }
}

fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
