import assert from "node:assert/strict";
import { newSink } from "./sink.ts";

const ROW = 1000, ROWS = 300; // several times what a sink holds

/** A sink whose outlet takes so many bytes in all, and rows put into it whether it has room or not. */
function filled(room: number) {
  let taken = 0;
  const sink = newSink({
    write(bytes) {
      const n = Math.min(bytes.length, room - taken);
      taken += n;
      return n;
    },
    waitWritable: () => false,
  }, ROW);
  const put = () =>
    sink.row((p) => {
      new DataView(sink.out.buffer).setUint8(p + ROW - 1, 10); // throws where there is no room
      return p + ROW;
    });
  let accepted = 0;
  for (let i = 0; i < ROWS; i++) if (put()) accepted++;
  return { sink, accepted, taken: () => taken };
}

Deno.test("a sink that nobody empties takes what it can hold, and counts all that is not written", () => {
  const { sink, taken } = filled(0);
  assert.equal(sink.flush(), false);
  assert.deepEqual([sink.printed, sink.waiting, taken()], [0, ROWS, 0]);
  assert.ok(sink.out.length >= ROW);
});

Deno.test("a sink that is emptied in part counts each row once, as printed or as waiting", () => {
  for (const room of [1, ROW - 1, ROW, 65_536, 100_001, 250_000]) {
    const { sink, taken } = filled(room);
    assert.equal(sink.printed + sink.waiting, ROWS);
    assert.equal(sink.printed, Math.floor(taken() / ROW));
  }
});

Deno.test("a sink adds no text to a full buffer", () => {
  const { sink } = filled(0);
  sink.text("more");
  assert.equal(sink.waiting, ROWS);
});
