// SPDX-License-Identifier: GPL-3.0-or-later
/* Giving up privileges: chroot, groups, gid, uid, in this order, and a look whether it held. The leader itself keeps its own,
 * because it must fork children that drop theirs again; it reads nothing from the network. */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <unistd.h>
#include <sluice/base/notice.h>

#include "leader_priv.h"

static bool fail(char *err, size_t n, const char *what, struct str name)
{
	snprintf(err, n, "%s " STR_FMT ": %s", what, STR_ARG(name), errno ? strerror(errno) : "no such name");
	return false;
}

/* A user without a group would keep the group of whoever started us, mostly root's. */
static void default_group(struct ids *ids)
{
	struct passwd *pw = getpwuid((uid_t)ids->uid);

	ids->gid = pw ? pw->pw_gid : (gid_t)ids->uid;
	notice(SAY_WARNING, "'user' without 'group': processes run in group %lld, the %s", (long long)ids->gid,
	       pw ? "user's primary one" : "number of a user whom nobody knows");
}

bool privs_resolve(const struct rt_global *g, struct ids *ids, char *err, size_t errlen)
{
	char name[256];

	*ids = (struct ids){ .uid = g->uid, .gid = g->gid };
	errno = 0;
	if (g->user.n && ids->uid < 0) {
		snprintf(name, sizeof(name), STR_FMT, STR_ARG(g->user));
		struct passwd *pw = getpwnam(name);
		if (!pw)
			return fail(err, errlen, "unknown user", g->user);
		ids->uid = pw->pw_uid;
	}
	if (g->group.n && ids->gid < 0) {
		snprintf(name, sizeof(name), STR_FMT, STR_ARG(g->group));
		struct group *gr = getgrnam(name);
		if (!gr)
			return fail(err, errlen, "unknown group", g->group);
		ids->gid = gr->gr_gid;
	}
	if (geteuid() == 0 && ids->uid > 0 && ids->gid < 0)
		default_group(ids);
	errno = EPERM;
	if (geteuid() != 0 && g->chroot.n)
		return fail(err, errlen, "cannot chroot to", g->chroot);
	if (geteuid() != 0 && ((ids->uid >= 0 && ids->uid != geteuid()) || (ids->gid >= 0 && ids->gid != getegid())))
		return fail(err, errlen, "cannot change to user or group", g->user.n ? g->user : g->group);
	return true;
}

static bool enter_chroot(struct str dir)
{
	char path[4096];

	snprintf(path, sizeof(path), STR_FMT, STR_ARG(dir));
	return chroot(path) == 0 && chdir("/") == 0;
}

static bool ids_hold(const struct ids *ids)
{
	uid_t r, e, s;
	gid_t rg, eg, sg;

	if (getresuid(&r, &e, &s) < 0 || getresgid(&rg, &eg, &sg) < 0)
		return false;
	if (ids->uid >= 0 && (r != ids->uid || e != ids->uid || s != ids->uid))
		return false;
	if (ids->gid >= 0 && (rg != ids->gid || eg != ids->gid || sg != ids->gid))
		return false;
	return ids->uid <= 0 || setresuid(0, 0, 0) < 0;
}

bool privs_drop(const struct rt_global *g, const struct ids *ids, char *err, size_t errlen)
{
	gid_t gid = (gid_t)ids->gid;
	uid_t uid = (uid_t)ids->uid;

	errno = 0;
	if (g->chroot.n && !enter_chroot(g->chroot))
		return fail(err, errlen, "cannot chroot to", g->chroot);
	if (geteuid() == 0 && (ids->uid >= 0 || ids->gid >= 0) && setgroups(0, NULL) < 0)
		return fail(err, errlen, "cannot drop supplementary groups", STR_NULL);
	if (ids->gid >= 0 && setresgid(gid, gid, gid) < 0)
		return fail(err, errlen, "cannot change to group", g->group);
	if (ids->uid >= 0 && setresuid(uid, uid, uid) < 0)
		return fail(err, errlen, "cannot change to user", g->user);
	if (ids_hold(ids))
		return true;
	errno = EPERM;
	return fail(err, errlen, "privileges did not drop to", g->user);
}
