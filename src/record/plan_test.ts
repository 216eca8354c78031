import assert from "node:assert/strict";
import { BadInput } from "../failure.ts";
import { parseRecord } from "./plan.ts";

const NOW = new Date(2026, 10, 20, 12, 0, 0);
const parse = (line: string) => parseRecord(line.split(" "), NOW);

Deno.test("parseRecord tells record's options from those of the tools", () => {
  const plan = parse(
    "-o rec --for 10m --rotate 100M --keep 7d --compress gzip --on-full drop-oldest tcplife -o + tcpconnect -p 1",
  );
  assert.deepEqual(plan, {
    dir: "rec",
    for_ms: 600_000,
    rotate: { bytes: 100 * 1024 * 1024 },
    keep: { age_ms: 7 * 86400_000 },
    compression: "gzip",
    dropOldest: true,
    tools: [["tcplife", "-o"], ["tcpconnect", "-p", "1"]],
  });
});

Deno.test("parseRecord has an end at the next time of the day that is meant", () => {
  assert.equal(parse("--until 12:30 tcplife")?.for_ms, 1800_000);
  assert.equal(parse("--until 06:00 tcplife")?.for_ms, 18 * 3600_000);
  assert.equal(parse("tcplife")?.for_ms, Infinity);
});

for (
  const [line, sentence] of [
    ["-o rec", /record needs a tool/],
    ["--output= tcplife", /--output takes a directory/],
    ["--for 10 tcplife", /--for takes a time/],
    ["--for 1h --until 06:00 tcplife", /exclude each other/],
    ["--until 25:00 tcplife", /--until takes a time of the day/],
    ["--rotate often tcplife", /--rotate takes a time .* or a size/],
    ["--keep 0d tcplife", /--keep takes a time .* or a size/],
    ["--compress best tcplife", /--compress takes one of zstd, gzip, none/],
    ["--on-full panic tcplife", /--on-full takes one of stop, drop-oldest/],
    ["--nonsense tcplife", /nonsense/],
    ["tcplife + tcplife", /tcplife can be recorded once/],
    ["tcplife +", /A \+ stands between two tools/],
    ["+ tcplife", /A \+ stands between two tools/],
  ] as const
) {
  Deno.test(`record ${line} is refused with a sentence`, () => {
    assert.throws(() => parse(line), (error) => error instanceof BadInput && sentence.test(error.message));
  });
}
