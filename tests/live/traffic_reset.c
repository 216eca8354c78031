/* The scenario reset: many connections, all open at once, that the client then resets; the acceptors keep them open. */
#include "traffic.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNECT, RESET };

static uint32_t count;
static int *fds;

static void connect_all(struct worker *self, const struct order *order)
{
	for (uint32_t i = 0; i < order->count; i++) {
		fds[i] = socket(order->to.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
		if (fds[i] < 0 || connect(fds[i], &order->to.any, sizeof(order->to)))
			die("cannot connect: %m");
		send_report(self, (struct report){ .kind = CONNECTED });
	}
}

static void connect_then_reset(struct worker *self, const struct order *order)
{
	struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

	if (order->step == CONNECT) {
		connect_all(self, order);
		return;
	}
	for (uint32_t i = 0; i < order->count; i++)
		if (setsockopt(fds[i], SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)) || close(fds[i]))
			die("cannot reset a connection: %m");
	send_report(self, (struct report){ .kind = FINISHED });
}

/* n= how many, family= how the client reaches the server */
void set_up_reset(struct run *run)
{
	static struct accept_settings settings = { .accept4 = true };
	enum reach reach = reach_option();
	struct listener *listener = listen_on(run, reach, number("port", 0), IPPROTO_TCP);

	count = number("n", 1);
	fds = calloc(count, sizeof(*fds));
	if (!fds)
		die("there is not enough memory");
	run->client_order = (struct order){ .to = destination(run, reach, listener), .count = count };
	run->job.work = accept_as_ordered;
	run->job.settings = &settings;
	set_up_acceptors(run);
	start_client(run, connect_then_reset);
}

/* On loopback a reset has come when close returns. */
void act_reset(struct run *run)
{
	give_order(&run->acceptors[0], (struct order){ .fd = run->listeners[0].fd, .count = count });
	give_order(&run->client, run->client_order);
	for (uint32_t i = 0; i < 2 * count; i++) {
		struct report report = read_report(run);

		if (report.kind == ACCEPTED)
			add_connection(run, &report);
	}
	run->client_order.step = RESET;
	give_order(&run->client, run->client_order);
	if (read_report(run).kind != FINISHED)
		die("the client did not reset its connections");
}
