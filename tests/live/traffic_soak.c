/* The scenario soak: all kinds of traffic at once for as long as it is asked for, and what there was of each. */
#include "traffic_soak.h"

#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SERVERS 5	/* the last one serves those whom it does not hear at first */
#define MOST_AT_ONCE 6	/* clients */
#define CLOSED_PORT 9

static const char *const kinds[] = { "active", "passive", "reset", "deaf", "refused", "listen" };
static const char *const reaches[] = { "v4", "v6", "mapped" };

static uint64_t rate, for_s;
static pid_t servers[SERVERS];
static volatile uint64_t *served;	/* by server; shared with them */
static uint64_t to_serve;

/* rate= sockets a second, for_s= seconds. */
void set_up_soak(struct run *run)
{
	rate = number("rate", 200);
	for_s = number("for_s", 60);
	run->job.comm = "soak-server";
	signal(SIGCHLD, SIG_DFL); /* clients are meant to end */
	served = mmap(NULL, SERVERS * sizeof(*served), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (served == MAP_FAILED)
		die("there is not enough memory");
	for (uint32_t i = 0; i < SOAK_ADDRESSES; i++) {
		union address address = soak_address(V6, i * SOAK_PORTS);

		add_address6(&address.v6.sin6_addr);
	}
	for (int i = 0; i < SERVERS; i++) {
		listen_on(run, V4, 1000 + i, IPPROTO_TCP);
		listen_on(run, V6, 1100 + i, IPPROTO_TCP);
	}
	for (int i = 0; i < SERVERS; i++) {
		servers[i] = fork();
		if (servers[i])
			continue;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prctl(PR_SET_NAME, run->job.comm);
		stay_on_cpu(i);
		soak_server(&run->listeners[2 * i], &served[i]);
	}
}

static enum soak_kind kind_of(uint64_t batch)
{
	switch (batch % 50) {
	case 3:
	case 28:
		return RESET;
	case 7:
	case 32:
		return REFUSED;
	case 11:
		return LISTEN;
	case 19:
	case 39:
		return DEAF;
	}
	return batch % 2 ? PASSIVE : ACTIVE;
}

static union address mapped(const union address *v4)
{
	union address address = { .v6 = { .sin6_family = AF_INET6, .sin6_port = v4->v4.sin_port } };

	address.v6.sin6_addr.s6_addr16[5] = 0xffff;
	address.v6.sin6_addr.s6_addr32[3] = v4->v4.sin_addr.s_addr;
	return address;
}

/* The n-th batch, which begins at a number of sockets, and the server that it goes to. */
static struct soak_batch plan(const struct run *run, uint64_t n, uint32_t first, int server)
{
	struct soak_batch batch = { .kind = kind_of(n), .reach = n % 3, .first = first };
	const struct listener *listener = &run->listeners[2 * server + (batch.reach != V4)];

	batch.count = batch.kind == DEAF ? 5 : 20;
	if (batch.kind < DEAF) {
		batch.sent = 100 + n * 101 % 9000;
		batch.received = n * 997 % 30000;
	} else if (batch.kind == DEAF) {
		batch.sent = sizeof(struct soak_request) + SOAK_LOST + SOAK_AFTER;
		batch.received = 2 + 2 * sizeof(uint32_t);
	}
	batch.to = destination(run, batch.reach, listener);
	if (batch.kind == REFUSED)
		batch.to.v4.sin_port = htons(CLOSED_PORT); /* at the same place in both */
	if (batch.reach == MAPPED)
		batch.to = mapped(&batch.to);
	return batch;
}

static void start_batch(const struct run *run, uint64_t n, uint32_t first, uint32_t *count)
{
	int server = kind_of(n) == DEAF ? SERVERS - 1 : (int)(n % (SERVERS - 1)), go[2];
	struct soak_batch batch = plan(run, n, first, server);
	char byte = 0;
	pid_t pid;

	if (pipe(go) || (pid = fork()) < 0)
		die("cannot make a client: %m");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prctl(PR_SET_NAME, "soak-client");
		/*
		 * With its server: an ACK is sent by the CPU that the data came from, so on two CPUs what follows it may come
		 * first. Nothing would then be known of what the kernel drops, nor of what a reset leaves unacknowledged.
		 */
		stay_on_cpu(server);
		if (read(go[0], &byte, 1) == 1)
			soak_client(&batch);
		_exit(0);
	}
	dprintf(STDOUT_FILENO,
		"{\"kind\":\"%s\",\"reach\":\"%s\",\"first\":%u,\"count\":%u,\"sent\":%u,\"received\":%u,"
		"\"client\":%d,\"server\":%d,\"port\":%u}\n",
		kinds[batch.kind], reaches[batch.reach], first, batch.count, batch.sent, batch.received, pid,
		servers[server], port_of(&batch.to));
	if (write(go[1], &byte, 1) != 1)
		die("cannot start a client: %m");
	close(go[0]);
	close(go[1]);
	if (batch.kind <= DEAF)
		to_serve += batch.count;
	*count = batch.count;
}

static void await_client(int *at_once)
{
	int status;

	if (wait(&status) < 0 || status)
		die("a client or a server failed");
	--*at_once;
}

static void await_servers(void)
{
	for (;;) {
		uint64_t sum = 0;

		for (int i = 0; i < SERVERS; i++)
			sum += served[i];
		if (sum == to_serve)
			return;
		usleep(1000); /* of a poll that ends as each connection does */
	}
}

/* What lo has sent in this network namespace: a packet is counted without its Ethernet header (drivers/net/loopback.c). */
static void read_lo(uint64_t *packets, uint64_t *bytes)
{
	FILE *file = fopen("/proc/self/net/dev", "re");
	char line[512];

	*packets = UINT64_MAX;
	while (file && fgets(line, sizeof(line), file))
		sscanf(line, " lo: %*s %*s %*s %*s %*s %*s %*s %*s %lu %lu", bytes, packets);
	if (*packets == UINT64_MAX)
		die("cannot read /proc/self/net/dev");
	fclose(file);
}

/* Batches by the clock, each as a process; those that come late follow at once. Prints a line of what each is to do first. */
void act_soak(struct run *run)
{
	uint64_t packets, bytes, packets_before, bytes_before;
	struct timespec due;
	uint32_t first = 0, count;
	uint64_t n = 0, total = rate * for_s;
	int at_once = 0;

	read_lo(&packets_before, &bytes_before);
	clock_gettime(CLOCK_MONOTONIC, &due);
	while (first < total) {
		while (at_once == MOST_AT_ONCE)
			await_client(&at_once);
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
		start_batch(run, n++, first, &count);
		at_once++;
		first += count;
		due.tv_nsec += count * 1000000000ULL / rate;
		due.tv_sec += due.tv_nsec / 1000000000;
		due.tv_nsec %= 1000000000;
	}
	while (at_once)
		await_client(&at_once);
	await_servers();
	for (int i = 0; i < SERVERS; i++)
		if (kill(servers[i], SIGKILL) || waitpid(servers[i], NULL, 0) != servers[i])
			die("a server ended too early");
	read_lo(&packets, &bytes);
	add_fact(run, "sockets", first);
	add_fact(run, "lo_packets", packets - packets_before);
	add_fact(run, "lo_bytes", bytes - bytes_before);
	add_fact(run, "all_retransmits", all_retransmits());
}
