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

/// Which database, and the form of the output.
#[derive(Debug, Args)]
pub(crate) struct ConsoleArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// Print JSON, for scripts.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// List the tokens.
    List {
        #[command(flatten)]
        console: ConsoleArgs,
        /// Only tokens that can be used.
        #[arg(long, conflicts_with = "invalid")]
        valid: bool,
        /// Only tokens that can no longer be used.
        #[arg(long)]
        invalid: bool,
    },
    /// Create a token.
    Create {
        #[command(flatten)]
        console: ConsoleArgs,
        /// The token. Default: a random one.
        #[arg(long, conflicts_with = "length")]
        token: Option<String>,
        /// The length of the random token.
        #[arg(long)]
        length: Option<usize>,
        /// How many registrations it allows. Default: any number.
        #[arg(long, value_name = "NUMBER")]
        uses: Option<u32>,
        /// How long it is valid, for example 12h or 7d. Default: without a limit.
        #[arg(long, value_name = "DURATION", value_parser = duration)]
        expires_in: Option<Duration>,
    },
    /// Show a token.
    Show {
        #[command(flatten)]
        console: ConsoleArgs,
        /// The token.
        token: String,
    },
    /// Change what a token allows.
    Edit {
        #[command(flatten)]
        console: ConsoleArgs,
        /// The token.
        token: String,
        /// How many registrations it allows, including completed ones.
        #[arg(long, value_name = "NUMBER", conflicts_with = "unlimited")]
        uses: Option<u32>,
        /// Allow any number of registrations.
        #[arg(long)]
        unlimited: bool,
        /// How long it is valid from now on, for example 12h or 7d.
        #[arg(long, value_name = "DURATION", value_parser = duration, conflicts_with = "never_expires")]
        expires_in: Option<Duration>,
        /// Remove its expiry.
        #[arg(long)]
        never_expires: bool,
    },
    /// Remove a token.
    Revoke {
        #[command(flatten)]
        console: ConsoleArgs,
        /// The token.
        token: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Create an account; asks for its password.
    Register {
        #[command(flatten)]
        console: ConsoleArgs,
        /// The part of the user ID before the colon.
        username: String,
        /// Make it an administrator, who can use the admin API.
        #[arg(long)]
        admin: bool,
        /// The display name. Default: the username.
        #[arg(long, value_name = "NAME")]
        display_name: Option<String>,
        /// The type of an account that is not a person's: `bot`, `support`, or one of
        /// `user_types.extra_user_types`.
        #[arg(long)]
        user_type: Option<String>,
        #[command(flatten)]
        password: PasswordArgs,
    },
    /// Make a user an administrator, who can use the admin API.
    Promote(UserArgs),
    /// Make an administrator an ordinary user.
    Demote(UserArgs),
    /// Deactivate an account: its password, devices and addresses are removed, and its name stays
    /// reserved. Asks for confirmation.
    Deactivate {
        #[command(flatten)]
        user: UserArgs,
        /// Also remove its display name.
        #[arg(long)]
        erase: bool,
        /// Do not ask for confirmation, for scripts.
        #[arg(long)]
        yes: bool,
    },
    /// Reactivate a deactivated account; asks for a new password. Its addresses and devices are not
    /// restored.
    Reactivate {
        #[command(flatten)]
        user: UserArgs,
        /// Set no password: the owner can only set one with a registered email address.
        #[arg(long, conflicts_with_all = ["password_stdin", "password_file"])]
        no_password: bool,
        #[command(flatten)]
        password: PasswordArgs,
    },
    /// List accounts.
    List {
        #[command(flatten)]
        console: ConsoleArgs,
        /// Only accounts with this string in the username or the display name.
        #[arg(long, value_name = "TEXT")]
        name: Option<String>,
        /// Only administrators.
        #[arg(long)]
        admins: bool,
        /// Exclude guests.
        #[arg(long)]
        no_guests: bool,
        /// Include deactivated accounts.
        #[arg(long)]
        deactivated: bool,
        /// How many accounts to skip.
        #[arg(long, value_name = "NUMBER", default_value_t = 0)]
        from: u64,
        /// How many accounts to list at most.
        #[arg(long, value_name = "NUMBER", default_value_t = 100)]
        limit: u64,
    },
    /// Show an account.
    Show(UserArgs),
    /// Set a new password; asks for it. Ends all logins.
    ResetPassword {
        #[command(flatten)]
        user: UserArgs,
        /// Keep the logins.
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
    /// A user ID, or its part before the colon.
    pub(crate) user: String,
}

/// Where the password is read from. Default: the terminal.
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
        .ok_or_else(|| "expected a number followed by s, m, h, d, w or y".to_owned())
}
