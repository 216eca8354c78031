import assert from "node:assert/strict";
import { CGROUP_NAMES_BYTES, describe, newCgroups, parseNames } from "../../../src/cgroup.ts";
import { csvString, jsonString, tableString } from "../../../src/output/text.ts";
import { assertHarmless, parseCsv } from "../property.ts";
import { type Target, utf8 } from "../target.ts";

function noted(...names: string[]): Uint8Array {
  const bytes = new Uint8Array(CGROUP_NAMES_BYTES);
  bytes[0] = 1;
  for (const [i, name] of names.entries()) bytes.set(utf8(name).subarray(0, 127), 8 + 128 * i);
  return bytes;
}

const ROOM = 6 * 4096; // of a cell (src/output/row.ts)

/** Names of cgroups, as the programs note them; whoever may make cgroups chooses them. */
export const target: Target = {
  name: "cgroup",
  round: 5000,
  seeds: [
    noted("session-1.scope", "user-1000.slice", "user.slice", "/"),
    noted(`docker-${"0123456789abcdef".repeat(4)}.scope`, "system.slice", "/"),
  ],
  run(bytes) {
    const whole = new Uint8Array(CGROUP_NAMES_BYTES);
    whole.set(bytes.subarray(0, whole.length));
    parseNames(bytes);
    const path = parseNames(whole);
    if (path === undefined) return;
    const { container, unit } = describe(path);
    assert.ok(container === undefined || /^[0-9a-f]{64}$/.test(container));
    assert.ok(unit === undefined || !unit.includes("/"));
    const cgroups = newCgroups({ cgroupNames: () => whole, forgetCgroups: () => {} });
    assert.equal(cgroups.text(7n, "path"), path);

    const out = new Uint8Array(ROOM + 1);
    const written = (end: number) => {
      assert.ok(end <= ROOM, `${end} bytes`);
      return new TextDecoder().decode(out.subarray(0, end));
    };
    assertHarmless(written(tableString(out, 0, path, 4096, 20)));
    assert.equal(JSON.parse(written(jsonString(out, 0, path))), path.toWellFormed());
    assert.deepEqual(parseCsv(written(csvString(out, 0, path))), [[path.toWellFormed()]]);
  },
};
