# shellcheck shell=bash disable=SC2034 # not every script that sources this uses all
# Words, users and ports.

# Debian keeps nginx away from an ordinary user's PATH, and cargo is there only in a login shell.
PATH=$PATH:/usr/sbin:/sbin:$HOME/.cargo/bin

# Progress goes to standard error: the command that a stack runs for owns standard output.
say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }

die() {
    printf 'docker/%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

is_root() { [ "$(id -u)" = 0 ]; }

# Each of the three servers has a system user, so that an attacker in one server is not yet in the next. An ordinary user runs all
# three alone. The sandboxes are not part of the vault, and have a user of their own.
if is_root; then
    database_user=postgres postgrest_user=vault-postgrest nginx_user=www-data sandbox_user=vault-sandbox
else
    database_user=$(id -un)
    postgrest_user=$database_user nginx_user=$database_user sandbox_user=$database_user
fi

# Runs a command as one of them, with a clean environment: RUST_BACKTRACE would put backtraces into error details.
# The lock (descriptor 9) stays here, or a server would hold it for its whole life.
as_user() {
    local identity=()
    ! is_root || identity=(setpriv --reuid "$1" --regid "$1" --init-groups)
    shift
    "${identity[@]}" env -C / -i PATH="$PATH" LANG=C.UTF-8 "$@" 9>&-
}

# Starts a program in the background, and writes its pid into a file: --pidfile FILE --exec PROGRAM -- [ARG…]
readonly IN_BACKGROUND=(start-stop-daemon --start --quiet --background --no-close --make-pidfile)

# Prints the first of the given ports that is free on the loopback address, or otherwise any free port.
free_port() {
    perl -MIO::Socket::INET -e '
        for my $port (@ARGV, 0) {
            my $socket = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => $port, Listen => 1, ReuseAddr => 1);
            if ($socket) { print $socket->sockport; exit }
        }' -- "$@"
}

# Runs a command until it succeeds, for two minutes at most. The last attempt may say what is wrong.
eventually() {
    for _ in {1..600}; do
        "$@" >/dev/null 2>&1 && return
        sleep 0.2
    done
    "$@" || {
        say "This did not come true within two minutes: $*"
        return 1
    }
}
