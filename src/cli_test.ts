import assert from "node:assert/strict";
import tcpaccept from "../tools/tcpaccept.ts";
import tcpconnlat from "../tools/tcpconnlat.ts";
import { parse, toRun } from "./cli.ts";
import { BadInput } from "./failure.ts";

/** What the command line asks for, with ports as text of their set bits. */
function asked(...args: string[]) {
  const { values } = parse(tcpaccept, args);
  return toRun(tcpaccept, values);
}

Deno.test("parse takes options as argparse does: glued, clustered, with an equals sign, cut short", () => {
  for (const args of [["-p181"], ["-p", "181"], ["--pid=181"], ["--pid", "181"], ["--pi", "181"], ["--pi=181"]]) {
    const { fills } = asked(...args);
    assert.deepEqual(fills.map((f) => [f.map, f.entries[0]?.key[0]]), [["pids", 181]], args.join(" "));
  }
  const run = asked("-tTP", "80");
  assert.deepEqual(new Set(run.given.keys()), new Set(["time", "timestamp", "port"]));
  assert.equal((run.constants["lports"] as Uint8Array)[10], 1);
  assert.ok(asked("--time").given.has("time"), "--time is exact, though --timestamp begins with it");
});

Deno.test("parse takes -4 and -6 as options, not as numbers", () => {
  assert.deepEqual(asked("-4").constants, { filter_family: 2 });
  assert.deepEqual(asked("-t6").constants, { filter_family: 10 });
});

Deno.test("parse refuses in one sentence that names what was typed", () => {
  const cases: [string[], RegExp][] = [
    [["--foo"], /'--foo'/],
    [["--prot", "80"], /did you mean --port/i],
    [["-x"], /'-x'/],
    [["-p"], /-p, --pid <PID>/],
    [["-p", "abc"], /PID must be a whole number.*'abc'/],
    [["-p", "0"], /PID must be/],
    [["-P", "80,99999"], /'99999'/],
    [["-4", "-6"], /-4\/--ipv4.*-6\/--ipv6|-6\/--ipv6.*-4\/--ipv4/],
    [["--json", "--csv"], /--json.*--csv|--csv.*--json/],
    [["--ti"], /--time or --timestamp/],
    [["extra"], /argument/],
    [["--", "extra"], /argument/],
  ];
  for (const [args, message] of cases) {
    assert.throws(() => asked(...args), (e) => {
      assert.ok(e instanceof BadInput, `${args.join(" ")}: ${e}`);
      assert.match(e.message, message);
      assert.ok(!e.message.includes("\n"));
      return true;
    }, args.join(" "));
  }
});

Deno.test("toRun passes pinned maps with their filters on", () => {
  const run = asked("--cgroupmap", "/sys/fs/bpf/a", "--mntnsmap=/sys/fs/bpf/b");
  assert.deepEqual(run.constants, { filter_cgroupmap: true, filter_mntnsmap: true });
  assert.deepEqual(run.pinned, [
    { map: "cgroupmap", keySize: 8, path: "/sys/fs/bpf/a" },
    { map: "mntnsmap", keySize: 8, path: "/sys/fs/bpf/b" },
  ]);
});

Deno.test("parse takes arguments by their place, before and after options, and refuses one too many", () => {
  for (const args of [["0.25", "-t"], ["-t", "0.25"], ["-t", "--", "0.25"]]) {
    const { values } = parse(tcpconnlat, args);
    assert.equal(values.get("duration_ms"), 0.25, args.join(" "));
    assert.deepEqual(toRun(tcpconnlat, values).constants, { least_ns: 250_000 });
  }
  assert.deepEqual(toRun(tcpconnlat, parse(tcpconnlat, []).values).constants, {});
  assert.throws(() => parse(tcpconnlat, ["1", "2"]), /tcpconnlat takes duration_ms and options/);
  assert.throws(() => parse(tcpconnlat, ["1ms"]), /'1ms'/);
});

Deno.test("parse takes one option for another where it implies that", () => {
  assert.equal(parse(tcpconnlat, ["-v"]).values.get("debug"), true);
  assert.equal(parse(tcpconnlat, []).values.has("debug"), false);
});
