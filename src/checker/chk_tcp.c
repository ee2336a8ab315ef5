// SPDX-License-Identifier: GPL-3.0-or-later
/* The plain check: a connection that stands is a server that lives. */
#include "checker_priv.h"

const struct check_ops chk_tcp = { .name = "tcp" };
