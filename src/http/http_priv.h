// SPDX-License-Identifier: GPL-3.0-or-later
/* What the files of the http layer share and nobody else needs. */
#ifndef SLUICE_HTTP_PRIV_H
#define SLUICE_HTTP_PRIV_H

#include <sluice/http/msg.h>

/* host[:port] without user information, comma or white space. need_port: the authority-form of CONNECT, host and port
 * required. */
bool uri_authority_ok(struct str a, bool need_port);
/* Equal hosts, case ignored, and equal ports, a missing or empty one read as default_port. */
bool uri_authority_same(struct str a, struct str b, struct str default_port);
/* Splits "http[s]://authority[/path][?query]"; path gets all that follows the authority. false: not of that form. */
bool uri_split_absolute(struct str t, struct str *scheme, struct str *authority, struct str *path);

#endif
