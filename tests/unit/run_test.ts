import assert from "node:assert/strict";
import { parse, toRun } from "../../src/cli.ts";
import { BadInput, CannotRun } from "../../src/failure.ts";
import type { Kernel } from "../../src/kernel.ts";
import { runStream } from "../../src/run.ts";
import { schema } from "../../src/schema.ts";
import { openSession } from "../../src/session.ts";
import tcpaccept from "../../tools/tcpaccept.ts";
import tcptop from "../../tools/tcptop.ts";
import { encodeEvent, newKernel, newRing, newTerminal } from "./fake_kernel.ts";

const event = {
  time_ns: 1000n,
  pid: 907,
  uid: 33,
  netns: 4026531840,
  cgroup_id: 2n ** 60n,
  family: 2,
  lport: 22,
  rport: 443,
};

function ringOf(count: number) {
  const ring = newRing(1 << 20);
  const bytes = encodeEvent({ ...event, comm: new TextEncoder().encode("sshd") }, tcpaccept.layout.event);
  for (let i = 0; i < count; i++) ring.push(bytes);
  return ring;
}

function asked(...args: string[]) {
  return toRun(tcpaccept, parse(tcpaccept, args).values);
}

/** An error as a call into the kernel gives it. */
function callError(errno: number, log = ""): Error {
  return Object.assign(new Error("call failed"), { call: "bpf_object__load", errno, log });
}

Deno.test("runStream prints JSON that its schema describes, and a summary", async () => {
  const terminal = newTerminal();
  await runStream(asked("--json"), newKernel(ringOf(2)), terminal);
  const lines = terminal.text().trimEnd().split("\n").map((line) => JSON.parse(line));
  const [described, summary] = schema(tcpaccept)["oneOf"] as { required: string[] }[];
  assert.deepEqual(Object.keys(lines[0]), described?.required);
  assert.equal(lines[0].time, "2020-09-13T12:26:40.000001000Z");
  assert.match(terminal.text(), /"cgroup_id":1152921504606846976\b/, "a number beyond 2^53 is printed whole");
  assert.deepEqual(Object.keys(lines[2]), summary?.required);
  assert.deepEqual([lines[2].summary.printed, lines[2].summary.lost], [2, 0]);
});

Deno.test("runStream prints CSV with a header", async () => {
  const terminal = newTerminal();
  await runStream(asked("--csv"), newKernel(ringOf(1)), terminal);
  assert.equal(
    terminal.text(),
    "time,tool,pid,comm,ip,raddr,rport,laddr,lport,uid,netns,cgroup_id\r\n" +
      "2020-09-13T12:26:40.000001000Z,tcpaccept,907,sshd,4,0.0.0.0,443,0.0.0.0,22,33,4026531840,1152921504606846976\r\n",
  );
});

Deno.test("runStream says what the kernel lost", async () => {
  const bss = new DataView(new ArrayBuffer(4096));
  bss.setBigUint64(tcpaccept.layout.bss["lost_ring_full"]?.offset ?? -1, 7n, true);
  const terminal = newTerminal();
  await runStream(asked(), newKernel(ringOf(1), { object: { bss: () => bss, missed: () => 2 } }), terminal);
  assert.deepEqual(terminal.lines.length, 1);
  assert.match(terminal.lines[0] ?? "", /^lost 9 events: 7 because the ring was full .*, 2 perhaps/);
});

Deno.test("runStream counts the rows that a blocked reader never took, whole ones only", async () => {
  const terminal = newTerminal(3, 1000);
  await runStream(asked("--json"), newKernel(ringOf(2000)), terminal);
  const whole = terminal.text().split("\n").length - 1;
  assert.ok(whole > 0);
  assert.match(
    terminal.lines[0] ?? "",
    new RegExp(`^lost ${2000 - whole} events: ${2000 - whole} because nobody read`),
  );
});

Deno.test("runStream waits for room for the summary, and says if there never is any", async () => {
  for (const [waits, lines] of [[1, 3], [0, 2]] as const) {
    const terminal = newTerminal();
    const write = terminal.write.bind(terminal);
    let left = waits, full = false;
    terminal.write = (bytes) => {
      if (full) return 0;
      full = true; // with the rows, which leave no room
      return write(bytes);
    };
    terminal.waitWritable = () => {
      if (left-- === 0) return false;
      full = false;
      return true;
    };
    await runStream(asked("--json"), newKernel(ringOf(2)), terminal);
    assert.equal(terminal.text().trimEnd().split("\n").length, lines);
    assert.deepEqual(
      terminal.lines,
      waits === 1 ? [] : ["The summary is missing, because nobody read the output."],
    );
  }
});

Deno.test("runStream leaves events in the ring while the reader is blocked, and goes on when it reads again", async () => {
  let room = 1000;
  const terminal = newTerminal(20);
  const write = terminal.write.bind(terminal);
  terminal.write = (bytes) => {
    const taken = bytes.subarray(0, Math.min(bytes.length, room));
    room -= taken.length;
    return write(taken);
  };
  terminal.waitWritable = () => {
    room = 50_000;
    return true;
  };
  await runStream(asked("--json"), newKernel(ringOf(2000)), terminal);
  const lines = terminal.text().trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.equal(lines.length, 2001);
  assert.deepEqual(terminal.lines, []);
});

Deno.test("runStream is silent when nobody reads any more", async () => {
  const terminal = newTerminal();
  terminal.write = () => -1;
  await runStream(asked(), newKernel(ringOf(5)), terminal);
  assert.deepEqual(terminal.lines, []);
});

Deno.test("a plan that cannot be loaded gives way to the next one", async () => {
  let loads = 0;
  const kernel = newKernel(ringOf(0), {
    object: {
      load() {
        if (loads++ === 0) throw callError(3);
      },
    },
  });
  await runStream(asked(), kernel, newTerminal());
  assert.deepEqual(kernel.attached, ["graft_kprobe"]);
});

Deno.test("optional programs whose function the kernel lacks are not loaded", () => {
  for (const lacks of [true, false]) {
    const selected: string[] = [];
    const kernel = newKernel(newRing(4096), {
      object: {
        select: (program, wanted) => void (wanted && selected.push(program)),
        aim(_program, target) {
          assert.equal(target, "tcp_sendpage");
          if (lacks) throw callError(3);
        },
      },
    });
    using _session = openSession(tcptop, toRun(tcptop, parse(tcptop, ["--plan", "fexit"]).values), kernel);
    assert.equal(selected.includes("sendpage_fexit"), !lacks);
    assert.equal(kernel.attached.includes("sendpage_fexit"), !lacks);
    assert.ok(kernel.attached.includes("sendmsg_fexit"));
  }
});

Deno.test("a forced plan that cannot be used is a failure that says why", async () => {
  const kernel = newKernel(ringOf(0), { fexitErrno: () => 1 });
  await assert.rejects(runStream(asked("--plan", "fexit"), kernel, newTerminal()), (e) => {
    assert.ok(e instanceof CannotRun);
    assert.match(e.message, /^The plan fexit: .*EPERM.*Leave out --plan/);
    return true;
  });
  await assert.rejects(runStream(asked("--plan", "magic"), kernel, newTerminal()), (e) => {
    assert.ok(e instanceof BadInput);
    assert.match(e.message, /no plan 'magic': type one of fexit, kprobe/);
    return true;
  });
});

Deno.test("--plan takes the name that bcc's users know for kprobes", async () => {
  const kernel = newKernel(ringOf(0));
  await runStream(asked("--plan", "kretprobe"), kernel, newTerminal());
  assert.deepEqual(kernel.attached, ["graft_kprobe"]);
});

const machines: [string, Partial<Kernel> & { object?: { load(): void } }, RegExp][] = [
  [
    "a user without rights",
    { readText: (path) => path.endsWith("/status") ? "CapEff:\t0000000000000000\n" : undefined },
    /needs root, or CAP_BPF and CAP_PERFMON: run it with sudo/,
  ],
  ["a kernel without BTF", { exists: (path) => path !== "/sys/kernel/btf/vmlinux" }, /no BTF .*CONFIG_DEBUG_INFO_BTF/],
  [
    "an executable for another architecture",
    { readText: (path) => path.endsWith("/arch") ? "riscv64\n" : undefined },
    /built for \w+ and this kernel is riscv64: install the one for riscv64/,
  ],
  [
    "a seccomp filter",
    {
      readText: (path) => path.endsWith("status") ? "CapEff:\t000001ffffffffff\nSeccomp:\t2\n" : undefined,
      object: {
        load() {
          throw callError(1);
        },
      },
    },
    /seccomp filter .*outside the container/,
  ],
  [
    "too small a memory limit",
    {
      object: {
        load() {
          throw callError(12);
        },
      },
    },
    /ulimit -l unlimited/,
  ],
  [
    "too small a limit of locked memory for a user",
    {
      object: {
        load() {
          throw callError(1, "libbpf: map 'samples_1': failed to create: Operation not permitted(-1)\n");
        },
      },
    },
    /ulimit -l unlimited.*CAP_SYS_RESOURCE/,
  ],
  [
    "lockdown=confidentiality",
    {
      readText(path) {
        if (path.endsWith("/lockdown")) return "none integrity [confidentiality]\n";
        return path.endsWith("/status") ? "CapEff:\t000001ffffffffff\n" : undefined;
      },
      object: {
        load() {
          throw callError(22, "12: (85) call bpf_probe_read_kernel#113\nunknown func bpf_probe_read_kernel#113\n");
        },
      },
    },
    /fexit: lockdown=confidentiality does not allow its programs to read .*kprobe: lockdown=confidentiality does not allow kprobes/,
  ],
  [
    "lockdown=confidentiality where libbpf takes the older helper, and without the tracefs that it forbids",
    {
      readText: (path) => {
        if (path.endsWith("/lockdown")) return "none integrity [confidentiality]\n";
        return path === "/proc/self/status" ? "CapEff:\t000001ffffffffff\nSeccomp:\t0\n" : undefined;
      },
      exists: (path) => !path.endsWith("/events"),
      object: {
        load() {
          throw callError(
            22,
            "12: (85) call bpf_probe_read#4\nprogram of this type cannot use helper bpf_probe_read#4\n",
          );
        },
      },
    },
    /fexit: lockdown=confidentiality does not allow its programs to read .*tracepoint: lockdown=confidentiality does not allow tracefs/,
  ],
  [
    "perf events that the distributor's kernel keeps for administrators",
    {
      readText(path) {
        if (path.endsWith("/perf_event_paranoid")) return "3\n";
        return path.endsWith("/status") ? "CapEff:\t000000c000000000\nSeccomp:\t0\n" : undefined;
      },
      object: {
        load() {
          throw callError(13, "libbpf: prog 'enter': failed to create kprobe perf event: Permission denied\n");
        },
      },
    },
    /kprobe: kernel\.perf_event_paranoid is 3, where perf events take root or CAP_SYS_ADMIN/,
  ],
  [
    "a kernel that has none of the hooks",
    {
      object: {
        load() {
          throw callError(3);
        },
      },
    },
    /No plan of tcpaccept works on this kernel \(fexit: .*; kprobe: .*; tracepoint: .*; raw_tracepoint: .*nettrace doctor/,
  ],
];
for (const [what, overrides, message] of machines) {
  Deno.test(`${what} gets a sentence that says what to do`, async () => {
    await assert.rejects(runStream(asked(), newKernel(ringOf(0), overrides), newTerminal()), (e) => {
      assert.ok(e instanceof CannotRun, String(e));
      assert.match(e.message, message);
      assert.ok(!e.message.includes("\n"));
      return true;
    });
  });
}
