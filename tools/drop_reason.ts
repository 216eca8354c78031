/** What the kernel means by a reason, and what to look at; names are those of enum skb_drop_reason without the prefix. */
export const EXPLANATIONS: ReadonlyMap<string, string> = new Map(Object.entries({
  NO_SOCKET: "Nothing listens on that port, or the connection is gone: is the service up, and on this address?",
  SOCKET_CLOSE: "The socket was closed while the packet was under way: who closes it so early?",
  SOCKET_FILTER: "A filter on the socket (SO_ATTACH_FILTER, SO_ATTACH_BPF, a cgroup's) refused it: see `ss -b`.",
  SOCKET_RCVBUFF:
    "The socket's receive buffer is full: the program reads too slowly; see `ss -m` and net.ipv4.tcp_rmem.",
  SOCKET_BACKLOG:
    "The socket was busy and its backlog full: its thread is overloaded, or tcp_rmem is small for the rate.",
  PROTO_MEM: "All of TCP is at its limit of memory: see /proc/net/sockstat and net.ipv4.tcp_mem.",
  NETFILTER_DROP: "A firewall rule dropped it: see the counters of `nft list ruleset` or `iptables -nvL`.",
  BPF_CGROUP_EGRESS: "A BPF program of the sender's cgroup dropped it: see `bpftool cgroup tree`.",
  SECURITY_HOOK: "A security module (SELinux, AppArmor, ...) dropped it: see the audit log.",
  XFRM_POLICY: "An IPsec policy does not allow it unencrypted: see `ip xfrm policy`.",
  XDP: "An XDP program dropped it: see `ip link` and `bpftool net`.",
  TC_INGRESS: "A tc filter dropped it on its way in: see `tc -s filter show dev DEV ingress`.",
  TC_EGRESS: "A tc filter dropped it on its way out: see `tc -s filter show dev DEV egress`.",
  QDISC_DROP: "The interface's queue was full, or its discipline dropped it early: see `tc -s qdisc`.",
  QDISC_OVERLIMIT: "The interface's queue is at its limit: see `tc -s qdisc`; the link is slower than the traffic.",
  QDISC_CONGESTED: "The queue's discipline drops to tell senders to slow down: see `tc -s qdisc`.",
  FQ_FLOW_LIMIT: "This flow has too many packets in the fq queue: see `tc -s qdisc` and its flow_limit.",
  CPU_BACKLOG:
    "A processor gets packets faster than it can handle them: see net.core.netdev_max_backlog, RPS and IRQs.",
  FULL_RING: "The queue of a virtual device (tun, veth) is full: its reader is too slow.",
  IP_OUTNOROUTES: "There is no route to the destination any more: see `ip route get ADDRESS`.",
  IP_INNOROUTES: "No route says what to do with it here: is the address this machine's, is forwarding on?",
  IP_INADDRERRORS: "The address is not this machine's, and it does not forward: see `ip addr` and net.ipv4.ip_forward.",
  IP_RPFILTER: "The reverse path filter: answers would leave by another interface; see net.ipv4.conf.*.rp_filter.",
  IP_LOCAL_SOURCE: "It came from outside with an address of this machine as its source: a loop, or a spoofed packet.",
  NEIGH_FAILED: "The neighbour's hardware address cannot be found: see `ip neigh`; is the host up?",
  NEIGH_QUEUEFULL: "Too many packets wait for the neighbour's hardware address: see `ip neigh`; is the host up?",
  PKT_TOO_BIG: "It is larger than the route's MTU and must not be fragmented: are ICMP messages filtered on the way?",
  PKT_TOO_SMALL: "It is shorter than its headers say: a broken sender, cable or driver.",
  TCP_CSUM: "The TCP checksum is wrong: it was damaged on the way, or an offload is broken; see `ethtool -k`.",
  IP_CSUM: "The IP checksum is wrong: it was damaged on the way, or an offload is broken; see `ethtool -k`.",
  TCP_MINTTL: "Its TTL is below what the socket asks for (IP_MINTTL): it came from further away than allowed.",
  TCP_MD5NOTFOUND: "It lacks the MD5 signature that this socket asks for: is the peer's key configured?",
  TCP_MD5FAILURE: "Its MD5 signature is wrong: do both ends have the same key?",
  TCP_FLAGS: "Its flags make no sense in this state of the connection.",
  TCP_LISTEN_OVERFLOW:
    "The accept queue is full: the program accepts too slowly, or its backlog is small; see `ss -ltn`.",
  TCP_ZEROWINDOW: "It brings data although the receiver said that it has no room: the program reads too slowly.",
  TCP_OVERWINDOW: "It brings data beyond the window: the sender ignores it, or the window shrank.",
  TCP_OLD_DATA: "It brings data that is here already: a retransmit that was not needed, or acknowledgements are lost.",
  TCP_OFOMERGE: "Its data is in the out-of-order queue already: a retransmit that was not needed.",
  TCP_OFO_QUEUE_PRUNE: "The out-of-order queue was emptied for want of memory: see net.ipv4.tcp_rmem.",
  TCP_OFO_DROP: "There is no room in the out-of-order queue: see net.ipv4.tcp_rmem.",
  TCP_RFC7323_PAWS: "Its timestamp is older than the last one: a late duplicate, or NAT mixes the peer with others.",
  TCP_OLD_SEQUENCE: "Its sequence number lies before the window: a late duplicate.",
  TCP_INVALID_SEQUENCE: "Its sequence number is outside of the window: a late duplicate, or not of this connection.",
  TCP_INVALID_END_SEQUENCE: "It ends outside of the window.",
  TCP_INVALID_ACK_SEQUENCE:
    "It acknowledges what was not sent, or not lately: a late duplicate, or another connection's.",
  TCP_RESET:
    "The peer reset the connection, and this is its RST; or one that came while the connection was being made.",
  TCP_INVALID_SYN: "A SYN within a connection: the peer has restarted, or somebody guesses.",
  TCP_CLOSE: "The connection is closed, and data still came: the peer did not know yet.",
  TCP_OLD_ACK: "Its acknowledgement is older than others: packets were reordered.",
  TCP_TOO_OLD_ACK: "Its acknowledgement is far too old: a late duplicate, or a blind attack.",
  TCP_ACK_UNSENT_DATA: "It acknowledges data that was never sent: a broken middlebox, or another connection's.",
  TCP_ABORT_ON_DATA: "Data came for a socket that was closed already, so the connection is reset.",
  TCP_FASTOPEN: "It was a duplicate of a SYN that had brought data.",
  NOMEM: "The kernel had no memory for it: see `free` and the kernel's log.",
  UNHANDLED_PROTO: "Nothing in this kernel takes such packets.",
  OTHERHOST:
    "It is for another machine, and seen because the interface is promiscuous or the switch sends it everywhere.",
  NOT_SPECIFIED: "The kernel does not say why, and often it is no loss.",
  QUEUE_PURGE: "It was in the queue of a socket that was closed: data that nobody has read.",
}));

/** What is said of all others. */
export const UNEXPLAINED = "See the functions below: the first one is where it was dropped.";

/** Reasons for which packets are freed that are no loss, or none of TCP's here; --all shows them. */
export const NO_LOSS: ReadonlySet<string> = new Set([
  "NOT_DROPPED_YET",
  "SKB_NOT_DROPPED_YET",
  "SKB_CONSUMED",
  "NOT_SPECIFIED",
  "QUEUE_PURGE",
  "OTHERHOST",
]);
