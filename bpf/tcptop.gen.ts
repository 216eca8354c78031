// Made by bpf/gen.ts from tcptop.bpf.c: `make layouts` makes it anew.
export default {
  "sample": {
    "size": 112,
    "fields": {
      "sk": {
        "offset": 0,
        "size": 8
      },
      "hash": {
        "offset": 8,
        "size": 4
      },
      "ports": {
        "offset": 12,
        "size": 4
      },
      "pid": {
        "offset": 16,
        "size": 4
      },
      "tid": {
        "offset": 20,
        "size": 4
      },
      "rx_bytes": {
        "offset": 24,
        "size": 8
      },
      "tx_bytes": {
        "offset": 32,
        "size": 8
      },
      "cgroup_id": {
        "offset": 40,
        "size": 8
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
      "uid": {
        "offset": 88,
        "size": 4
      },
      "netns": {
        "offset": 92,
        "size": 4
      },
      "comm": {
        "offset": 96,
        "size": 16
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
    },
    "counting_rx": {
      "offset": 16399,
      "size": 1
    },
    "counting_tx": {
      "offset": 16400,
      "size": 1
    }
  },
  "bss": {
    "lost_children": {
      "offset": 0,
      "size": 8
    },
    "lost_sample_full": {
      "offset": 8,
      "size": 8
    },
    "lost_first_read": {
      "offset": 16,
      "size": 8
    },
    "lost_position_full": {
      "offset": 24,
      "size": 8
    },
    "seeding_since_us": {
      "offset": 32,
      "size": 8
    },
    "seeded": {
      "offset": 40,
      "size": 4
    },
    "lost_return": {
      "offset": 48,
      "size": 8
    },
    "lost_sending_full": {
      "offset": 56,
      "size": 8
    },
    "lost_first_write": {
      "offset": 64,
      "size": 8
    }
  },
  "perSocket": [
    "written_before",
    "taken_before"
  ],
  "programs": {
    "follow_fork": "tp_btf/sched_process_fork",
    "forget_process": "tp_btf/sched_process_free",
    "space_adjust": "tp_btf/tcp_rcv_space_adjust",
    "receive_length": "tp_btf/sock_recv_length",
    "forget_taken": "tp_btf/tcp_destroy_sock",
    "begin_anew": "tp_btf/inet_sock_set_state",
    "seed_received": "iter/task_file",
    "send_length": "tp_btf/sock_send_length",
    "sendmsg_fexit": "fexit/tcp_sendmsg",
    "sendpage_fexit": "fexit/tcp_sendpage",
    "sendmsg_entry": "kprobe/tcp_sendmsg",
    "sendmsg_return": "kretprobe/tcp_sendmsg",
    "sendpage_entry": "kprobe/tcp_sendpage",
    "sendpage_return": "kretprobe/tcp_sendpage",
    "follow_written": "tp_btf/inet_sock_set_state",
    "forget_written": "tp_btf/tcp_destroy_sock",
    "read_written": "iter/task_file"
  }
} as const;
