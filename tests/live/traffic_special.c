/* The scenarios mptcp and tfo: connections that begin in another way. */
#include "traffic.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

static struct accept_settings settings;
static uint32_t connections;

static void start(struct run *run)
{
	settings = call_option();
	connections = number("n", 1);
	run->job.work = accept_as_ordered;
	run->job.settings = &settings;
	set_up_acceptors(run);
	start_client(run, connect_as_ordered);
}

void set_up_mptcp(struct run *run)
{
	enum reach reach = reach_option();
	struct listener *listener = listen_on(run, reach, number("port", 0), IPPROTO_MPTCP);

	if (!listener)
		print_unsupported("This kernel has no MPTCP.");
	run->client_order.to = destination(run, reach, listener);
	run->client_order.protocol = IPPROTO_MPTCP;
	start(run);
}

void set_up_tfo(struct run *run)
{
	enum reach reach = reach_option();
	struct listener *listener = listen_on(run, reach, number("port", 0), IPPROTO_TCP);
	int most_pending = 128;

	/* Client, server, and both of them without a cookie (include/net/tcp.h: TFO_*). */
	set_sysctl("/proc/sys/net/ipv4/tcp_fastopen", "519");
	if (setsockopt(listener->fd, IPPROTO_TCP, TCP_FASTOPEN, &most_pending, sizeof(most_pending)))
		die("cannot allow fast open on a listener: %m");
	run->client_order.to = destination(run, reach, listener);
	run->client_order.fast_open = true;
	start(run);
}

/* The fact "special" counts the connections that were no plain TCP ones after all: it must be n. */
void act_special(struct run *run)
{
	uint64_t special = 0;

	for (uint32_t i = 0; i < connections; i++) {
		establish(run, next_acceptor(run), &run->listeners[0], run->client_order);
		special += run->connections[i].value;
	}
	add_fact(run, "special", special);
}
