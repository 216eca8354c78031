import assert from "node:assert/strict";
import { allOptions, parse } from "../src/cli.ts";
import { tableHeading } from "../src/output/row.ts";
import { recordColumns, sampleColumns, tableColumns } from "../src/column.ts";
import type { Constant } from "../src/option.ts";
import { tools } from "./mod.ts";

for (const [name, load] of Object.entries(tools)) {
  const { default: tool } = await load();

  Deno.test(`${name} is called what its module is called`, () => assert.equal(tool.name, name));

  Deno.test(`${name} uses no letter twice`, () => {
    const letters = Object.values(allOptions(tool)).map((o) => o.short).filter((s) => s !== undefined);
    assert.deepEqual(letters, [...new Set(letters)]);
    assert.ok(!letters.includes("h"));
  });

  Deno.test(`${name} has its columns' headings and keys once each, and describes them`, () => {
    for (const given of [[], ...Object.keys(tool.options).map((option) => [option])]) {
      const headings = tableColumns(tool.columns, new Set(given)).map((c) => c.heading);
      assert.deepEqual(headings, [...new Set(headings)], given.join());
    }
    const columns = (tool.sample ? sampleColumns : recordColumns)(name, tool.columns);
    assert.deepEqual(columns.map((c) => c.key), [...new Set(columns.map((c) => c.key))]);
    for (const c of [...columns, ...tool.columns]) assert.match(c.description, /^[A-Z].*\.$/, c.key);
  });

  Deno.test({
    name: `${name} prints lines of at most 80 columns by default`,
    ignore: name === "tcpstates" || name === "tcpdrop", // whose lines are wider in bcc
    fn: () => assert.ok(tableHeading(tableColumns(tool.columns, new Set())).trimEnd().length <= 80),
  });

  Deno.test(`${name}'s examples parse`, () => {
    for (const { command } of tool.examples) {
      const [first, ...args] = command.split(" ");
      assert.equal(first, name);
      parse(tool, args);
    }
  });

  Deno.test(`${name} sets constants that its object has`, () => {
    const samples: unknown[] = [1, [], new Uint8Array(1), true, "text"];
    for (const option of [...Object.values(tool.options), ...tool.positionals ?? []]) {
      const set: Record<string, Constant> = {};
      for (const sample of samples) {
        try {
          Object.assign(set, option.constants?.(sample));
        } catch {
          // A sample that is no value of this option's.
        }
      }
      for (const constant of Object.keys(set)) assert.ok(constant in tool.layout.rodata, constant);
    }
    for (const program of Object.values(tool.options).flatMap((option) => option.programs ?? [])) {
      assert.ok(program in tool.layout.programs, program);
    }
  });

  Deno.test(`${name}'s plans are of programs that its object has`, () => {
    for (const { programs, optional = [], seed, look = seed, sweep } of tool.plans) {
      if (sweep) assert.ok(sweep.size in tool.layout.bss, sweep.size);
      const swept = sweep ? [sweep.often, sweep.last] : [];
      for (const program of [...programs, ...optional, ...swept, ...[seed, look].filter((p) => p !== undefined)]) {
        assert.ok(program in tool.layout.programs, program);
      }
    }
  });

  Deno.test(`${name} has options that name each other`, () => {
    const options = allOptions(tool);
    for (const [name, { excludes }] of Object.entries(options)) {
      for (const other of [excludes ?? []].flat()) assert.ok([options[other]?.excludes].flat().includes(name), other);
    }
    for (const { option } of tool.columns) for (const name of [option ?? []].flat()) assert.ok(name in options);
  });

  Deno.test(`${name} tells its overhead and caveats`, () => {
    assert.ok(tool.overhead.length > 40 && tool.caveats.length > 0 && tool.description.length > 40);
  });
}
