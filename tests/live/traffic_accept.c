/* The scenarios accept and ports: so many connections to each of some listeners. */
#include "traffic.h"

struct batch {
	const struct listener *listener;
	enum reach reach;
	uint64_t count;
};
static struct batch batches[MOST_PORTS];
static size_t batch_count;
static bool parallel;
static struct accept_settings settings;

static void add_batch(const struct listener *listener, enum reach reach, uint64_t count)
{
	batches[batch_count++] = (struct batch){ listener, reach, count };
}

/* nonblock=1: poll, then accept4 with SOCK_NONBLOCK. parallel=1: see act_in_parallel. */
static void start(struct run *run)
{
	settings = call_option();
	settings.nonblock = number("nonblock", 0);
	parallel = number("parallel", 0);
	for (size_t i = 0; settings.nonblock && i < run->listener_count; i++)
		set_nonblocking(&run->listeners[i]);
	run->job.work = accept_as_ordered;
	run->job.settings = &settings;
	set_up_acceptors(run);
	start_client(run, connect_as_ordered);
}

/* v4=, v6=, mapped=: how many of each; port= of the IPv4 listener, port6= of the dual-stack one. */
void set_up_accept(struct run *run)
{
	struct listener *v4 = listen_on(run, V4, number("port", 0), IPPROTO_TCP);
	struct listener *dual = listen_on(run, V6, number("port6", 0), IPPROTO_TCP);

	add_batch(v4, V4, number("v4", 0));
	add_batch(dual, V6, number("v6", 0));
	add_batch(dual, MAPPED, number("mapped", 0));
	start(run);
}

/* ports=80,81,...: a listener each; n= connections to each of them, or one number for all. */
void set_up_ports(struct run *run)
{
	enum reach reach = reach_option();
	uint64_t ports[MOST_PORTS], counts[MOST_PORTS];
	size_t port_count = numbers("ports", "80,81,82", ports, MOST_PORTS);
	size_t given = numbers("n", "1", counts, MOST_PORTS);

	if (given != 1 && given != port_count)
		die("n must be one number or as many as there are ports");
	for (size_t i = 0; i < port_count; i++)
		add_batch(listen_on(run, reach, ports[i], IPPROTO_TCP), reach, counts[given == 1 ? 0 : i]);
	start(run);
}

static struct order order_to_client(const struct run *run, const struct batch *batch)
{
	return (struct order){
		.to = destination(run, batch->reach, batch->listener),
		.protocol = batch->listener->protocol,
		.count = batch->count,
	};
}

static void order_batch(struct run *run, const struct batch *batch)
{
	for (int i = 0; i < run->acceptor_count; i++)
		give_order(&run->acceptors[i], (struct order){
			.fd = batch->listener->fd,
			.count = (batch->count + i) / run->acceptor_count,	/* these add up to batch->count */
		});
	give_order(&run->client, order_to_client(run, batch));
}

/* All orders at once: the client does not wait for the acceptors, nor these for each other. */
static void act_in_parallel(struct run *run)
{
	uint64_t reports_left = 0;

	for (size_t i = 0; i < batch_count; i++) {
		order_batch(run, &batches[i]);
		reports_left += 2 * batches[i].count;
	}
	for (; reports_left; reports_left--) {
		struct report report = read_report(run);

		if (report.kind == ACCEPTED)
			add_connection(run, &report);
	}
}

static void act_in_turn(struct run *run)
{
	for (size_t i = 0; i < batch_count; i++)
		for (uint64_t k = 0; k < batches[i].count; k++)
			establish(run, next_acceptor(run), batches[i].listener, order_to_client(run, &batches[i]));
}

void act_accept(struct run *run)
{
	if (parallel)
		act_in_parallel(run);
	else
		act_in_turn(run);
}
