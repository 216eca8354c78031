/* What the C side of the bench shares: tcpaccept's record, its rows through printf, and how to give up. */
#ifndef BENCH_C_H
#define BENCH_C_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct record {
	uint64_t time_ns, cgroup_id;
	uint32_t pid, tid, uid, netns;
	char comm[16];
	uint8_t laddr[16], raddr[16];
	uint16_t lport, rport, family, protocol;
};

enum format { COUNT, TABLE, JSON, CSV };

/* COUNT for a name that is none */
enum format format_of(const char *name);
void print_heading(enum format format);
void print_row(enum format format, const struct record *record);

#define die(...) (fprintf(stderr, __VA_ARGS__), fputc('\n', stderr), exit(1))

#endif
