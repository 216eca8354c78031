import assert from "node:assert/strict";
import { growth, median, slope } from "./trend.ts";

Deno.test("growth sees a leak through a saw's teeth, and none where there is none", () => {
  const saw = (leak: number) =>
    Array.from({ length: 100 }, (_, i) => ({ at_s: i * 5, value: 1000 + (i % 7) * 50 + i * leak }));
  assert.ok(Math.abs(growth(saw(10)) - 990) < 50);
  assert.ok(Math.abs(growth(saw(0))) < 1);
});

Deno.test("growth does not take a few long teeth for a leak, and sees one beneath them", () => {
  const saw = (leak: number) =>
    Array.from({ length: 100 }, (_, i) => ({ at_s: i * 2, value: 1000 + (i % 60) * 50 + i * leak }));
  assert.ok(slope(saw(0)) * 198 > 500, "by its slope alone it would grow");
  assert.ok(growth(saw(0)) < 1);
  assert.ok(growth(saw(30)) > 1500);
});

Deno.test("growth does not take a lone peak for a leak", () => {
  const readings = Array.from({ length: 50 }, (_, i) => ({ at_s: i, value: i === 49 ? 1e6 : 3 }));
  assert.equal(growth(readings), 0);
  assert.equal(growth([]), 0);
  assert.equal(median([]), 0);
});
