# shellcheck shell=bash
# Helpers of the end-to-end tests. Source it first:  . "$(dirname "$0")/../../lib/sluice.sh"
#
#   t "a sentence about behaviour"     announces a case; it has passed when the next one or the end is reached
#   fail "why"                         ends the script, the open case has failed
#   is WANT GOT / match REGEX TEXT     assertions
#   port                               prints a free port;  wait_for SECONDS CMD...  polls until CMD succeeds
#   sluice_start CFG [args]            starts sluice, waits until it is ready;  sluice_stop [signal]
#   origin PORT NAME [args]            starts the scripted origin (see origin.c);  nginx_origin PORT NAME
#   kids ROLE                          pids of the running sluice's workers, checker, leader
# Everything lives in $T, a directory of this test, and is stopped at the end.
set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
SLUICE=${SLUICE:-$ROOT/sluice}
SLUICE_ARGS=${SLUICE_ARGS:-}
TOOLS=${TEST_TOOLS:-$ROOT/build/regtests/lib}
T=$(mktemp -d /tmp/sluice-test.XXXXXX)
TEST_PORTS=${TEST_PORTS:-$T/ports}
PIDS=()
MASTER=
CASE=
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:abort_on_error=1:handle_segv=0}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-halt_on_error=1:print_stacktrace=1}

t() { [ -z "$CASE" ] || echo "ok - $CASE"; CASE=$1; }
fail() { echo "# failed: $*" >&2; exit 1; }
is() { [ "$1" = "$2" ] || fail "wanted '$1', got '$2'${3:+ ($3)}"; }
match() { [[ "$2" =~ $1 ]] || fail "'$2' does not match /$1/"; }
nomatch() { [[ ! "$2" =~ $1 ]] || fail "'$2' matches /$1/"; }
wait_for() { # seconds command...
	local end=$((SECONDS + $1)); shift
	until "$@" >/dev/null 2>&1; do [ $SECONDS -lt "$end" ] || { echo "# timed out: $*" >&2; return 1; }; sleep 0.03; done
}
listening() { grep -qiE "^ *[0-9]+: [0-9A-F]+:$(printf %04X "$1") 0+:0000 0A" /proc/net/tcp /proc/net/tcp6; }
port() { # distinct ports below the ephemeral range, handed out under a lock so that parallel tests never collide
	(
		flock 9
		local n; n=$(cat "$TEST_PORTS.last" 2>/dev/null || echo $((20000 + (RANDOM % 40) * 250)))
		while :; do n=$((n + 1)); [ $n -lt 32000 ] || n=20001; listening $n || break; done
		echo $n >"$TEST_PORTS.last"; echo $n
	) 9>"$TEST_PORTS.lock"
}
sluice_start() { # config [args...]
	local cfg=$1; shift
	rm -f "$T/sluice.pid"
	# shellcheck disable=SC2086
	"$SLUICE" -f "$cfg" -p "$T/sluice.pid" $SLUICE_ARGS "$@" >>"$T/sluice.out" 2>>"$T/sluice.err" &
	MASTER=$!
	PIDS+=($MASTER)
	wait_for 20 sluice_up && kill -0 "$MASTER" 2>/dev/null || { cat "$T/sluice.err" >&2; fail "sluice did not become ready"; }
}
sluice_up() { kill -0 "$MASTER" 2>/dev/null || return 0; [ -s "$T/sluice.pid" ]; }
sluice_stop() { # [signal]
	[ -n "$MASTER" ] || return 0
	local p; p=$(tree "$MASTER")
	kill -"${1:-TERM}" "$MASTER" 2>/dev/null || true
	wait "$MASTER" 2>/dev/null || true
	for p in $p; do wait_for 10 gone "$p" || kill -9 "$p" 2>/dev/null || true; done
	MASTER=
}
gone() { ! kill -0 "$1" 2>/dev/null || grep -q '^State:.Z' "/proc/$1/status" 2>/dev/null; }
tree() { # pid and all its descendants
	local c; echo "$1"; for c in $(pgrep -P "$1" 2>/dev/null); do tree "$c"; done
}
kids() { # leader|checker|worker: pids by the process title
	local p; for p in $(tree "$MASTER"); do
		tr '\0' ' ' <"/proc/$p/cmdline" 2>/dev/null | grep -q "^sluice: $1" && echo "$p" || true
	done
}
origin() { # port name [args...]
	local p=$1 n=$2; shift 2
	"$TOOLS/origin" -p "$p" -n "$n" -l "$T/origin.$n.log" "$@" 2>>"$T/origin.$n.err" &
	PIDS+=($!)
	wait_for 5 listening "$p" || fail "origin $n does not listen on $p"
}
nginx_origin() { # port name: a real nginx with /, /id, /big; stop it with nginx_stop name
	local d=$T/nginx.$2; mkdir -p "$d/www"
	echo "$2" >"$d/www/index.html"
	head -c 1048576 /dev/zero | tr '\0' x >"$d/www/big"
	cat >"$d/nginx.conf" <<-EOF
	worker_processes 1; daemon off; pid $d/pid; error_log $d/err; user root;
	events { worker_connections 1024; }
	http { access_log off; keepalive_timeout 60; keepalive_requests 1000000;
	  client_body_temp_path $d; proxy_temp_path $d; fastcgi_temp_path $d; uwsgi_temp_path $d; scgi_temp_path $d;
	  server { listen 127.0.0.1:$1; root $d/www; location = /id { return 200 "$2\n"; }
	    location = /status503 { return 503; } location = /echo { return 200 "\$request_method \$request_uri \$http_host\n"; } } }
	EOF
	nginx -p "$d" -e "$d/err" -c "$d/nginx.conf" 2>/dev/null &
	PIDS+=($!)
	wait_for 10 listening "$1" || fail "nginx $2 does not listen on $1"
}
nginx_stop() { kill "$(cat "$T/nginx.$1/pid")"; }
http() { curl -sS --max-time 10 "$@"; }
code() { curl -s -o /dev/null -w '%{http_code}' --max-time 10 "$@" || true; }
raw() { # port: sends stdin (printf escapes already done) over TCP, prints the answer until EOF or 3 s
	socat -t 3 -T 3 - "TCP:127.0.0.1:$1"
}
finish() {
	local rc=$? p
	trap - EXIT
	sluice_stop TERM || true
	for p in ${PIDS[@]+"${PIDS[@]}"}; do kill "$p" 2>/dev/null || true; done
	for p in ${PIDS[@]+"${PIDS[@]}"}; do wait "$p" 2>/dev/null || true; done
	if [ $rc -eq 0 ] && grep -qsE 'AddressSanitizer|LeakSanitizer|runtime error:' "$T"/sluice.err; then
		echo "# a sanitizer spoke"; rc=1
	fi
	if [ $rc -eq 0 ]; then echo "ok - $CASE"; else
		echo "not ok - $CASE"
		[ ! -s "$T/sluice.err" ] || { echo "# sluice.err:"; tail -n 40 "$T/sluice.err"; }
		[ ! -s "$T/sluice.out" ] || { echo "# sluice.out:"; tail -n 20 "$T/sluice.out"; }
	fi
	[ -n "${KEEP:-}" ] || rm -rf "$T"
	exit $rc
}
trap finish EXIT
