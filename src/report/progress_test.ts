import assert from "node:assert/strict";
import { newProgress } from "./progress.ts";

Deno.test("progress is shown a few times a second, and wiped at the end", () => {
  let now_ms = 0;
  const written: string[] = [];
  const progress = newProgress({ write: (text) => void written.push(text), now_ms: () => now_ms });
  progress.step(1, 100);
  now_ms = 200;
  progress.step(50, 100);
  progress.step(51, 100);
  now_ms = 60_000;
  progress.step(3e9, 0);
  progress.end();
  assert.deepEqual(written, [
    `\rreading [${"#".repeat(15)}${".".repeat(15)}]  50 % 0 s\x1b[K`,
    "\r3,000 MB read 60 s\x1b[K",
    "\r\x1b[K",
  ]);
});

Deno.test("what is short shows no progress", () => {
  const progress = newProgress({ write: () => assert.fail(), now_ms: () => 0 });
  progress.step(1, 2);
  progress.end();
});
