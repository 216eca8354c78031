#include "traffic.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* A report with the addresses of a connected socket. */
struct report both_ends(int fd, enum report_kind kind)
{
	struct report report = { .kind = kind };
	socklen_t local_size = sizeof(report.local), remote_size = sizeof(report.remote);

	if (getsockname(fd, &report.local.any, &local_size) || getpeername(fd, &report.remote.any, &remote_size))
		die("cannot read the addresses of a connection: %m");
	return report;
}

/* Reports a connection with its addresses as the accepted socket has them. */
void report_accepted(const struct worker *self, int fd, uint64_t value)
{
	struct report report = both_ends(fd, ACCEPTED);

	report.value = value;
	send_report(self, report);
}

static int connect_once(const struct order *order)
{
	int fd = socket(order->to.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, order->protocol);

	if (fd < 0)
		die("cannot make a client's socket: %m");
	if (order->fast_open ? sendto(fd, "x", 1, MSG_FASTOPEN, &order->to.any, sizeof(order->to)) != 1 :
			       connect(fd, &order->to.any, sizeof(order->to)))
		die("cannot connect to port %u: %m", port_of(&order->to));
	return fd;
}

/* The client's work: connects and keeps the sockets open. */
void connect_as_ordered(struct worker *self, const struct order *order)
{
	for (uint32_t i = 0; i < order->count; i++)
		send_report(self, both_ends(connect_once(order), CONNECTED));
}

struct worker *next_acceptor(struct run *run)
{
	struct worker *acceptor = &run->acceptors[run->next_acceptor];

	run->next_acceptor = (run->next_acceptor + 1) % run->acceptor_count;
	return acceptor;
}

void add_connection(struct run *run, const struct report *accepted)
{
	run->connections = reallocarray(run->connections, run->connection_count + 1, sizeof(*accepted));
	if (!run->connections)
		die("there is not enough memory");
	run->connections[run->connection_count++] = *accepted;
}

void add_fact(struct run *run, const char *name, uint64_t value)
{
	run->facts[run->fact_count++] = (struct fact){ name, value };
}

/*
 * Makes one connection and waits until both ends have it, so that none overlaps another. If there is a listener, the
 * acceptor is told to accept from it; else it already waits there. Of a connection whose acceptor cannot read the
 * addresses, the client's are told, turned round.
 */
void establish(struct run *run, struct worker *acceptor, const struct listener *listener, struct order to_client)
{
	struct report first, second, *accepted, *connected;

	if (listener)
		give_order(acceptor, (struct order){ .fd = listener->fd, .count = 1 });
	to_client.count = 1;
	give_order(&run->client, to_client);
	first = read_report(run);
	second = read_report(run);
	accepted = first.kind == ACCEPTED ? &first : &second;
	connected = first.kind == ACCEPTED ? &second : &first;
	if (accepted->kind != ACCEPTED || connected->kind != CONNECTED)
		die("a connection was not accepted by one and made by the other");
	if (!accepted->local.any.sa_family) {
		accepted->local = connected->remote;
		accepted->remote = connected->local;
	}
	if (port_of(&accepted->local) != port_of(&connected->remote) ||
	    port_of(&accepted->remote) != port_of(&connected->local))
		die("the acceptor and the client do not agree on the ports");
	add_connection(run, accepted);
}
