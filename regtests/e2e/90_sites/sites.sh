#!/usr/bin/env bash
# Configurations as people write them (regtests/sites): each loads, and sends the requests in its comments where they say.
#   #? GET http://host/path [--src IP] [--header 'N: v'] => backend/server | status [location] | closed
#   #? -c                                                   loads, nothing more
. "$(dirname "$0")/../../lib/sluice.sh"

export CERTS=$T RUN=$T
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=www.example.org \
	-keyout "$T/key" -out "$T/crt" 2>/dev/null
cat "$T/crt" "$T/key" >"$T/site.pem"
printf 'HTTP/1.0 503 Service Unavailable\r\nContent-Type: text/plain\r\n\r\nsorry\n' >"$T/503.http"
printf '198.51.100.0/24\n203.0.113.9\n' >"$T/blocked.lst"

expect() { # file request words... , wanted in $want
	local out; out=$("$SLUICE" explain -f "$@" 2>&1) || true
	case $want in
	closed) grep -q '^closed' <<<"$out" ;;
	[0-9]*' '*) grep -q "^answer *${want%% *} " <<<"$out" && grep -qFx "location  ${want#* }" <<<"$out" ;;
	[0-9]*) grep -q "^answer *$want " <<<"$out" ;;
	*) grep -q "^pick *$want" <<<"$out" ;;
	esac || { echo "$out" >&2; fail "$1: $2: not $want"; }
}

n=0
for cfg in "$ROOT"/regtests/sites/*.cfg; do
	t "$(basename "$cfg" .cfg) loads and routes as it says"
	"$SLUICE" -c -f "$cfg" 2>"$T/err" || { cat "$T/err" >&2; fail "does not load"; }
	grep -q '^#?' "$cfg" || fail "says nothing"
	while read -r line; do
		[ "$line" != -c ] || continue
		want=${line##*=> }
		eval "words=(${line%=>*})"
		expect "$cfg" "${words[@]}"
		n=$((n + 1))
	done < <(sed -n 's/^#? //p' "$cfg")
done
t "there are fifty of them and more than a hundred requests"
[ "$(ls "$ROOT"/regtests/sites/*.cfg | wc -l)" -ge 50 ] && [ $n -ge 100 ] || fail "$n requests"
