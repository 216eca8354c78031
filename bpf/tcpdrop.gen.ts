// Made by bpf/gen.ts from tcpdrop.bpf.c: `make layouts` makes it anew.
export default {
  "event": {
    "size": 360,
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
      "location": {
        "offset": 48,
        "size": 8
      },
      "stack": {
        "offset": 56,
        "size": 256
      },
      "saddr": {
        "offset": 312,
        "size": 16
      },
      "daddr": {
        "offset": 328,
        "size": 16
      },
      "sport": {
        "offset": 344,
        "size": 2
      },
      "dport": {
        "offset": 346,
        "size": 2
      },
      "family": {
        "offset": 348,
        "size": 2
      },
      "state": {
        "offset": 350,
        "size": 1
      },
      "flags": {
        "offset": 351,
        "size": 1
      },
      "reason": {
        "offset": 352,
        "size": 4
      },
      "reason_known": {
        "offset": 356,
        "size": 4
      }
    }
  },
  "count": {
    "size": 24,
    "fields": {
      "location": {
        "offset": 0,
        "size": 8
      },
      "reason": {
        "offset": 8,
        "size": 4
      },
      "reason_known": {
        "offset": 12,
        "size": 4
      },
      "count": {
        "offset": 16,
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
    "ignored_reasons": {
      "offset": 16401,
      "size": 128
    },
    "packet_family": {
      "offset": 16530,
      "size": 2
    }
  },
  "bss": {
    "lost_count_full": {
      "offset": 0,
      "size": 8
    },
    "lost_fd_gone": {
      "offset": 8,
      "size": 8
    },
    "lost_children": {
      "offset": 16,
      "size": 8
    },
    "lost_direct": {
      "offset": 24,
      "size": 8
    },
    "lost_armed_before": {
      "offset": 32,
      "size": 8
    },
    "lost_map_full": {
      "offset": 40,
      "size": 8
    },
    "lost_owner_full": {
      "offset": 48,
      "size": 8
    },
    "lost_ring_full": {
      "offset": 56,
      "size": 8
    },
    "lost_headless": {
      "offset": 80,
      "size": 8
    }
  },
  "perSocket": [
    "owners"
  ],
  "programs": {
    "follow_fork": "tp_btf/sched_process_fork",
    "forget_process": "tp_btf/sched_process_free",
    "graft_fexit": "fexit/security_sock_graft",
    "graft_kprobe": "kprobe/security_sock_graft",
    "exit_accept": "tracepoint/syscalls/sys_exit_accept",
    "exit_accept4": "tracepoint/syscalls/sys_exit_accept4",
    "exit_any": "tp_btf/sys_exit",
    "submit_sqe": "raw_tp/io_uring_submit_sqe",
    "submit_req": "raw_tp/io_uring_submit_req",
    "complete": "raw_tp/io_uring_complete",
    "forget_owner": "tp_btf/tcp_destroy_sock",
    "seed_owners": "iter/task_file",
    "dropped": "tp_btf/kfree_skb",
    "set_state": "tp_btf/inet_sock_set_state"
  }
} as const;
