// What becomes of a connect, by the number that the programs give it: 0, or an errno that ends one (sk_err, which ICMP
// errors set, too: net/ipv4/icmp.c, net/ipv6/icmp.c).
export const CONNECT_RESULTS: (string | undefined)[] = ["ok"];
for (
  const [number, name] of [
    [13, "EACCES"],
    [32, "EPIPE"],
    [64, "ENONET"],
    [71, "EPROTO"],
    [90, "EMSGSIZE"],
    [92, "ENOPROTOOPT"],
    [95, "EOPNOTSUPP"],
    [100, "ENETDOWN"],
    [101, "ENETUNREACH"],
    [103, "aborted"],
    [104, "ECONNRESET"],
    [105, "ENOBUFS"],
    [110, "ETIMEDOUT"],
    [111, "ECONNREFUSED"],
    [112, "EHOSTDOWN"],
    [113, "EHOSTUNREACH"],
    [115, "pending"], // EINPROGRESS in bpf/tcpconnect.bpf.c: nothing has become of it yet
    [255, "unsent"], // UNSENT in bpf/tcpconnlat.bpf.c
  ] as const
) CONNECT_RESULTS[number] = name;
