import assert from "node:assert/strict";
import { assertSame, plans, readJson, type Row, start } from "./nettrace.ts";
import { type Connection, type Ready, traffic } from "./traffic.ts";

const [plan = ""] = await plans("tcpaccept");

/** Traces accepts with filters made of the ready line; gives what was seen and what was there. */
async function filtered(
  options: Record<string, string | number>,
  args: (ready: Ready) => string[],
): Promise<{ rows: Row[]; connections: Connection[]; ready: Ready }> {
  await using made = await traffic("accept", options);
  await using tracer = await start(["tcpaccept", "--plan", plan, "--json", ...args(made.ready)]);
  const { connections } = await made.go();
  const { rows } = readJson((await tracer.stop()).stdout);
  return { rows: rows.filter((row) => row.netns === made.ready.netns), connections, ready: made.ready };
}

/** Fails unless exactly the connections for which `wanted` is true are shown, and at least one is and one is not. */
async function keeps(
  options: Record<string, string | number>,
  args: (ready: Ready) => string[],
  wanted: (c: Connection, ready: Ready) => boolean,
): Promise<void> {
  const { rows, connections, ready } = await filtered(options, args);
  const expected = connections.filter((c) => wanted(c, ready));
  assert.ok(expected.length > 0 && expected.length < connections.length, "the filter has something to do");
  assertSame(rows, expected);
}

const both = { v4: 7, v6: 5, mapped: 3 };

Deno.test("--pid takes lists, and ! leaves out", async () => {
  await keeps({ v4: 31, children: 3 }, ({ pids }) => ["--pid", `${pids[0]},${pids[2]}`], (c, r) => c.pid !== r.pids[1]);
  await keeps({ v4: 31, children: 3 }, ({ pids }) => ["--pid", `!${pids[0]}`], (c, r) => c.pid !== r.pids[0]);
});

Deno.test("--raddr and --laddr take addresses and CIDRs of both families, the longest prefix deciding", async () => {
  await keeps(both, () => ["--raddr", "127.0.0.0/8"], (c) => c.raddr !== "::1");
  await keeps(both, () => ["--laddr", "::1"], (c) => c.laddr === "::1");
  await keeps(both, () => ["--laddr", "!::1"], (c) => c.laddr !== "::1");
  await keeps(both, () => ["--raddr", "::/0,!127.0.0.0/8"], (c) => c.raddr === "::1");
});

Deno.test("--lport and --rport take lists and ranges, and ! leaves out", async () => {
  await keeps(both, ({ ports }) => ["--lport", `!${ports[0]}`], (c, r) => c.lport !== r.ports[0]);
  await keeps(both, ({ ports }) => ["--lport", `${ports[0]}-${ports[0]}`], (c, r) => c.lport === r.ports[0]);
  const { rows } = await filtered({ v4: 5 }, () => ["--rport", "1-1023"]);
  assert.deepEqual(rows, []);
});

for (
  const [kept, left] of [["worker", "clerk"], ["work*", "clerk"], ["!clerk", "clerk"], ["w*,!worry", "worry"]] as const
) {
  Deno.test(`--comm ${kept} keeps worker and leaves ${left} out`, async () => {
    const inside = await filtered({ v4: 5, comm: "worker" }, () => ["--comm", kept]);
    assertSame(inside.rows, inside.connections);
    const outside = await filtered({ v4: 5, comm: left }, () => ["--comm", kept]);
    assert.deepEqual(outside.rows, []);
  });
}

Deno.test("--uid keeps its users and leaves others out", async () => {
  for (const [list, count] of [["4711", 5], ["0,1", 0], ["!4711", 0], ["!0", 5]] as const) {
    const { rows } = await filtered({ v4: 5, uid: 4711 }, () => ["--uid", list]);
    assert.equal(rows.length, count, list);
  }
});

Deno.test("--netns keeps its namespace, by inode and by process, and leaves others out", async () => {
  const ways: [(ready: Ready) => string, number][] = [
    [({ netns }) => String(netns), 5],
    [({ pid }) => `pid:${pid}`, 5],
    [() => "/proc/self/ns/net", 0],
    [() => "!/proc/self/ns/net", 5],
  ];
  for (const [list, count] of ways) {
    const { rows } = await filtered({ v4: 5 }, (ready) => ["--netns", list(ready)]);
    assert.equal(rows.length, count, String(list));
  }
});

Deno.test("--cgroup keeps a directory and all below it, also what is made later; --container finds it by its id", async () => {
  const root = /^\S+ (\S+) cgroup2 /m.exec(Deno.readTextFileSync("/proc/self/mounts"))?.[1];
  assert.ok(root, "cgroup2 is mounted");
  const id = crypto.randomUUID().replaceAll("-", "").repeat(2);
  const pod = `${root}/nettrace-pod-${Deno.pid}`, container = `${pod}/docker-${id}.scope`;
  Deno.mkdirSync(container, { recursive: true });
  try {
    for (
      const [args, count] of [
        [["--cgroup", pod], 5],
        [["--cgroup", container], 5],
        [["--cgroup", `!${pod}`], 0],
        [["--container", id.slice(0, 12)], 5],
      ] as const
    ) {
      const { rows } = await filtered({ v4: 5, cgroup: container }, () => [...args]);
      assert.equal(rows.length, count, args.join(" "));
      const elsewhere = await filtered({ v4: 5 }, () => [...args]);
      assert.equal(elsewhere.rows.length, 5 - count, args.join(" "));
    }
    const later = `${pod}/later`;
    await using made = await traffic("accept", { v4: 5 });
    await using tracer = await start(["tcpaccept", "--plan", plan, "--json", "--cgroup", pod]);
    Deno.mkdirSync(later);
    Deno.writeTextFileSync(`${later}/cgroup.procs`, String(made.ready.pid));
    const { connections } = await made.go();
    assertSame(readJson((await tracer.stop()).stdout).rows, connections);
    Deno.writeTextFileSync(`${root}/cgroup.procs`, String(made.ready.pid));
    Deno.removeSync(later);
  } finally {
    Deno.removeSync(container);
    Deno.removeSync(pod);
  }
});

for (const name of ["docker-ID.scope", "cri-containerd-ID.scope", "pod.slice:cri-containerd:ID", "ID"]) {
  Deno.test(`--container finds ${name} and what is below it, by whole and short ids, and ! leaves it out`, async () => {
    const root = /^\S+ (\S+) cgroup2 /m.exec(Deno.readTextFileSync("/proc/self/mounts"))?.[1];
    assert.ok(root, "cgroup2 is mounted");
    const [id, other] = [1, 2].map(() => crypto.randomUUID().replaceAll("-", "").repeat(2)) as [string, string];
    const pod = `${root}/nettrace-pods-${Deno.pid}`,
      containers = [id, other].map((id) => `${pod}/${name.replace("ID", id)}`);
    const [inside = "", sibling = ""] = containers, below = `${inside}/init/deeper`;
    for (const path of [below, sibling]) Deno.mkdirSync(path, { recursive: true });
    try {
      for (
        const [list, wanted] of [[id, [inside, below]], [id.slice(0, 12), [inside, below]], [`!${id}`, [
          sibling,
        ]]] as const
      ) {
        for (const cgroup of [inside, below, sibling]) {
          const { rows, connections } = await filtered({ v4: 3, cgroup }, () => ["--container", list]);
          assertSame(rows, (wanted as readonly string[]).includes(cgroup) ? connections : []);
        }
      }
    } finally {
      for (const path of [below, `${inside}/init`, inside, sibling, pod]) Deno.removeSync(path);
    }
  });
}
