// Made by bpf/gen.ts from softirqs.bpf.c: `make layouts` makes it anew.
export default {
  "sample": {
    "size": 312,
    "fields": {
      "vector": {
        "offset": 0,
        "size": 4
      },
      "cpu": {
        "offset": 4,
        "size": 4
      },
      "count": {
        "offset": 8,
        "size": 8
      },
      "total_ns": {
        "offset": 16,
        "size": 8
      },
      "slots": {
        "offset": 24,
        "size": 288
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
    "only_cpu": {
      "offset": 4,
      "size": 4
    },
    "slot_unit_ns": {
      "offset": 8,
      "size": 4
    }
  },
  "bss": {
    "lost_sample_full": {
      "offset": 0,
      "size": 8
    }
  },
  "programs": {
    "entered": "tp_btf/softirq_entry",
    "left": "tp_btf/softirq_exit"
  }
} as const;
