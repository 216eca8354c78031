import assert from "node:assert/strict";
import { CannotRun } from "../failure.ts";
import { SCHEMA } from "./segment.ts";
import { newTape } from "./tape.ts";

Deno.test("a segment that the disk did not take seems complete at no later try", async () => {
  const dir = Deno.makeTempDirSync(), { sync } = Deno.FsFile.prototype;
  const tape = newTape({
    dir,
    tool: "tcplife",
    host: "a",
    compression: "none",
    most_bytes: Infinity,
    header: () => ({
      schema: SCHEMA,
      nettrace: "",
      options: [],
      host: "a",
      boot_id: "",
      kernel: "",
      clock_offset_ns: "0",
      plan: "",
    }),
    now: () => new Date(0),
    makeRoom: () => false,
  });
  try {
    Deno.FsFile.prototype.sync = () => Promise.reject(new Error("Input/output error (os error 5)"));
    await assert.rejects(
      tape.close(0, {}),
      (error) => error instanceof CannotRun && /did not take/.test(error.message),
    );
    Deno.FsFile.prototype.sync = sync; // the kernel says it once
    await assert.rejects(tape.close(0, {}), CannotRun);
    tape.abandon();
    assert.deepEqual(Array.from(Deno.readDirSync(dir), ({ name }) => name), ["tcplife-a-19700101T000000Z.jsonl.open"]);
  } finally {
    Deno.FsFile.prototype.sync = sync;
    Deno.removeSync(dir, { recursive: true });
  }
});
