# shellcheck shell=bash
# Words, users and ports.

# Debian keeps nginx away from an ordinary user's PATH, and cargo is there only in a login shell.
PATH=$PATH:/usr/sbin:/sbin:$HOME/.cargo/bin

# Progress goes to standard error: the command that a stack runs for owns standard output.
say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }

die() {
    printf 'docker/stack: %s\n' "$*" >&2
    exit 1
}

is_root() { [ "$(id -u)" = 0 ]; }

# The system user that runs the servers. PostgreSQL refuses to be root's.
server_user() { if is_root; then echo postgres; else id -un; fi; }

# Runs a command as that user, with a clean environment: RUST_BACKTRACE would put backtraces into error details.
# The lock (descriptor 9) stays here, or a server would hold it for its whole life.
as_server_user() {
    local identity=()
    is_root && identity=(setpriv --reuid postgres --regid postgres --init-groups)
    "${identity[@]}" env -C / -i PATH="$PATH" LANG=C.UTF-8 "$@" 9>&-
}

# The first of the given ports that is free on the loopback address, else any free one.
free_port() {
    perl -MIO::Socket::INET -e '
        for my $port (@ARGV, 0) {
            my $socket = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => $port, Listen => 1, ReuseAddr => 1);
            if ($socket) { print $socket->sockport; exit }
        }' -- "$@"
}
