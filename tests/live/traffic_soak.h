/* Traffic without end, of which everything is known: what the two halves of the scenario soak have in common. */
#ifndef TRAFFIC_SOAK_H
#define TRAFFIC_SOAK_H

#include "traffic.h"

/* How the connections of a batch end; the last two are none. */
enum soak_kind { ACTIVE, PASSIVE, RESET, DEAF, REFUSED, LISTEN };

/* What one client process does: `count` connections, one after the other, numbered from `first` on. */
struct soak_batch {
	enum soak_kind kind;
	enum reach reach;
	uint32_t first, count;
	uint32_t sent, received;	/* bytes of each connection, as the client sees it */
	union address to;
};

/* What a client says first, the padding to `sent` bytes following. */
struct soak_request {
	uint32_t kind, sent, received, n;
};

/* traffic_soak_ends.c */
union address soak_address(enum reach reach, uint32_t n);
void soak_client(const struct soak_batch *batch);
__attribute__((noreturn)) void soak_server(const struct listener *listeners, volatile uint64_t *served);

#define SOAK_LOST 999	/* bytes of the segment that a deaf server drops */
#define SOAK_AFTER 10	/* segments after it, of a byte each, which have it sent again fast */

#define SOAK_ADDRESSES 64	/* of clients */
#define SOAK_PORTS 60000	/* of each */

#endif
