use super::{Medium, Threepid};
use crate::model::pattern::{Matching, Pattern};

/// `allowed_local_3pids`: if there is any, an address must match one of its medium.
#[derive(Clone, Debug)]
pub struct AllowedThreepid {
    /// The medium.
    pub medium: Medium,
    /// Matches from the beginning of the address; it need not match to the end.
    pub pattern: Pattern,
}

impl AllowedThreepid {
    /// Does it allow this address? A comparison that takes too many steps allows nothing.
    pub(crate) fn matches(&self, threepid: &Threepid) -> bool {
        self.medium == threepid.medium()
            && self.pattern.matches(threepid.address()) == Matching::Match
    }
}
