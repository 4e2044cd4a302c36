mod whoami;
