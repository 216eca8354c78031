// Made by bpf/gen.ts from tcpconnect.bpf.c: `make layouts` makes it anew.
export default {
  "event": {
    "size": 104,
    "fields": {
      "time_ns": {
        "offset": 0,
        "size": 8
      },
      "cgroup_id": {
        "offset": 8,
        "size": 8
      },
      "pid": {
        "offset": 16,
        "size": 4
      },
      "tid": {
        "offset": 20,
        "size": 4
      },
      "uid": {
        "offset": 24,
        "size": 4
      },
      "netns": {
        "offset": 28,
        "size": 4
      },
      "comm": {
        "offset": 32,
        "size": 16
      },
      "laddr": {
        "offset": 48,
        "size": 16
      },
      "raddr": {
        "offset": 64,
        "size": 16
      },
      "lport": {
        "offset": 80,
        "size": 2
      },
      "rport": {
        "offset": 82,
        "size": 2
      },
      "family": {
        "offset": 84,
        "size": 2
      },
      "protocol": {
        "offset": 86,
        "size": 2
      },
      "latency_ns": {
        "offset": 88,
        "size": 8
      },
      "result": {
        "offset": 96,
        "size": 4
      },
      "awaited": {
        "offset": 100,
        "size": 4
      }
    }
  },
  "count": {
    "size": 48,
    "fields": {
      "laddr": {
        "offset": 0,
        "size": 16
      },
      "raddr": {
        "offset": 16,
        "size": 16
      },
      "lport": {
        "offset": 32,
        "size": 2
      },
      "rport": {
        "offset": 34,
        "size": 2
      },
      "family": {
        "offset": 36,
        "size": 2
      },
      "protocol": {
        "offset": 38,
        "size": 2
      },
      "count": {
        "offset": 40,
        "size": 8
      }
    }
  },
  "rodata": {
    "noting_cgroups": {
      "offset": 0,
      "size": 1
    },
    "counting": {
      "offset": 1,
      "size": 1
    },
    "filter_pids": {
      "offset": 2,
      "size": 1
    },
    "filter_uids": {
      "offset": 3,
      "size": 1
    },
    "filter_netnses": {
      "offset": 4,
      "size": 1
    },
    "filter_cgroups": {
      "offset": 5,
      "size": 1
    },
    "filter_comms": {
      "offset": 6,
      "size": 1
    },
    "filter_laddrs": {
      "offset": 7,
      "size": 1
    },
    "filter_raddrs": {
      "offset": 8,
      "size": 1
    },
    "filter_family": {
      "offset": 10,
      "size": 2
    },
    "filter_lports": {
      "offset": 12,
      "size": 1
    },
    "lports": {
      "offset": 13,
      "size": 8192
    },
    "filter_rports": {
      "offset": 8205,
      "size": 1
    },
    "rports": {
      "offset": 8206,
      "size": 8192
    },
    "filter_cgroupmap": {
      "offset": 16398,
      "size": 1
    },
    "filter_mntnsmap": {
      "offset": 16399,
      "size": 1
    },
    "filter_children": {
      "offset": 16400,
      "size": 1
    },
    "await_result": {
      "offset": 16401,
      "size": 1
    }
  },
  "bss": {
    "lost_count_full": {
      "offset": 0,
      "size": 8
    },
    "lost_children": {
      "offset": 8,
      "size": 8
    },
    "lost_ring_full": {
      "offset": 16,
      "size": 8
    },
    "lost_attempt_full": {
      "offset": 40,
      "size": 8
    },
    "unanswered": {
      "offset": 48,
      "size": 8
    },
    "lost_attempt_stuck": {
      "offset": 56,
      "size": 8
    },
    "lost_attempt_gone": {
      "offset": 64,
      "size": 8
    }
  },
  "programs": {
    "follow_fork": "tp_btf/sched_process_fork",
    "forget_process": "tp_btf/sched_process_free",
    "set_state": "tp_btf/inet_sock_set_state",
    "sweep": "iter/bpf_map_elem",
    "last_sweep": "iter/bpf_map_elem"
  }
} as const;
