import assert from "node:assert/strict";
import { firewall, nft, OPEN_PORT } from "./firewall.ts";
import { readJson, run, start, type Summary } from "./nettrace.ts";
import { traffic } from "./traffic.ts";

/** A record with the keys that --show adds. */
interface Shown {
  netns: number;
  container: string | null;
  unit: string | null;
  cgroup: string | null;
}

/** A container's cgroup, or one of that name, which is removed at the end unless it is gone by then. */
function newContainer(name?: string): Disposable & { id: string; below: string; path: string; remove(): void } {
  const root = /^\S+ (\S+) cgroup2 /m.exec(Deno.readTextFileSync("/proc/self/mounts"))?.[1];
  assert.ok(root, "cgroup2 is mounted");
  const id = crypto.randomUUID().replaceAll("-", "").repeat(2);
  const slice = `${root}/nettrace-show-${id.slice(0, 8)}.slice`, path = `${slice}/${name ?? `docker-${id}.scope`}`;
  Deno.mkdirSync(path, { recursive: true });
  let there = true;
  const remove = () => {
    if (!there) return;
    Deno.removeSync(path);
    Deno.removeSync(slice);
    there = false;
  };
  return { id, path, below: path.slice(root.length), remove, [Symbol.dispose]: remove };
}

const SHOW = ["--show", "container,unit,cgroup"];

for (const tool of ["tcpaccept", "tcpstates"]) {
  Deno.test(`${tool} --show tells the container, unit and cgroup of the process`, async () => {
    using container = newContainer();
    let tracer;
    {
      await using made = await traffic("accept", { v4: 5, cgroup: container.path });
      tracer = await start([tool, "--json", "--container", container.id, ...SHOW]);
      await made.go();
    } // and its sockets are closed
    const { rows, summary } = readJson((await tracer.stop()).stdout);
    assert.ok(rows.length >= 5);
    for (const { container: id, unit, cgroup } of rows as unknown as Shown[]) {
      assert.deepEqual([id, unit, cgroup], [container.id, null, container.below]);
    }
    assert.equal(summary.lost, 0);
  });
}

/** What was shown and lost of processes that ended, and their cgroup with them, before nettrace could look. */
async function gone(tool: string, name?: string): Promise<{ rows: Shown[]; summary: Summary; below: string }> {
  using container = newContainer(name);
  await using tracer = await start([tool, "--json", "--cgroup", container.path, ...SHOW]);
  {
    await using made = await traffic("accept", { v4: 5, cgroup: container.path });
    Deno.kill(tracer.pid, "SIGSTOP");
    await made.go();
  }
  container.remove();
  Deno.kill(tracer.pid, "SIGCONT");
  const { rows, summary } = readJson((await tracer.stop()).stdout);
  assert.ok(rows.length >= 5);
  return { rows: rows as unknown as Shown[], summary, below: container.below };
}

for (const tool of ["tcpaccept", "tcpstates", "tcplife"]) {
  Deno.test(`${tool} --show tells the cgroup of a process that has ended, and the cgroup with it, before it looks`, async () => {
    const { rows, summary, below } = await gone(tool);
    assert.deepEqual(new Set(rows.map((row) => row.cgroup)), new Set([below]));
    assert.equal(summary.lost, 0);
  });
}

/** Where cgroups are, and a way in. */
function cgroups() {
  const home = Deno.readTextFileSync("/proc/self/cgroup").match(/^0::(.*)$/m)?.[1] ?? assert.fail("this is cgroup2");
  return {
    enter: (path: string) => Deno.writeTextFileSync(`${path}/cgroup.procs`, `${Deno.pid}`),
    leave: (root: string) => Deno.writeTextFileSync(`${root}${home}/cgroup.procs`, `${Deno.pid}`),
  };
}

Deno.test("tcpdrop --show tells the container and cgroup of the process whose packet is dropped", async () => {
  using container = newContainer();
  const root = container.path.slice(0, -container.below.length), { enter, leave } = cgroups();
  enter(container.path);
  const making = traffic("drop", { mode: "abandoned", v4: 7, v6: 5 });
  leave(root);
  await using made = await making;
  await nft(made.ready, firewall("output"));
  await using tracer = await start(["tcpdrop", "--json", "--rport", `${OPEN_PORT}`, ...SHOW]);
  await made.go();
  const { rows, summary } = readJson((await tracer.stop()).stdout);
  const shown = (rows as unknown as Shown[]).filter(({ netns }) => netns === made.ready.netns);
  assert.equal(shown.length, 7 + 5);
  for (const { container: id, unit, cgroup } of shown) {
    assert.deepEqual([id, unit, cgroup], [container.id, null, container.below]);
  }
  assert.equal(summary.lost, 0);
});

Deno.test("--show tells short-lived cgroups, however many there have been", async () => {
  using home = newContainer("home");
  const CLOSED_PORT = 9, below: string[] = [];
  await using tracer = await start(["tcpconnect", "--json", "-P", `${CLOSED_PORT}`, "-p", `${Deno.pid}`, ...SHOW]);
  const root = home.path.slice(0, -home.below.length), { enter, leave } = cgroups();
  try {
    for (let i = 0; i < 2503; i++) { // the programs' map has room for 2048
      const path = `${home.path}/${i}.service`;
      Deno.mkdirSync(path);
      enter(path);
      await assert.rejects(Deno.connect({ port: CLOSED_PORT }));
      leave(root);
      Deno.removeSync(path);
      below.push(path.slice(root.length));
    }
  } finally {
    leave(root);
  }
  const { rows, summary } = readJson((await tracer.stop()).stdout);
  assert.deepEqual((rows as unknown as Shown[]).map(({ cgroup }) => cgroup), below);
  assert.equal(summary.lost, 0);
});

const LONG = `${"x".repeat(150)}.service`;

Deno.test("--show tells a cgroup's name of any length while it is there, and then that it is not known", async () => {
  const { rows, summary } = await gone("tcpaccept", LONG);
  for (const { container, unit, cgroup } of rows) assert.deepEqual([container, unit, cgroup], [null, null, null]);
  assert.equal(summary.lost_by["unnamed"], 1);
  using container = newContainer(LONG);
  await using made = await traffic("accept", { v4: 5, cgroup: container.path });
  await using tracer = await start(["tcpaccept", "--json", "-p", String(made.ready.pid), ...SHOW]);
  await made.go();
  const there = readJson((await tracer.stop()).stdout);
  assert.equal(there.rows.length, 5);
  for (const { unit, cgroup } of there.rows as unknown as Shown[]) {
    assert.deepEqual([unit, cgroup], [LONG, container.below]);
  }
  assert.equal(there.summary.lost, 0);
});

Deno.test("--show says where there is no container, in each format", async () => {
  using container = newContainer("plain.service");
  for (
    const [format, expected] of [[[], " -            plain.service       $"], [
      ["--csv"],
      ',,"plain.service"\r$',
    ]] as const
  ) {
    await using made = await traffic("accept", { v4: 1, cgroup: container.path });
    await using tracer = await start([
      "tcpaccept",
      ...format,
      "-p",
      String(made.ready.pid),
      "--show",
      "container,unit",
    ]);
    await made.go();
    const [, row] = (await tracer.stop()).stdout.split("\n");
    assert.match(row ?? "", new RegExp(expected));
  }
});

Deno.test("--show takes a name twice as once", async () => {
  using container = newContainer();
  await using made = await traffic("accept", { v4: 1, cgroup: container.path });
  await using tracer = await start(["tcpaccept", "--csv", "-p", String(made.ready.pid), "--show", "unit,tid,unit"]);
  await made.go();
  const [heading] = (await tracer.stop()).stdout.split("\r\n");
  assert.ok(heading?.endsWith(",cgroup_id,unit,tid"), heading);
});

Deno.test("--show adds columns to the table, and shows of a container's id what people type", async () => {
  using container = newContainer();
  await using made = await traffic("accept", { v4: 1, cgroup: container.path });
  await using tracer = await start(["tcpaccept", "-p", String(made.ready.pid), "--show", "container,netns,uid"]);
  await made.go();
  const [heading, row] = (await tracer.stop()).stdout.split("\n");
  assert.ok(heading?.endsWith("LPORT CONTAINER    NETNS      UID   "), heading);
  assert.match(row ?? "", new RegExp(` ${container.id.slice(0, 12)} ${made.ready.netns} 0     $`));
});

Deno.test("--show refuses what it does not know, and counts", async () => {
  const unknown = await run(["tcpaccept", "--show", "pod"]);
  assert.deepEqual([unknown.code, unknown.stdout], [2, ""]);
  assert.match(unknown.stderr, /^nettrace: --show takes a list of container, .*, and not 'pod'\.\n$/);
  assert.equal((await run(["tcpconnect", "-c", "--show", "uid"])).code, 2);
});
