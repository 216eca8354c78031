/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a TCP packet says of itself, read from its headers. */
#ifndef NETTRACE_PACKET_BPF_H
#define NETTRACE_PACKET_BPF_H

#include "nettrace.bpf.h"

#define ETH_P_IP 0x0800
#define ETH_P_IPV6 0x86dd
#define IPV4_OFFSET 0x1fff

/* As on the wire: addresses of 16 bytes (IPv4 as ::ffff:a.b.c.d), ports in host order. */
struct packet {
	__u8 saddr[16];
	__u8 daddr[16];
	__u16 sport;
	__u16 dport;
	__u16 family;
	__u8 flags;
};

enum parsed { NOT_TCP, TCP, CUT_OFF };

struct ipv4_header {
	__u8 version_and_words;
	__u8 service;
	__be16 length;
	__be16 id;
	__be16 fragment;
	__u8 ttl;
	__u8 protocol;
	__be16 checksum;
	__be32 saddr;
	__be32 daddr;
};

struct ipv6_header {
	__u8 version;
	__u8 flow[3];
	__be16 length;
	__u8 next;
	__u8 hops;
	__u8 saddr[16];
	__u8 daddr[16];
};

struct ipv6_extension {
	__u8 next;
	__u8 length;	/* beyond the first eight bytes, in eights */
};

/* The part of the TCP header that is read. */
struct tcp_head {
	__be16 sport;
	__be16 dport;
	__be32 seq;
	__be32 ack;
	__u8 words;
	__u8 flags;
	__be16 window;
};

#define IS_EXTENSION(next) ((next) == 0 /* hop by hop */ || (next) == 43 /* routing */ || (next) == 60 /* destination */)
#define MOST_EXTENSIONS 3

/* Reads `into` from that offset of the packet's linear part; false if it ends before. */
#define READ_HEADER(into, skb, at)										\
	((at) + sizeof(*(into)) <= (skb)->tail &&								\
	 !bpf_probe_read_kernel(into, sizeof(*(into)), (skb)->head + (at)))

static __always_inline enum parsed parse_ipv4(struct packet *packet, struct sk_buff *skb, __u32 *at)
{
	struct ipv4_header ip;

	if (!READ_HEADER(&ip, skb, *at))
		return CUT_OFF;
	/* Only the first fragment has the TCP header. */
	if (ip.version_and_words >> 4 != 4 || ip.protocol != IPPROTO_TCP || ip.fragment & bpf_htons(IPV4_OFFSET))
		return NOT_TCP;
	packet->family = AF_INET;
	set_mapped(packet->saddr, ip.saddr);
	set_mapped(packet->daddr, ip.daddr);
	*at += (ip.version_and_words & 15) * 4;
	return TCP;
}

static __always_inline enum parsed parse_ipv6(struct packet *packet, struct sk_buff *skb, __u32 *at)
{
	struct ipv6_extension extension;
	struct ipv6_header ip;

	if (!READ_HEADER(&ip, skb, *at))
		return CUT_OFF;
	if (ip.version >> 4 != 6)
		return NOT_TCP;
	packet->family = AF_INET6;
	__builtin_memcpy(packet->saddr, ip.saddr, sizeof(ip.saddr));
	__builtin_memcpy(packet->daddr, ip.daddr, sizeof(ip.daddr));
	*at += sizeof(ip);
#pragma unroll
	for (int i = 0; i < MOST_EXTENSIONS; i++) {
		if (!IS_EXTENSION(ip.next))
			break;
		if (!READ_HEADER(&extension, skb, *at))
			return CUT_OFF;
		ip.next = extension.next;
		*at += 8 * (extension.length + 1);
	}
	return ip.next == IPPROTO_TCP ? TCP : NOT_TCP;
}

/*
 * Fills every byte of `packet` if it returns TCP. The IP header is looked for where the packet says it is, or where its
 * data begins if the stack has not come to look at it yet.
 */
static __always_inline enum parsed parse_packet(struct packet *packet, struct sk_buff *skb)
{
	__u32 at = skb->network_header ?: (__u32)((__u64)skb->data - (__u64)skb->head);
	__u16 protocol = skb->protocol;
	struct tcp_head tcp;
	enum parsed parsed;

	if (protocol == bpf_htons(ETH_P_IP))
		parsed = parse_ipv4(packet, skb, &at);
	else if (protocol == bpf_htons(ETH_P_IPV6))
		parsed = parse_ipv6(packet, skb, &at);
	else
		return NOT_TCP;
	if (parsed != TCP)
		return parsed;
	if (!READ_HEADER(&tcp, skb, at))
		return CUT_OFF;
	packet->sport = bpf_ntohs(tcp.sport);
	packet->dport = bpf_ntohs(tcp.dport);
	packet->flags = tcp.flags;
	return TCP;
}

#endif
