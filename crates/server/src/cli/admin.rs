//! `registrar admin`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::ConfigArgs;

#[derive(Debug, Args)]
pub(crate) struct AdminArgs {
    #[command(subcommand)]
    pub(crate) subject: AdminSubject,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AdminSubject {
    /// Registration tokens: invitations to register.
    #[command(subcommand)]
    Token(TokenCommand),
    /// Accounts.
    #[command(subcommand)]
    User(UserCommand),
}

/// Which database, and for whom the answer is.
#[derive(Debug, Args)]
pub(crate) struct ConsoleArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// Answer in JSON, for scripts.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// List the tokens.
    List {
        #[command(flatten)]
        console: ConsoleArgs,
        /// Only those that can be used.
        #[arg(long, conflicts_with = "invalid")]
        valid: bool,
        /// Only those that cannot be used any more.
        #[arg(long)]
        invalid: bool,
    },
    /// Make a token.
    Create {
        #[command(flatten)]
        console: ConsoleArgs,
        /// Its text; a random one is made up without it.
        #[arg(long, conflicts_with = "length")]
        token: Option<String>,
        /// The length of a random text.
        #[arg(long)]
        length: Option<i64>,
        /// How many registrations it is good for; any number without it.
        #[arg(long, value_name = "NUMBER")]
        uses: Option<i64>,
        /// For how long it is good, for example 12h or 7d; for ever without it.
        #[arg(long, value_name = "DURATION", value_parser = duration)]
        expires_in: Option<Duration>,
    },
    /// Show a token.
    Show {
        #[command(flatten)]
        console: ConsoleArgs,
        /// Its text.
        token: String,
    },
    /// Change what a token allows.
    Edit {
        #[command(flatten)]
        console: ConsoleArgs,
        /// Its text.
        token: String,
        /// How many registrations it is good for, those included that have taken place.
        #[arg(long, value_name = "NUMBER", conflicts_with = "unlimited")]
        uses: Option<i64>,
        /// It is good for any number of registrations.
        #[arg(long)]
        unlimited: bool,
        /// For how long it is good from now on, for example 12h or 7d.
        #[arg(long, value_name = "DURATION", value_parser = duration, conflicts_with = "never_expires")]
        expires_in: Option<Duration>,
        /// It is good for ever.
        #[arg(long)]
        never_expires: bool,
    },
    /// Remove a token.
    Revoke {
        #[command(flatten)]
        console: ConsoleArgs,
        /// Its text.
        token: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Make an account; asks for its password.
    Register {
        #[command(flatten)]
        console: ConsoleArgs,
        /// The part of the user ID before the colon.
        username: String,
        /// It may use the admin API.
        #[arg(long)]
        admin: bool,
        /// The name shown to others; the username without it.
        #[arg(long, value_name = "NAME")]
        display_name: Option<String>,
        /// What it is if not a person: `bot`, `support`, or one of `user_types.extra_user_types`.
        #[arg(long)]
        user_type: Option<String>,
        #[command(flatten)]
        password: PasswordArgs,
    },
    /// Let somebody use the admin API.
    Promote(UserArgs),
    /// Let somebody not use the admin API any more.
    Demote(UserArgs),
    /// Deactivate an account: no password, no devices, no email addresses; nobody else gets its
    /// name. Asks for a confirmation.
    Deactivate {
        #[command(flatten)]
        user: UserArgs,
        /// Remove its display name too.
        #[arg(long)]
        erase: bool,
        /// Do not ask for a confirmation, for scripts.
        #[arg(long)]
        yes: bool,
    },
    /// Let a deactivated account be used again; asks for a new password. Its email addresses and
    /// devices do not come back.
    Reactivate {
        #[command(flatten)]
        user: UserArgs,
        /// Give it no password: its owner can set one with a registered email address only.
        #[arg(long, conflicts_with_all = ["password_stdin", "password_file"])]
        no_password: bool,
        #[command(flatten)]
        password: PasswordArgs,
    },
    /// List accounts.
    List {
        #[command(flatten)]
        console: ConsoleArgs,
        /// Only those with this text in the username or the display name.
        #[arg(long, value_name = "TEXT")]
        name: Option<String>,
        /// Only administrators.
        #[arg(long)]
        admins: bool,
        /// Without guests.
        #[arg(long)]
        no_guests: bool,
        /// Deactivated accounts too.
        #[arg(long)]
        deactivated: bool,
        /// How many accounts to pass over.
        #[arg(long, value_name = "NUMBER", default_value_t = 0)]
        from: i64,
        /// How many accounts to list at most.
        #[arg(long, value_name = "NUMBER", default_value_t = 100)]
        limit: i64,
    },
    /// Show an account.
    Show(UserArgs),
    /// Set a password; asks for it. Ends all logins.
    ResetPassword {
        #[command(flatten)]
        user: UserArgs,
        /// Let the logins go on.
        #[arg(long)]
        keep_logins: bool,
        #[command(flatten)]
        password: PasswordArgs,
    },
}

/// An account.
#[derive(Debug, Args)]
pub(crate) struct UserArgs {
    #[command(flatten)]
    pub(crate) console: ConsoleArgs,
    /// A user ID, or the part of it before the colon.
    pub(crate) user: String,
}

/// Where the password comes from; the terminal without any of them.
#[derive(Debug, Args)]
pub(crate) struct PasswordArgs {
    /// Read the password from the first line of standard input.
    #[arg(long, conflicts_with = "password_file")]
    pub(crate) password_stdin: bool,
    /// Read the password from the first line of a file.
    #[arg(long, value_name = "FILE")]
    pub(crate) password_file: Option<PathBuf>,
}

fn duration(text: &str) -> Result<Duration, String> {
    registrar_config::duration_of(text)
        .ok_or_else(|| "a number with one of s, m, h, d, w, y after it".to_owned())
}
