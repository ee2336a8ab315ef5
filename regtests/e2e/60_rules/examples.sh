#!/usr/bin/env bash
# The example of every action of doc/keywords.md runs, in each phase in which it compiles: one frontend for each, with a request (or a connection)
# that gives the rule its turn, which its counter of hits shows.
. "$(dirname "$0")/../../lib/sluice.sh"

O=$(port)
origin "$O" a
"$SLUICE" --keywords >"$T/keywords.md"
# phase <tab> example, one a line; unescaped bars separate cells
awk '/^## /{on = /^## Actions of rules/} on && /^\| `/ {
	gsub(/\\\|/, "\001"); n = split($0, c, / *\| */); gsub(/\001/, "|")
	m = split(c[3], ph, /, /); for (i = 1; i <= m; i++) print ph[i] "\t" c[2] "\t" c[5] }' "$T/keywords.md" | tr '\001' '|' | tr -d '`' >"$T/rows"
[ "$(cut -f2 "$T/rows" | sort -u | wc -l)" -ge 60 ] || fail "rows are missing"

t "every action has an example"
awk -F '\t' '$3 == "" { print; bad = 1 } END { exit bad }' "$T/rows" || fail "actions without an example"

config() { # the rows of a file as one frontend each, from line 12 on eight lines each
	cat <<-E
	global
	  workers 1
	  stats socket $T/sock level admin
	defaults
	  timeout connect 5s
	  timeout client 5s
	  timeout server 5s
	  timeout tarpit 50ms
	resolvers dns
	  nameserver one 127.0.0.1:53

	E
	local phase word example mode n=0
	while IFS=$'\t' read -r phase word example; do
		n=$((n + 1)) mode=http
		case $phase:$word in tcp-response*|*:switch-mode) mode=tcp ;; esac
		cat <<-E
		listen x$n
		  mode $mode
		  bind unix@$T/x$n
		  stick-table type ip size 10 store gpc0,gpc1,gpc(2),gpt0,gpt(2)
		  filter bwlim-out downloads default-limit 1m default-period 1s
		  $phase $example
		  server s 127.0.0.1:$O

		E
	done <"$1"
}
t "each compiles in one of its phases at least"
cp "$T/rows" "$T/tried"
until config "$T/tried" >"$T/all.cfg" && "$SLUICE" -c -f "$T/all.cfg" 2>"$T/err"; do
	sed -n 's/^[^ ]*all.cfg:\([0-9]*\):[0-9]*: error:.*/\1/p' "$T/err" | awk '{ print int(($1 - 12) / 8) + 1 }' >"$T/bad"
	[ -s "$T/bad" ] || { cat "$T/err"; fail "not a fault of an example"; }
	awk 'NR == FNR { bad[$1] = 1; next } !(FNR in bad)' "$T/bad" "$T/tried" >"$T/left"
	mv "$T/left" "$T/tried"
done
[ "$(cut -f2 "$T/rows" | sort -u)" = "$(cut -f2 "$T/tried" | sort -u)" ] ||
	fail "does not compile: $(comm -23 <(cut -f2 "$T/rows" | sort -u) <(cut -f2 "$T/tried" | sort -u) | xargs)"

t "each is run by a request, and counted once"
sluice_start "$T/all.cfg"
for i in $(seq "$(wc -l <"$T/tried")"); do
	printf 'url = http://www.example.org/app/cart?id=7\nunix-socket = %s\noutput = /dev/null\nmax-time = 3\n' "$T/x$i"
	printf 'header = X-Forwarded-For: 192.0.2.7\nheader = Cookie: a=1; secret=2; b=3\nnext\n'
done >"$T/requests"
curl -s --config "$T/requests" >"$T/curl.out" 2>&1 || true
printf 'show rules\n' | socat -t 5 stdio "unix:$T/sock" >"$T/hits"
i=0 # (the exchange that switch-mode makes meets the same rules)
while IFS=$'\t' read -r phase word example; do
	i=$((i + 1))
	awk -v px="x$i" -v many="${word/#switch-mode/1}" '$1 == px && ($3 == 1 || $3 > 0 && many == 1) { found = 1 } END { exit !found }' "$T/hits" || fail "not run once: $phase $example: $(grep "^x$i " "$T/hits")"
done <"$T/tried"
[ "$i" -ge 150 ] || fail "only $i examples were run"
