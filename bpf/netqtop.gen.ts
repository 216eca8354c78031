// Made by bpf/gen.ts from netqtop.bpf.c: `make layouts` makes it anew.
export default {
  "sample": {
    "size": 72,
    "fields": {
      "queue": {
        "offset": 0,
        "size": 2
      },
      "direction": {
        "offset": 2,
        "size": 2
      },
      "cpu": {
        "offset": 4,
        "size": 4
      },
      "packets": {
        "offset": 8,
        "size": 8
      },
      "bytes": {
        "offset": 16,
        "size": 8
      },
      "below_64": {
        "offset": 24,
        "size": 8
      },
      "below_512": {
        "offset": 32,
        "size": 8
      },
      "below_2k": {
        "offset": 40,
        "size": 8
      },
      "below_16k": {
        "offset": 48,
        "size": 8
      },
      "below_64k": {
        "offset": 56,
        "size": 8
      },
      "from_64k": {
        "offset": 64,
        "size": 8
      }
    }
  },
  "rodata": {
    "noting_cgroups": {
      "offset": 0,
      "size": 1
    },
    "netns_cookie": {
      "offset": 8,
      "size": 8
    },
    "netns": {
      "offset": 16,
      "size": 4
    }
  },
  "bss": {
    "lost_sample_full": {
      "offset": 0,
      "size": 8
    },
    "ifindex": {
      "offset": 16,
      "size": 4
    },
    "tx_queues": {
      "offset": 20,
      "size": 4
    },
    "rx_queues": {
      "offset": 24,
      "size": 4
    }
  },
  "programs": {
    "sent": "tp_btf/net_dev_start_xmit",
    "received": "tp_btf/netif_receive_skb"
  }
} as const;
