// SPDX-License-Identifier: GPL-3.0-or-later
/* Persistence: which server a request belongs to, by use-server rules, then cookie, then stick rules; and what is kept
 * of the choice. */
#ifndef SLUICE_WORKER_PERSIST_H
#define SLUICE_WORKER_PERSIST_H

#include "stream.h"

/* The server this request is to go to, RT_NONE = whichever the algorithm picks. Once a stream, before the first pick.
 */
uint32_t persist_pick(struct stream *s);
/* May a request that belongs to srv go there? One that is down only with option persist or force-persist. */
bool persist_usable(const struct stream *s, uint32_t srv);
/* The backend is known: force-persist, ignore-persist, and what the log says of a cookie until one is seen. */
void persist_begin(struct stream *s);
/* The stream goes to srv: is it the one that was asked for? */
void persist_moved(struct stream *s, uint32_t srv);
/* The server has answered (HTTP: with the response at hand) or is connected (TCP): what stick rules store is stored. */
void persist_store(struct stream *s);
/* ... and what store-response rules make of its response. */
void persist_store_response(struct stream *s);

/* One name=value of a Cookie line (or the first of a Set-Cookie line); `all` is all of it, blanks left out; val.p NULL:
 * no '='. Commas and semicolons in quotes belong to it. *rest moves on; false at the end. */
struct cookie {
	struct str all, name, val;
};
bool cookie_next(struct str *rest, struct cookie *p);
/* cookie.c: the server that the request's cookie names, unless srv was chosen already; the cookie is shown to the
 * server, or not. And what the client is told in the response. HTTP. */
uint32_t cookie_request(struct stream *s, uint32_t srv);
void cookie_response(struct stream *s);

#endif
