import assert from "node:assert/strict";
import { createSegment } from "./segment_file.ts";
import { dropOldest, prune } from "./store.ts";

const names = (dir: string) => Array.from(Deno.readDirSync(dir), ({ name }) => name).sort();
const hour = (n: number) => `tcplife-web1-20261120T${String(n).padStart(2, "0")}0000Z.jsonl`;
const NOW = Date.UTC(2026, 10, 20, 12);

function inDirectory(test: (dir: string) => void | Promise<void>) {
  return async () => {
    const dir = await Deno.makeTempDir();
    try {
      await test(dir);
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  };
}

function write(dir: string, ...files: string[]): void {
  for (const name of files) Deno.writeTextFileSync(`${dir}/${name}`, "x".repeat(100));
}

Deno.test(
  "prune removes this host's segments that are too old, and nothing else",
  inDirectory((dir) => {
    const others = ["notes.txt", hour(1).replace("web1", "web2"), "tcplife-web1.jsonl"];
    write(dir, hour(1), hour(2), `${hour(3)}.open`, hour(11), ...others);
    Deno.symlinkSync("/etc/hostname", `${dir}/${hour(4)}`);
    prune(dir, "web1", { age_ms: 2 * 3600_000 }, NOW);
    assert.deepEqual(names(dir), [hour(11), hour(4), ...others].sort());
  }),
);

Deno.test(
  "prune removes the oldest until no more bytes are there than are to be kept",
  inDirectory((dir) => {
    write(dir, hour(1), hour(2), hour(3), hour(4));
    prune(dir, "web1", { bytes: 250 }, NOW);
    assert.deepEqual(names(dir), [hour(3), hour(4)]);
  }),
);

Deno.test(
  "a segment that grows is not removed, and one that a crash left is",
  inDirectory(async (dir) => {
    const grown = createSegment(dir, {
      tool: "tcplife",
      host: "web1",
      begin: new Date(Date.UTC(2026, 10, 20, 1)),
      compression: "none",
    });
    write(dir, `${hour(2)}.open`);
    assert.equal(dropOldest(dir, "web1"), true);
    assert.deepEqual(names(dir), [`${hour(1)}.open`]);
    assert.equal(dropOldest(dir, "web1"), false);
    await grown.close();
    assert.deepEqual(names(dir), [hour(1)]);
  }),
);

Deno.test(
  "createSegment takes no name that is there, and follows no symlink",
  inDirectory(async (dir) => {
    const target = `${dir}/target`;
    write(dir, "target", hour(1), `${hour(1).replace("T010000", "T010001")}.open`);
    Deno.symlinkSync(target, `${dir}/${hour(1).replace("T010000", "T010002")}.open`);
    const of = {
      tool: "tcplife",
      host: "web1",
      begin: new Date(Date.UTC(2026, 10, 20, 1)),
      compression: "none",
    } as const;
    const segment = createSegment(dir, of);
    segment.write(new TextEncoder().encode("text\n"));
    await segment.sync();
    await segment.close();
    assert.equal(segment.path, `${dir}/tcplife-web1-20261120T010003Z.jsonl`);
    assert.equal(Deno.readTextFileSync(segment.path), "text\n");
    assert.equal(Deno.readTextFileSync(target), "x".repeat(100));
    assert.equal((Deno.statSync(segment.path).mode ?? 0) & 0o777 & ~0o640, 0);
  }),
);

Deno.test(
  "a segment that somebody removed is not written to for nothing",
  inDirectory((dir) => {
    const segment = createSegment(dir, { tool: "a", host: "b", begin: new Date(0), compression: "none" });
    for (const name of names(dir)) Deno.removeSync(`${dir}/${name}`);
    assert.throws(() => segment.write(new Uint8Array(9)), /somebody removed it, or its directory/);
    segment.abandon();
  }),
);
