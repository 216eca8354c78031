// Made by bpf/gen.ts from tcplife.bpf.c: `make layouts` makes it anew.
export default {
  "event": {
    "size": 120,
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
      "duration_ns": {
        "offset": 88,
        "size": 8
      },
      "tx_bytes": {
        "offset": 96,
        "size": 8
      },
      "rx_bytes": {
        "offset": 104,
        "size": 8
      },
      "open": {
        "offset": 112,
        "size": 8
      }
    }
  },
  "rodata": {
    "noting_cgroups": {
      "offset": 0,
      "size": 1
    },
    "filter_pids": {
      "offset": 1,
      "size": 1
    },
    "filter_uids": {
      "offset": 2,
      "size": 1
    },
    "filter_netnses": {
      "offset": 3,
      "size": 1
    },
    "filter_cgroups": {
      "offset": 4,
      "size": 1
    },
    "filter_comms": {
      "offset": 5,
      "size": 1
    },
    "filter_laddrs": {
      "offset": 6,
      "size": 1
    },
    "filter_raddrs": {
      "offset": 7,
      "size": 1
    },
    "filter_family": {
      "offset": 8,
      "size": 2
    },
    "filter_lports": {
      "offset": 10,
      "size": 1
    },
    "lports": {
      "offset": 11,
      "size": 8192
    },
    "filter_rports": {
      "offset": 8203,
      "size": 1
    },
    "rports": {
      "offset": 8204,
      "size": 8192
    },
    "filter_cgroupmap": {
      "offset": 16396,
      "size": 1
    },
    "filter_mntnsmap": {
      "offset": 16397,
      "size": 1
    },
    "filter_children": {
      "offset": 16398,
      "size": 1
    }
  },
  "bss": {
    "lost_fd_gone": {
      "offset": 0,
      "size": 8
    },
    "lost_children": {
      "offset": 8,
      "size": 8
    },
    "lost_direct": {
      "offset": 16,
      "size": 8
    },
    "lost_armed_before": {
      "offset": 24,
      "size": 8
    },
    "lost_map_full": {
      "offset": 32,
      "size": 8
    },
    "lost_owner_full": {
      "offset": 40,
      "size": 8
    },
    "lost_ring_full": {
      "offset": 48,
      "size": 8
    },
    "lost_birth_full": {
      "offset": 64,
      "size": 8
    }
  },
  "perSocket": [
    "owners",
    "births"
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
    "set_state": "tp_btf/inet_sock_set_state",
    "report_open": "iter/bpf_map_elem"
  }
} as const;
