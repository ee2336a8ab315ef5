// SPDX-License-Identifier: GPL-3.0-or-later
/* Reading a server state file. What it says about addresses counts for servers whose names are resolved at run time, until they are; the
 * configuration is the place for all others. */
#include <sluice/base/num.h>
#include <sluice/health/state_line.h>

#define COLUMNS 25

/* Places in the line. */
enum { AT_BE = 1, AT_SRV = 3, AT_ADDR, AT_OP, AT_ADMIN, AT_UWEIGHT, AT_IWEIGHT, AT_SINCE, AT_CHECK_STATUS, AT_CHECK_RESULT, AT_CHECK_POS,
       AT_FQDN = 17, AT_PORT, AT_RECORD };

static const uint8_t numbers[CHK_STATUS_COUNT] = {
	[CHK_INI] = 1, [CHK_HANA] = 4, [CHK_SOCKERR] = 5, [CHK_L4OK] = 6, [CHK_L4TOUT] = 7, [CHK_L4CON] = 8, [CHK_L6OK] = 9,
	[CHK_L6TOUT] = 10, [CHK_L6RSP] = 11, [CHK_L7TOUT] = 12, [CHK_L7RSP] = 13, [CHK_L7OK] = 15, [CHK_L7OKC] = 16, [CHK_L7STS] = 17,
	[CHK_CHECKED] = 3,
};

unsigned check_status_number(enum check_status s) { return s < CHK_STATUS_COUNT ? numbers[s] : 0; }

enum check_status check_status_from_number(unsigned n)
{
	for (unsigned i = 0; n && i < CHK_STATUS_COUNT; i++)
		if (numbers[i] == n)
			return (enum check_status)i;
	return CHK_INI;
}

static unsigned columns(struct str line, struct str *w)
{
	unsigned n = 0;

	while (line.p && n < COLUMNS) {
		struct str one = str_split(&line, ' ');
		if (one.n)
			w[n++] = one;
	}
	return n;
}

static struct str text_of(const struct str *w, unsigned n, unsigned at) { return at < n && !str_eq(w[at], STR("-")) ? w[at] : STR_NULL; }

static void take_place(const struct str *w, unsigned n, struct state_line *f)
{
	uint64_t port = 0;

	if (AT_PORT < n && (!num_u64(w[AT_PORT], &port) || port > UINT16_MAX))
		return;
	if (!addr_parse_ip(&f->addr, w[AT_ADDR]))
		f->addr.family = AF_UNSPEC;
	f->addr.port = (uint16_t)port;
	f->fqdn = text_of(w, n, AT_FQDN);
	f->record = text_of(w, n, AT_RECORD);
}

bool state_line_parse(struct str line, struct state_line *f)
{
	struct str w[COLUMNS];

	line = str_trim(line);
	unsigned n = line.n && line.p[0] != '#' ? columns(line, w) : 0;
	if (n < AT_CHECK_POS + 1)
		return false;
	*f = (struct state_line){ .be_name = w[AT_BE], .srv_name = w[AT_SRV] };
	const struct { unsigned at; uint64_t *out, max; } nums[] = {
		{ AT_OP, &f->op, SRV_STOPPING }, { AT_ADMIN, &f->admin, 127 }, { AT_UWEIGHT, &f->uweight, 256 }, { AT_IWEIGHT, &f->iweight, 256 },
		{ AT_SINCE, &f->since, UINT32_MAX }, { AT_CHECK_STATUS, &f->check_status, 255 }, { AT_CHECK_POS, &f->check_pos, 65535 },
	};
	for (size_t i = 0; i < ARRAY_LEN(nums); i++)
		if (!num_u64(w[nums[i].at], nums[i].out) || *nums[i].out > nums[i].max)
			return false;
	take_place(w, n, f);
	return true;
}

bool state_line_same_name(const struct state_line *f, const struct rt_server *s)
{
	if (!(s->flags & SRVF_RESOLVE) || !f->addr.family || addr_is_any(&f->addr) || !f->fqdn.n)
		return false;
	return s->flags & SRVF_SRV ? str_ieq(f->record, s->host) && f->addr.port : !f->record.n && str_ieq(f->fqdn, s->host);
}

/* A weight set at run time counts as long as the configuration still says what it said then, as HAProxy has it. */
uint64_t state_line_admin(const struct state_line *f, const struct rt_server *s, uint64_t now)
{
	unsigned keep = ADM_FORCED_MAINT | ADM_FORCED_DRAIN, own = srv_admin_bits(now) & ~keep;
	unsigned weight = f->iweight == s->weight ? (unsigned)f->uweight : srv_admin_weight(now);

	/* disabled in the configuration then: the forced state only repeats it */
	unsigned forced = (unsigned)f->admin & keep & ~(f->admin & ADM_CONFIG_MAINT ? (unsigned)ADM_FORCED_MAINT : 0u);
	return srv_admin_pack(own | forced, weight, srv_admin_maxconn(now));
}

uint64_t state_line_op(const struct state_line *f, const struct rt_server *s, uint32_t now_s)
{
	struct health h;
	uint32_t since = f->since < now_s ? now_s - (uint32_t)f->since : 1;
	bool maint = f->admin & ADM_MAINT;

	if (s->flags & SRVF_CHECK && !maint && !(s->flags & SRVF_UNRESOLVED))
		health_restore(&h, s, srv_op_pack((enum srv_op)f->op, (unsigned)MIN(f->check_pos, 255u), 1, 0));
	else
		health_init(&h, s);
	return health_op_word(&h, since);
}
