#!/usr/bin/env bash
# use_split: shares of requests, keys that stay, over workers and over a reload that changes the weights.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port)
cfg() { # weights
	cat <<-EOC
	global
	  nbthread 2
	defaults
	  mode http
	  timeout connect 2s
	  timeout client 5s
	  timeout server 5s
	frontend f
	  bind 127.0.0.1:$P
	  use_split $1 by url_param(u) if { path /keyed }
	  use_split $1
	backend stable
	  http-request return status 200 content-type text/plain string "stable\n"
	backend canary
	  http-request return status 200 content-type text/plain string "canary\n"
	EOC
}
cfg "stable:80 canary:20" >"$T/c.cfg"
sluice_start "$T/c.cfg"
U=http://127.0.0.1:$P
many() { curl -sZ --no-progress-meter --parallel-max 8 -H 'Connection: close' "$U$1" | sort | uniq -c | awk '{ print $2 "=" $1 }' | xargs; }
who() { for k in $(seq 1 100); do echo "$U/keyed?u=k$k"; done | xargs curl -s | xargs; }

t "requests without a key are drawn by the weights"
n=$(many "/?[1-1000]" | sed -n 's/.*canary=\([0-9]*\).*/\1/p')
[ "$n" -ge 130 ] && [ "$n" -le 270 ] || fail "$n of 1000"

t "a key keeps its backend, whichever worker asks"
first=$(who)
is "$first" "$(who)"
match canary "$first"
match stable "$first"

t "another weight moves keys in one direction only"
cfg "canary:40 stable:60" >"$T/c.cfg"
kill -HUP "$MASTER"
wait_for 20 grep -q "Generation 2 accepts" "$T/sluice.err"
paste <(tr ' ' '\n' <<<"$first") <(who | tr ' ' '\n') | sort | uniq -c >"$T/moves"
nomatch "canary.stable" "$(cat "$T/moves")"
match "stable.canary" "$(cat "$T/moves")"

t "explain names the rule and the backend it gave"
match "use_split .*" "$("$SLUICE" explain -f "$T/c.cfg" "GET http://127.0.0.1:$P/keyed?u=k1")"
