#include "traffic.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <linux/ipv6.h>
#include <linux/membarrier.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

ino_t inode_of(const char *path)
{
	struct stat status;

	if (stat(path, &status))
		die("cannot read %s: %m", path);
	return status.st_ino;
}

static void bring_up_loopback(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request))
		die("cannot bring up lo: %m");
	close(fd);
}

/* Leaves the network of the machine before any socket is made. Returns the inode number of the new namespace. */
ino_t enter_new_network(void)
{
	char parents[32];
	ino_t ours;

	snprintf(parents, sizeof(parents), "/proc/%d/ns/net", getppid());
	if (unshare(CLONE_NEWNET))
		die("cannot make a network namespace (run as root): %m");
	ours = inode_of("/proc/self/ns/net");
	if (ours == inode_of(parents))
		die("this is still the network namespace of the parent, so nothing was done");
	bring_up_loopback();
	return ours;
}

/* No duplicate address detection runs on lo, so the address can be used at once (net/ipv6/addrconf.c). */
void add_address6(const struct in6_addr *address)
{
	struct in6_ifreq request = { .ifr6_addr = *address, .ifr6_prefixlen = 128 };
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 && errno == EAFNOSUPPORT)
		return;	/* a machine without IPv6: whatever needs the address cannot make its socket */
	request.ifr6_ifindex = if_nametoindex("lo");
	if (fd < 0 || (ioctl(fd, SIOCSIFADDR, &request) && errno != EEXIST))
		die("cannot add an IPv6 address to lo: %m");
	close(fd);
}

static void add_address4(const struct sockaddr_in *address)
{
	struct ifreq request = { .ifr_name = "lo:1" };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	memcpy(&request.ifr_addr, address, sizeof(*address));
	if (fd < 0 || ioctl(fd, SIOCSIFADDR, &request))
		die("cannot add an IPv4 address to lo: %m");
	close(fd);
}

/* Options addr4= and addr6=: where the client connects to. */
void set_addresses(struct run *run)
{
	run->addr4.v4.sin_family = AF_INET;
	run->addr6.v6.sin6_family = AF_INET6;
	if (inet_pton(AF_INET, option("addr4", "127.0.0.1"), &run->addr4.v4.sin_addr) != 1)
		die("addr4 must be an IPv4 address");
	if (inet_pton(AF_INET6, option("addr6", "::1"), &run->addr6.v6.sin6_addr) != 1)
		die("addr6 must be an IPv6 address");
	if (ntohl(run->addr4.v4.sin_addr.s_addr) >> 24 != IN_LOOPBACKNET)
		add_address4(&run->addr4.v4);
	add_address6(&run->addr6.v6.sin6_addr);
}

uint16_t port_of(const union address *address)
{
	return ntohs(address->any.sa_family == AF_INET ? address->v4.sin_port : address->v6.sin6_port);
}

static void set_port(union address *address, uint16_t port)
{
	if (address->any.sa_family == AF_INET)
		address->v4.sin_port = htons(port);
	else
		address->v6.sin6_port = htons(port);
}

#define FIRST_PORT 20011	/* below ip_local_port_range */

/*
 * A listener for all addresses: an IPv4 one for V4, else a dual-stack one. Port 0 takes any but those that clients get,
 * as a client that gets the port it connects to is connected to itself. The protocol is
 * IPPROTO_TCP or IPPROTO_MPTCP; returns NULL if the kernel does not know it.
 */
struct listener *listen_on(struct run *run, enum reach reach, uint16_t port, int protocol)
{
	struct listener *listener = &run->listeners[run->listener_count];
	union address *address = &listener->address;
	socklen_t size = sizeof(*address);
	int zero = 0;

	address->any.sa_family = reach == V4 ? AF_INET : AF_INET6;
	set_port(address, port ? port : FIRST_PORT + run->listener_count);
	listener->protocol = protocol;
	listener->fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, protocol);
	if (listener->fd < 0 && (errno == EPROTONOSUPPORT || errno == EINVAL || errno == ENOPROTOOPT))
		return NULL;
	if (listener->fd < 0)
		die("cannot make a socket: %m");
	if (reach != V4 && setsockopt(listener->fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof(zero)))
		die("cannot make a dual-stack socket: %m");
	if (bind(listener->fd, &address->any, size) || listen(listener->fd, SOMAXCONN))
		die("cannot listen on port %u: %m", port);
	if (getsockname(listener->fd, &address->any, &size))
		die("cannot read the port of a listener: %m");
	run->listener_count++;
	return listener;
}

/* The address at which a client reaches the listener in this way. */
union address destination(const struct run *run, enum reach reach, const struct listener *listener)
{
	union address to = reach == V6 ? run->addr6 : run->addr4;

	set_port(&to, port_of(&listener->address));
	return to;
}

/* A file below /proc/sys/net is the one of the network namespace of who opens it. */
void set_sysctl(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		die("cannot write %s: %m", path);
	close(fd);
}

/* All that TCP has sent again in this network namespace (RetransSegs, the 12th number of Tcp in /proc/net/snmp). */
uint64_t all_retransmits(void)
{
	FILE *file = fopen("/proc/self/net/snmp", "re");
	uint64_t retransmits = UINT64_MAX;
	char line[1024];

	while (file && fgets(line, sizeof(line), file))
		sscanf(line, "Tcp: %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %lu", &retransmits);
	if (retransmits == UINT64_MAX)
		die("cannot read /proc/self/net/snmp");
	fclose(file);
	return retransmits;
}

/*
 * Sockets of a file like /proc/net/tcp that are neither LISTEN (10) nor what is left of them in TIME_WAIT, which alone
 * have timer 3 (net/ipv4/tcp_ipv4.c: get_timewait4_sock).
 */
static uint32_t open_in(const char *path)
{
	FILE *file = fopen(path, "re");
	uint32_t open = 0;
	unsigned int state, timer;
	char line[512];

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, " %*d: %*s %*s %x %*x:%*x %x:", &state, &timer) == 2)
			open += state != 10 && timer != 3;
	if (file)
		fclose(file);
	return open;
}

/*
 * Waits until no connection of this network namespace is on its way to its end, as those are that nobody has open any
 * more: a busy machine has their last packets wait. A socket leaves the list before its state is told (net/ipv4/tcp.c:
 * tcp_set_state), all within a softirq, which has ended once a grace period has.
 */
void await_ends(void)
{
	struct timespec moment = { .tv_nsec = 1000000 };

	for (int i = 0; open_in("/proc/self/net/tcp") || open_in("/proc/self/net/tcp6"); i++) {
		if (i == 20000)
			die("there are connections that do not end");
		nanosleep(&moment, NULL);	/* of a bounded poll */
	}
	syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0);
}

static void stay_on(int cpu)
{
	cpu_set_t here;

	CPU_ZERO(&here);
	CPU_SET(cpu, &here);
	if (sched_setaffinity(0, sizeof(here), &here))
		die("cannot stay on a CPU: %m");
}

/*
 * On loopback a packet waits in the queue of the CPU that sent it. A client that moves to another CPU can have its reset
 * overtake the ACK before it: then nobody ever accepts that connection, or the kernel drops the ACK as it comes too late.
 */
void stay_on_this_cpu(void)
{
	stay_on(sched_getcpu());
}

/* The n-th of those that this process may run on, beginning again after the last: both ends' packets wait in one queue. */
void stay_on_cpu(int n)
{
	cpu_set_t allowed;
	int cpu = 0;

	if (sched_getaffinity(0, sizeof(allowed), &allowed))
		die("cannot read which CPUs there are: %m");
	n %= CPU_COUNT(&allowed);
	while (!CPU_ISSET(cpu, &allowed) || n--)
		cpu++;
	stay_on(cpu);
}
