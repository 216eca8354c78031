// What the tools that count bytes share (bpf/bytes.bpf.h).
import type { Plan } from "../src/tool.ts";

const received = ["space_adjust", "forget_taken", "begin_anew"] as const;
const NO_RECORDS = "Sent bytes are those that tcp_sendmsg took: kTLS and MPTCP are not counted.";

/** The plans, which differ in how they see what is sent. */
export const bytePlans: readonly Plan[] = [
  { name: "tracepoint", programs: ["send_length", "receive_length", ...received], seed: "seed_received" },
  {
    name: "fexit",
    programs: ["sendmsg_fexit", ...received],
    optional: ["sendpage_fexit"],
    seed: "seed_received",
    note: `${NO_RECORDS} (plan fexit)`,
  },
  {
    name: "kprobe",
    aliases: ["kretprobe"],
    programs: ["sendmsg_return", "sendmsg_entry", ...received],
    optional: ["sendpage_return", "sendpage_entry"],
    seed: "seed_received",
    note: `${NO_RECORDS} (plan kprobe)`,
  },
  {
    name: "iterator",
    programs: ["follow_written", "forget_written", ...received],
    seed: "read_written",
    look: "read_written",
    note: "Sent bytes are those found in sockets, under the first process that has them open. (plan iterator)",
  },
];
