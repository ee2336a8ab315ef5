#!/usr/bin/env bash
# Who may be chosen: weight 0, backup, allbackups, disabled, what default-server says, and nobody left.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) S=$(port) X=$(port)
for n in a b c d; do p=$(port); declare "${n^^}=$p"; origin "$p" $n; done
DEAD="127.0.0.1:$X check inter 50ms fall 1 rise 1 init-state fully-down"
cat >"$T/c.cfg" <<E
global
  workers 2
defaults
  mode http
  balance roundrobin
  timeout connect 20s
  timeout client 20s
  timeout server 20s
frontend f
  bind 127.0.0.1:$P
  use_backend %[req.hdr(x-be)]
backend zero
  server a 127.0.0.1:$A weight 0
  server b 127.0.0.1:$B
backend zeros
  server a 127.0.0.1:$A weight 0
  server b 127.0.0.1:$B weight 0
backend idle-backup
  server a 127.0.0.1:$A
  server b 127.0.0.1:$B backup
backend backup1
  server x $DEAD
  server b 127.0.0.1:$B backup
  server c 127.0.0.1:$C backup
backend allbackups
  option allbackups
  server x $DEAD
  server b 127.0.0.1:$B backup weight 1
  server c 127.0.0.1:$C backup weight 3
backend backup-of-zero
  server a 127.0.0.1:$A weight 0
  server c 127.0.0.1:$C backup
backend backup-dead
  server x $DEAD
  server y $DEAD backup
  server d 127.0.0.1:$X backup disabled
  server c 127.0.0.1:$C backup
backend disabled
  server a 127.0.0.1:$A disabled
  server b 127.0.0.1:$B
  server c 127.0.0.1:$C
backend inherits
  default-server disabled weight 3
  server a 127.0.0.1:$A
  server b 127.0.0.1:$B enabled
  default-server enabled weight 1
  server c 127.0.0.1:$C
backend gone
  server x $DEAD
  server y $DEAD backup
backend full-range
  server a 127.0.0.1:$A weight 256
  server b 127.0.0.1:$B weight 1
backend use
  use-server b if { path_beg /b }
  use-server a if { path_beg /a }
  server a 127.0.0.1:$A weight 0
  server b 127.0.0.1:$B weight 0
  server c 127.0.0.1:$C
backend flap
  server x 127.0.0.1:$X check inter 50ms fall 1 rise 1 init-state fully-down
  server b 127.0.0.1:$B backup
frontend state
  bind 127.0.0.1:$S
  http-request return status 200 content-type text/plain lf-string "%[nbsrv(zero)] %[nbsrv(zeros)] %[nbsrv(backup1)] %[nbsrv(allbackups)] %[nbsrv(disabled)] %[nbsrv(gone)]\n" if { path /n }
  http-request return status 200 content-type text/plain lf-string "%[srv_weight(inherits/b)] %[srv_weight(inherits/c)] %[srv_weight(zero/a)] %[srv_weight(full-range/a)]\n" if { path /w }
  http-request return status 200 content-type text/plain lf-string "%[srv_is_up(flap/x)]\n" if { path /flap }
E
sluice_start "$T/c.cfg"
state() { curl -s --max-time 30 "http://127.0.0.1:$S/$1"; }
state_is() { [ "$(state "$1")" = "$2" ]; }
names() { curl -s --max-time 30 -H "X-Be: $1" -H 'Connection: close' "http://127.0.0.1:$P/n[1-$2]"; }
tally() { sort | uniq -c | awk '{printf "%s%s=%d", (NR > 1 ? " " : ""), $2, $1}'; }
one() { code -H "X-Be: $1" "http://127.0.0.1:$P${2:-/}"; }

t "weight 0 gets no new request"
is "b=10" "$(names zero 10 | tally)"
t "only weight 0: 503"
is 503 "$(one zeros)"
t "a backup server idles while another one can serve"
is "a=10" "$(names idle-backup 10 | tally)"
t "without active servers the first backup serves alone"
is "b=10" "$(names backup1 10 | tally)"
t "option allbackups uses all of them by weight"
is "b=5 c=15" "$(names allbackups 20 | tally)"
t "weight 0 of every active server brings the backup in"
is "c=4" "$(names backup-of-zero 4 | tally)"
t "a dead or disabled backup is passed over"
is "c=4" "$(names backup-dead 4 | tally)"
t "disabled servers get nothing"
is "b=5 c=5" "$(names disabled 10 | tally)"
t "default-server holds for the servers below it, which may say otherwise"
is "b=15 c=5" "$(names inherits 20 | tally)"
is "3 1 0 256" "$(state w)"
t "weights reach from 1 to 256"
is "a=256 b=1" "$(names full-range 257 | tally)"
t "nobody left: 503 at once"
is 503 "$(one gone)"
t "nbsrv counts who can be chosen"
is "1 0 1 2 2 0" "$(state n)"
t "use-server goes to a server of weight 0"
is b "$(http -H 'X-Be: use' "http://127.0.0.1:$P/b1")"
is a "$(http -H 'X-Be: use' "http://127.0.0.1:$P/a1")"
is "c=3" "$(names use 3 | tally)"
t "the backup serves until the active server is back, and no longer"
is "b=3" "$(names flap 3 | tally)"
origin "$X" x
wait_for 5 state_is flap 1
is "x=4" "$(names flap 4 | tally)"
