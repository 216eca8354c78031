/*
 * The traffic that live tests trace: `traffic SCENARIO [key=value ...]`.
 *
 * One controller process reads stdin and writes stdout; it forks workers (acceptors and one client) and gives them
 * orders through a pipe each. All workers report through one pipe. So every step that must follow another one waits
 * for a report, and nothing ever waits for time to pass.
 */
#ifndef TRAFFIC_H
#define TRAFFIC_H

#define _GNU_SOURCE
#include <limits.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define MOST_ACCEPTORS 64
#define MOST_PORTS 16
#define COMM_SIZE 16
#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* How a client reaches a listener: IPv4, IPv6, or IPv4 to a dual-stack IPv6 listener. */
enum reach { V4, V6, MAPPED };

/* What a worker is told to do; each worker reads the members that it knows. */
struct order {
	int fd;			/* the listener to accept from, or the descriptor to attack */
	uint32_t count;		/* of connections */
	union address to;
	int protocol;
	bool fast_open;
	bool must_fail;		/* accepts that must not succeed; see `failed` */
	int step;		/* of a scenario that has several */
};

enum report_kind { HELLO, ACCEPTED, CONNECTED, ARMED, STILL_AT_IT, FINISHED, UNSUPPORTED };

/* One write to the pipe, which is atomic up to PIPE_BUF. An acceptor that cannot see the tuple leaves it zero. */
struct report {
	enum report_kind kind;
	int worker;
	pid_t pid, tid;
	uid_t uid;
	ino_t mntns;
	char comm[COMM_SIZE];
	union address local, remote;
	uint64_t value;		/* as the scenario says */
	char sentence[160];	/* why it is unsupported */
};
_Static_assert(sizeof(struct report) <= PIPE_BUF, "reports of several workers must not mix");

struct worker;
typedef void work(struct worker *self, const struct order *order);

/* What kind of worker to make. Zero is one thread that stays as the controller is. */
struct job {
	const char *comm;
	void (*prepare)(struct worker *self);	/* before HELLO; may be NULL */
	work *work;
	const void *settings;			/* of the scenario; outlives the worker */
	int threads;
	const char *cgroup;			/* a directory to move to */
	bool own_mntns;
	long uid;
};

struct worker {
	int index;
	int orders[2];		/* pipe */
	int reports;		/* where to write them */
	const struct job *job;
	void *state;		/* of the scenario */
	pid_t pid, tid;
};

struct listener {
	int fd;
	int protocol;
	union address address;
};

/* A number for the last line, besides the connections. */
struct fact {
	const char *name;
	uint64_t value;
};

struct run {
	ino_t netns;
	int reports[2];
	struct job job;			/* of the acceptors */
	struct worker acceptors[MOST_ACCEPTORS];
	int acceptor_count;
	int next_acceptor;		/* they take turns */
	uid_t uid;
	ino_t mntns;
	struct worker client;
	struct order client_order;	/* for scenarios that connect in one way only */
	struct listener listeners[MOST_PORTS];
	size_t listener_count;
	union address addr4, addr6;	/* where clients connect to */
	struct report *connections;	/* as the acceptors saw them */
	size_t connection_count;
	struct fact facts[8];
	size_t fact_count;
	union address decoy[2];		/* local and remote of a socket that nobody accepted; see fdrace */
};

struct scenario {
	const char *name;
	void (*set_up)(struct run *run);	/* all that comes before the ready line */
	void (*act)(struct run *run);		/* after `go` */
};

/* traffic_option.c: an option that no scenario asked for is an error, so ask for all of them before `ready`. */
void take_options(char **words, int count);
const char *option(const char *key, const char *otherwise);
uint64_t number(const char *key, uint64_t otherwise);
size_t numbers(const char *key, const char *otherwise, uint64_t *values, size_t most);
enum reach reach_option(void);
const char *comm_option(void);
void refuse_other_options(const char *scenario);
__attribute__((noreturn, format(printf, 1, 2))) void die(const char *sentence, ...);

/* traffic_net.c */
ino_t inode_of(const char *path);
ino_t enter_new_network(void);
void set_addresses(struct run *run);
struct listener *listen_on(struct run *run, enum reach reach, uint16_t port, int protocol);
union address destination(const struct run *run, enum reach reach, const struct listener *listener);
uint16_t port_of(const union address *address);
void set_sysctl(const char *path, const char *value);
void add_address6(const struct in6_addr *address);
uint64_t all_retransmits(void);
void await_ends(void);
void stay_on_this_cpu(void);
void stay_on_cpu(int n);

/* traffic_worker.c */
void start_reports(struct run *run);
void start_acceptors(struct run *run, int processes);
void start_client(struct run *run, work *how);
void give_order(const struct worker *worker, struct order order);
void send_report(const struct worker *self, struct report report);
struct report read_report(struct run *run);
void wait_until_in_accept(const struct worker *worker);
void end_workers(struct run *run);

/* traffic_connect.c */
void connect_as_ordered(struct worker *self, const struct order *order);
void establish(struct run *run, struct worker *acceptor, const struct listener *listener, struct order to_client);
struct worker *next_acceptor(struct run *run);
void add_connection(struct run *run, const struct report *accepted);
void add_fact(struct run *run, const char *name, uint64_t value);
struct report both_ends(int fd, enum report_kind kind);
void report_accepted(const struct worker *self, int fd, uint64_t value);

/* traffic_acceptor.c */
struct accept_settings {
	bool accept4;
	bool nonblock;
};
void set_up_acceptors(struct run *run);
void accept_as_ordered(struct worker *self, const struct order *order);
struct accept_settings call_option(void);
void set_nonblocking(const struct listener *listener);

/* traffic_dns.c */
void answer(const char *name, const union address *to, sa_family_t family);

/* The scenarios. */
void set_up_accept(struct run *run);
void act_accept(struct run *run);
void set_up_ports(struct run *run);
void set_up_connect(struct run *run);
void act_connect(struct run *run);
void set_up_preblocked(struct run *run);
void act_preblocked(struct run *run);
void set_up_failed(struct run *run);
void act_failed(struct run *run);
void set_up_mptcp(struct run *run);
void set_up_tfo(struct run *run);
void act_special(struct run *run);
void set_up_uring(struct run *run);
void act_uring(struct run *run);
void set_up_flood(struct run *run);
void act_flood(struct run *run);
void set_up_fdrace(struct run *run);
void act_fdrace(struct run *run);
void set_up_retransmit(struct run *run);
void act_retransmit(struct run *run);
void set_up_listen(struct run *run);
void act_listen(struct run *run);
void set_up_drop(struct run *run);
void act_drop(struct run *run);
void set_up_outcome(struct run *run);
void act_outcome(struct run *run);
void set_up_bytes(struct run *run);
void act_bytes(struct run *run);
void set_up_close(struct run *run);
void act_close(struct run *run);
void set_up_reset(struct run *run);
void act_reset(struct run *run);
void set_up_soak(struct run *run);
void act_soak(struct run *run);

/* traffic_print.c */
void print_ready(const struct run *run);
__attribute__((noreturn)) void print_unsupported(const char *sentence);
void print_done(const struct run *run);

#endif
