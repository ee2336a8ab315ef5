#!/usr/bin/env bash
# The first minutes of a new user: the example runs, the command line answers.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) A=$(port) B=$(port) C=$(port)
sed "s/127.0.0.1:8080/127.0.0.1:$P/; s/:18081/:$A/; s/:18082/:$B/; s/:18083/:$C/" "$ROOT/examples/quickstart.cfg" >"$T/q.cfg"

t "the quickstart passes the configuration check without a word"
is "" "$("$SLUICE" -c -f "$T/q.cfg" 2>&1)"
t "-V says that the configuration is valid"
match "Configuration file is valid" "$("$SLUICE" -c -V -f "$T/q.cfg" 2>&1)"
t "every example passes the configuration check"
. "$(dirname "$0")/../../lib/certs.sh"
ca ca; for c in www shop client; do cert $c DNS:$c.example.org; done; export CERTS=$T
for f in "$ROOT"/examples/*.cfg; do "$SLUICE" -c -f "$f" || fail "$f"; done

t "the quickstart serves a request"
sluice_start "$T/q.cfg"
match "^hello from s[123], you asked for /$" "$(http "http://127.0.0.1:$P/")"
t "roundrobin spreads six requests evenly over three servers"
is "2 2 2" "$(for _ in 1 2 3 4 5 6; do http "http://127.0.0.1:$P/"; done | cut -d, -f1 | sort | uniq -c | awk '{print $1}' | xargs)"
t "a path rule routes and rewrites"
is "hello from s1, you asked for /users" "$(http "http://127.0.0.1:$P/api/users")"

t "a second instance on the same address refuses to start"
if timeout 40 "$SLUICE" -f "$T/q.cfg" >"$T/second" 2>&1; then fail "it started"; fi
match "ddress already in use" "$(cat "$T/second")"
match "^hello" "$(http "http://127.0.0.1:$P/")"

t "SIGTERM ends it with status 0 and leaves no process"
PIDLIST=$(tree "$MASTER")
kill -TERM "$MASTER"; wait "$MASTER" && rc=0 || rc=$?
is 0 "$rc"
for p in $PIDLIST; do wait_for 5 gone "$p"; done
MASTER=
