// SPDX-License-Identifier: GPL-3.0-or-later
/* The rule of health, apart from probes: results in, states out. Pure: no clock, no descriptor, no memory of its own. The checker drives it;
 * the leader uses the initial words.
 *
 * One counter per server (HAProxy's arithmetic): 0 .. rise+fall-1, up from `rise` on. A success below `rise` climbs one step, and reaching
 * `rise` jumps to the top; a failure steps down by one, and leaving `rise` downwards falls to 0.
 *
 * A server may have an agent beside its checks (HAProxy manual, agent-check): what that says takes it down whatever the checks find, and up
 * when they agree.
 *
 *      0 … rise-1 | rise … rise+fall-1
 *        DOWN           UP          (STARTING while its weight ramps up, STOPPING while it answers 404 under disable-on-404) */
#ifndef SLUICE_HEALTH_HEALTH_H
#define SLUICE_HEALTH_HEALTH_H

#include <sluice/ipc/segment.h>
#include <sluice/rt/rt.h>

/* What a check found: words as in HAProxy's statistics and logs. Rows: tbl/check_status.def. */
enum check_status {
#define CHECK_STATUS(id, word, text, result, has_code) CHK_##id,
#include <sluice/tbl/check_status.def>
#undef CHECK_STATUS
	CHK_STATUS_COUNT
};
enum health_result { HEALTH_NEUTRAL, HEALTH_FAILED, HEALTH_PASSED, HEALTH_CONDPASS /* passed, but wants no new load */ };

const char *check_status_word(enum check_status s);
const char *check_status_text(enum check_status s);
enum health_result check_status_result(enum check_status s);
bool check_status_has_code(enum check_status s);

enum health_change { HEALTH_SAME, HEALTH_UP, HEALTH_DOWN, HEALTH_STOPPING };

struct health {
	uint16_t pos, rise, fall;   /* the counter and its bounds, rise and fall >= 1 */
	uint8_t state;              /* enum srv_op */
	uint8_t ramp;               /* percent of the weight, 100 unless STARTING */
	bool agent_down;            /* its agent has said so last: state is SRV_DOWN */
};

/* A server nobody has looked at yet, as its init-state says. Unchecked servers are up. */
void health_init(struct health *h, const struct rt_server *s);
/* Goes on from a published word: position and state are kept as far as they fit rise and fall. */
void health_restore(struct health *h, const struct rt_server *s, uint64_t op);
/* Takes one result. *moved: the counter moved, so the result is worth a log line. slow: coming up starts a ramp (SRV_STARTING at 1 %). */
enum health_change health_apply(struct health *h, enum health_result r, bool slow, bool *moved);
/* Passive errors have reached error-limit: acts as `on-error` says. fastinter alone changes nothing here. */
enum health_change health_on_error(struct health *h, enum on_error mode, bool *moved);
/* The agent says that the server is up or down. Up counts when the checks agree. */
enum health_change health_agent(struct health *h, bool up, bool slow);
/* Somebody says what the state is: the counter goes to the end of that side. The next check may find otherwise. */
enum health_change health_force(struct health *h, enum srv_order order);
/* Follows the state of a tracked server. */
enum health_change health_follow(struct health *h, const struct health *of, bool slow);
/* Percent of the weight after elapsed of total ms: linear in steps of 5, at least 1; 100 = the ramp is over. */
unsigned health_ramp(uint64_t elapsed_ms, uint64_t total_ms);
/* ms until the next check: inter at the top, downinter at the bottom while down, fastinter between. */
uint32_t health_interval(const struct health *h, const struct rt_srv_opts *o);
/* "2/3 UP": the numbers as HAProxy prints them: steps left of fall when up, successes of rise when down. */
void health_fraction(const struct health *h, unsigned *have, unsigned *of);

/* The words of a server in the segment. since: seconds on the monotonic clock. */
uint64_t health_op_word(const struct health *h, uint32_t since_s);
uint64_t health_check_word(enum check_status s, unsigned code, uint32_t duration_ms);
static inline enum check_status check_word_status(uint64_t w) { return (enum check_status)(w & 0xff); }
static inline unsigned check_word_code(uint64_t w) { return (w >> 8) & 0xffff; }
static inline uint32_t check_word_ms(uint64_t w) { return (uint32_t)(w >> 24) & 0xffffff; }
/* The system's error when the check failed on the connection, else 0. */
static inline unsigned check_word_errno(uint64_t w) { return (unsigned)(w >> 48) & 0x7fff; }
static inline uint64_t check_word_with_errno(uint64_t w, int err) { return (w & ~(0x7fffull << 48)) | (uint64_t)(err & 0x7fff) << 48; }
/* ipc/note.h has words about it. */
static inline bool check_word_noted(uint64_t w) { return w >> 63; }
static inline uint64_t check_word_note(uint64_t w, bool noted) { return (w & ~(1ull << 63)) | (uint64_t)noted << 63; }
/* The same of the agent's last answer. */
static inline uint32_t agent_word(enum check_status s, uint32_t ms, bool noted)
{
	return (uint32_t)s | MIN(ms, 0x7fffffu) << 8 | (uint32_t)noted << 31;
}
static inline enum check_status agent_word_status(uint32_t w) { return (enum check_status)(w & 0xff); }
static inline uint32_t agent_word_ms(uint32_t w) { return (w >> 8) & 0x7fffff; }
static inline bool agent_word_noted(uint32_t w) { return w >> 31; }
/* Admin word as the configuration says, and operational word, of a server without a past. */
uint64_t health_initial_admin(const struct rt_server *s);
/* The admin word with which a server begins: one that was added at run time waits in maintenance, its checks off. */
uint64_t health_first_admin(const struct rt_server *s);
uint64_t health_initial_op(const struct rt_server *s, uint32_t now_s);
/* Writes those of every server into a fresh segment: before anything is forked, leader. now_s: monotonic, seconds. */
void health_initial_states(struct segment *seg, const struct rt *rt, uint32_t now_s);

/* What an agent said: one line of words separated by blanks or commas (HAProxy manual, agent-check). */
enum agent_oper { AGENT_OPER_NONE, AGENT_UP, AGENT_DOWN, AGENT_STOPPED, AGENT_FAIL };
const char *agent_oper_word(enum agent_oper o);
enum agent_admin { AGENT_ADMIN_NONE, AGENT_READY, AGENT_DRAIN, AGENT_MAINT };
struct agent_reply {
	uint8_t oper;               /* enum agent_oper */
	uint8_t admin;              /* enum agent_admin */
	int32_t weight_pct;         /* of the configured weight; -1 = not said */
	int64_t maxconn;            /* -1 = not said */
	struct str reason;          /* text after '#' */
	struct str error;           /* the first word that means nothing, or a number out of range */
};
/* false when a word is unknown or a number is out of range; what was understood stands in *r all the same. */
bool health_agent_parse(struct str text, struct agent_reply *r) MUST_CHECK;
/* The admin word as the answer wants it; the same word when it asks for nothing new. */
uint64_t health_agent_admin(const struct agent_reply *r, const struct rt_server *s, uint64_t admin);

#endif
