//! Access tokens and refresh tokens: who presents one, how they are issued, exchanged and revoked.

pub mod authenticate;
pub mod issue;
pub mod logout;
pub mod refresh;
