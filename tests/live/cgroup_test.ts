// What tells cgroups apart, on machines that have mounted those of version 2 and on those that have not.
import assert from "node:assert/strict";
import { run, start } from "./nettrace.ts";

const mounts = Deno.readTextFileSync("/proc/self/mounts");
const NO_CGROUP2 = "Only cgroups of version 2 can be told apart, and this machine has mounted none (cgroup2)";
/** Where cgroups of either version are mounted; a machine may have both. */
const [v1, v2] = ["cgroup", "cgroup2"].map((type) => new RegExp(`^\\S+ (\\S+) ${type} `, "m").exec(mounts)?.[1]);
assert.ok(v1 ?? v2, "cgroups are mounted");
const mounted = v2 !== undefined;
const other = v1 ?? "/proc"; // a directory with a number, as cgroups' have

Deno.test("--cgroup takes directories of cgroup2 and no others, and says so in a sentence", async () => {
  const { code, stdout, stderr } = await run(["tcpconnect", "--cgroup", other]);
  assert.equal(stdout, "");
  if (v2 !== undefined) {
    assert.equal(code, 2);
    assert.equal(
      stderr,
      `nettrace: There is no cgroup of version 2 at ${other}: type its directory, as in ${v2}/system.slice.\n`,
    );
    await using tracer = await start(["tcpconnect", "--cgroup", v2]);
    assert.equal((await tracer.stop()).code, 0);
  } else {
    assert.equal(code, 1);
    assert.equal(stderr, `nettrace: ${NO_CGROUP2}: leave out --cgroup and --container.\n`);
  }
});

Deno.test("--container says in a sentence that there is no such container, or that none can be told", async () => {
  const { code, stdout, stderr } = await run(["tcpconnect", "--container", "0123456789ab"]);
  assert.deepEqual([code, stdout, stderr.split("\n").length], [mounted ? 2 : 1, "", 2]);
  if (!mounted) assert.equal(stderr, `nettrace: ${NO_CGROUP2}: leave out --cgroup and --container.\n`);
});

for (
  const args of [["tcpconnect", "--show", "container"], ["tcplife", "--show", "unit"], ["tcptop", "--by", "container"]]
) {
  Deno.test(`${args.join(" ")} tells cgroups of version 2, and refuses where there are none`, async () => {
    if (mounted) {
      await using tracer = await start(args);
      assert.equal((await tracer.stop()).code, 0);
    } else {
      const { code, stdout, stderr } = await run(args);
      assert.deepEqual([code, stdout], [1, ""]);
      assert.equal(stderr, `nettrace: ${NO_CGROUP2}: leave out columns of containers, units and cgroups.\n`);
    }
  });
}

Deno.test("--show of what is no cgroup's works on every machine", async () => {
  await using tracer = await start(["tcpconnect", "--show", "netns,uid,tid"]);
  assert.equal((await tracer.stop()).code, 0);
});
