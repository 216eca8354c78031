/* The scenario preblocked: acceptors that wait in accept since before the ready line. */
#include "traffic.h"

static struct accept_settings settings;

/* threads=, children=, call=, family=, port= */
void set_up_preblocked(struct run *run)
{
	enum reach reach = reach_option();
	struct listener *listener = listen_on(run, reach, number("port", 0), IPPROTO_TCP);

	settings = call_option();
	run->client_order.to = destination(run, reach, listener);
	run->job.work = accept_as_ordered;
	run->job.settings = &settings;
	set_up_acceptors(run);
	start_client(run, connect_as_ordered);
	for (int i = 0; i < run->acceptor_count; i++)
		give_order(&run->acceptors[i], (struct order){ .fd = listener->fd, .count = 1 });
	for (int i = 0; i < run->acceptor_count; i++)
		wait_until_in_accept(&run->acceptors[i]);
}

/* Nobody accepts twice in the first round, as an acceptor that is done waits for an order. */
void act_preblocked(struct run *run)
{
	for (int i = 0; i < run->acceptor_count; i++)
		establish(run, NULL, NULL, run->client_order);
	for (int i = 0; i < run->acceptor_count; i++)
		establish(run, &run->acceptors[i], &run->listeners[0], run->client_order);
}
