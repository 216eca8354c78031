// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Packets and bytes that an interface sends and receives, by queue and by size. */
#include "sample.bpf.h"

#define MOST_QUEUES 1024 /* of a direction; bcc's bound, too */

enum direction { TX, RX };

struct queue {
	__u16 queue;
	__u16 direction;
};

/* Packets in all and by size (skb->len in bytes); those of 64K and more come with BIG TCP. */
struct traffic {
	__u64 packets;
	__u64 bytes;
	__u64 below_64;
	__u64 below_512;
	__u64 below_2k;
	__u64 below_16k;
	__u64 below_64k;
	__u64 from_64k;
};

struct sample {
	struct queue key;
	__u32 cpu;
	struct traffic traffic;
};

SAMPLES(BPF_MAP_TYPE_PERCPU_HASH, struct queue, struct traffic, 2 * MOST_QUEUES);

/*
 * The interface. Its namespace stays: told by its cookie, or, before 5.14, where user space cannot have that, by its inode
 * number, which goes to another namespace once it has ended. Which index the interface has is for user space to follow;
 * 0 if it is gone.
 */
const volatile __u64 netns_cookie = 0;
const volatile __u32 netns = 0;
volatile __u32 ifindex = 0;

/* How many queues it has in use, as far as that is known; 0 if it is not. */
volatile __u32 tx_queues = 0;
volatile __u32 rx_queues = 0;

char _license[] SEC("license") = "Dual BSD/GPL";

/* Every packet of every interface comes here, so what tells most others apart is looked at first. */
static __always_inline bool is_other(const struct net_device *dev)
{
	const struct net *net;

	if (dev->ifindex != (int)ifindex)
		return true;
	net = dev->nd_net.net;
	if (netns_cookie && bpf_core_field_exists(net->net_cookie))
		return net->net_cookie != netns_cookie;
	return net->ns.inum != netns;
}

/* Written when it changes only, as all CPUs read it. */
static __always_inline void note_queues(const struct net_device *dev)
{
	__u32 tx = dev->real_num_tx_queues;

	if (tx_queues != tx)
		tx_queues = tx;
	if (bpf_core_field_exists(dev->real_num_rx_queues)) { /* CONFIG_SYSFS */
		__u32 rx = dev->real_num_rx_queues;

		if (rx_queues != rx)
			rx_queues = rx;
	}
}

static __always_inline void count(const struct net_device *dev, __u16 queue, enum direction direction, __u32 bytes)
{
	const struct queue key = { .queue = queue, .direction = direction };
	const struct traffic none = {};
	struct traffic *traffic = sample_of(&key, &none);

	note_queues(dev);
	if (!traffic)
		return;
	traffic->packets++;
	traffic->bytes += bytes;
	if (bytes < 64)
		traffic->below_64++;
	else if (bytes < 512)
		traffic->below_512++;
	else if (bytes < 2048)
		traffic->below_2k++;
	else if (bytes < 16384)
		traffic->below_16k++;
	else if (bytes < 65536)
		traffic->below_64k++;
	else
		traffic->from_64k++;
}

SEC("tp_btf/net_dev_start_xmit")
int BPF_PROG(sent, const struct sk_buff *skb, const struct net_device *dev)
{
	if (!is_other(dev))
		count(dev, skb->queue_mapping, TX, skb->len);
	return 0;
}

/* A received packet's queue is its number and one, or 0 where the driver recorded none (skb_record_rx_queue()). */
SEC("tp_btf/netif_receive_skb")
int BPF_PROG(received, struct sk_buff *skb)
{
	const struct net_device *dev = skb->dev;

	if (!is_other(dev))
		count(dev, skb->queue_mapping ? skb->queue_mapping - 1 : 0, RX, skb->len);
	return 0;
}
