/* tcpaccept's rows as C tools print them: inet_ntop and one printf a row. The time's text is made once a second. */
#include "c.h"

#include <arpa/inet.h>
#include <string.h>
#include <time.h>

enum format format_of(const char *name)
{
	static const char *const names[] = { "count", "table", "json", "csv" };

	for (enum format format = CSV; format > COUNT; format--)
		if (!strcmp(name, names[format]))
			return format;
	return COUNT;
}

static const char *address(const struct record *record, const uint8_t bytes[16], char text[INET6_ADDRSTRLEN])
{
	if (record->family == AF_INET)
		return inet_ntop(AF_INET, bytes + 12, text, INET6_ADDRSTRLEN);
	return inet_ntop(AF_INET6, bytes, text, INET6_ADDRSTRLEN);
}

/* RFC 3339, of nanoseconds of CLOCK_MONOTONIC */
static const char *time_text(uint64_t time_ns)
{
	static char text[40];
	static int64_t offset_ns;
	static time_t last = -1;
	time_t second;

	if (!offset_ns) {
		struct timespec real, monotonic;

		clock_gettime(CLOCK_REALTIME, &real);
		clock_gettime(CLOCK_MONOTONIC, &monotonic);
		offset_ns = (real.tv_sec - monotonic.tv_sec) * 1000000000LL + real.tv_nsec - monotonic.tv_nsec;
	}
	time_ns += offset_ns;
	second = time_ns / 1000000000;
	if (second != last) {
		struct tm utc;

		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S.", gmtime_r(&second, &utc));
		last = second;
	}
	snprintf(text + 20, sizeof(text) - 20, "%09uZ", (unsigned int)(time_ns % 1000000000));
	return text;
}

/* The bench's names need no escapes: a tool must look whether one does, and what would need it stands as `?`. */
static const char *harmless(const char *comm, const char *special)
{
	static char text[17];
	int i;

	for (i = 0; i < 16 && comm[i]; i++)
		text[i] = comm[i] < 32 || comm[i] > 126 || strchr(special, comm[i]) ? '?' : comm[i];
	text[i] = 0;
	return text;
}

void print_heading(enum format format)
{
	if (format == TABLE)
		printf("%-7s %-12s %-2s %-16s %-5s %-16s %-5s\n", "PID", "COMM", "IP", "RADDR", "RPORT", "LADDR", "LPORT");
	if (format == CSV)
		fputs("time,tool,pid,comm,ip,raddr,rport,laddr,lport,uid,netns,cgroup_id\r\n", stdout);
}

void print_row(enum format format, const struct record *e)
{
	char laddr[INET6_ADDRSTRLEN], raddr[INET6_ADDRSTRLEN];
	int ip = e->family == AF_INET ? 4 : 6;

	switch (format) {
	case COUNT:
		break;
	case TABLE:
		printf("%-7u %-12.12s %-2d %-16s %-5u %-16s %-5u\n", e->pid, harmless(e->comm, ""), ip,
		       address(e, e->raddr, raddr), e->rport, address(e, e->laddr, laddr), e->lport);
		break;
	case JSON:
		printf("{\"time\":\"%s\",\"tool\":\"tcpaccept\",\"pid\":%u,\"comm\":\"%s\",\"ip\":%d,\"raddr\":\"%s\","
		       "\"rport\":%u,\"laddr\":\"%s\",\"lport\":%u,\"uid\":%u,\"netns\":%u,\"cgroup_id\":%llu}\n",
		       time_text(e->time_ns), e->pid, harmless(e->comm, "\"\\"), ip, address(e, e->raddr, raddr),
		       e->rport, address(e, e->laddr, laddr), e->lport, e->uid, e->netns,
		       (unsigned long long)e->cgroup_id);
		break;
	case CSV:
		printf("%s,tcpaccept,%u,%s,%d,%s,%u,%s,%u,%u,%u,%llu\r\n", time_text(e->time_ns), e->pid,
		       harmless(e->comm, "\","), ip, address(e, e->raddr, raddr), e->rport,
		       address(e, e->laddr, laddr), e->lport, e->uid, e->netns, (unsigned long long)e->cgroup_id);
		break;
	}
}
