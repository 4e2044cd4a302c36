mod deactivate;
mod password;
mod threepid;
mod whoami;
