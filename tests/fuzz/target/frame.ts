import assert from "node:assert/strict";
import { MOST_BYTES, pack } from "../../../src/record/frame.ts";
import { linesOf } from "../../../src/record/source.ts";
import { type Target, utf8 } from "../target.ts";

const line = utf8('{"time":"2026-11-20T06:00:00Z","tool":"tcplife"}\n');
const frames = (compression: "zstd" | "gzip" | "none", n: number) =>
  Uint8Array.from(Array.from({ length: n }, () => [...pack(line, compression)]).flat());

/** Files of segments, as they are compressed. */
export const target: Target = {
  name: "frame",
  round: 600,
  seeds: [
    ...(["zstd", "gzip", "none"] as const).map((compression) => frames(compression, 3)),
    pack(new Uint8Array(4 * 1024 * 1024), "zstd"),
    pack(new Uint8Array(4 * 1024 * 1024).fill(10), "gzip"),
  ],
  run(bytes) {
    let at = 0, faults = 0, told = 0, most = 0;
    const source = {
      read(into: Uint8Array) {
        const part = bytes.subarray(at, at + Math.min(into.length, 4096));
        into.set(part);
        at += part.length;
        return part.length;
      },
    };
    const tell = (sentence: string) => {
      faults++;
      told += sentence.length;
    };
    for (const block of linesOf(source, tell)) {
      most = Math.max(most, block.length);
      assert.equal(block.at(-1) ?? 10, 10, "whole lines");
    }
    assert.ok(most <= MOST_BYTES + 1024 * 1024);
    assert.ok(faults <= 16 && told < 4096, `${faults} sentences of ${told} characters`);
  },
};
