//! Core dumps and debuggers see no passwords.

/// Keeps the memory of this process, which passwords and secrets pass through, out of core dumps and
/// away from debuggers of the same user. Where the system does not allow that, it is a warning.
#[cfg(target_os = "linux")]
pub(crate) fn forbid() {
    use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
    let nothing = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    if let Err(error) = setrlimit(Resource::Core, nothing) {
        tracing::warn!(%error, "cannot forbid core dumps");
    }
    // A handler that the kernel pipes cores to does not heed the limit.
    if let Err(error) = set_dumpable_behavior(DumpableBehavior::NotDumpable) {
        tracing::warn!(%error, "cannot hide memory from core dumps and debuggers");
    }
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn forbid() {}
