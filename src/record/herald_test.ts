import assert from "node:assert/strict";
import { newKernel, newRing } from "../../tests/unit/fake_kernel.ts";
import { heralded } from "./herald.ts";
import type { Track } from "./recorder.ts";

/** A recording that systemd watches, and what it was told. */
function watched({ deaf = false } = {}) {
  const told: string[] = [], clock = { now_ms: 5000 };
  const track = { tool: "tcplife", events: 3, losses: () => ({ ring_full: 0 }) };
  let stopping = false;
  const receiver = { deaf };
  const kernel = newKernel(newRing(4096), {
    now_ms: () => clock.now_ms,
    openNotifier: (path) => {
      assert.equal(path, "/run/notify");
      return { send: (state) => !receiver.deaf && told.push(state) > 0 };
    },
  });
  const conductor = { stopping: () => stopping, rotating: () => false };
  const tracks = [track] as unknown as Track[];
  const watched = heralded(conductor, kernel, "/run/notify", tracks, assert.fail);
  return { told, clock, track, receiver, stop: () => stopping = true, ask: watched.stopping };
}

Deno.test("systemd is told that recording began, once a second that it goes on, and that it ends", () => {
  const { told, clock, stop, ask } = watched();
  assert.deepEqual([ask(), ask()], [false, false]);
  assert.deepEqual(told.splice(0), ["READY=1\nSTATUS=Events recorded: tcplife 3"]);
  clock.now_ms += 999;
  ask();
  assert.deepEqual(told, []);
  clock.now_ms += 1;
  ask();
  assert.deepEqual(told.splice(0), ["WATCHDOG=1"]);
  stop();
  assert.deepEqual([ask(), ask()], [true, true]);
  assert.deepEqual(told, ["STOPPING=1\nSTATUS=Events recorded: tcplife 3"]);
});

Deno.test("systemd is told of a recording that ends at once that it began", () => {
  const { told, stop, ask } = watched();
  stop();
  assert.deepEqual([ask(), ask()], [true, true]);
  const status = "STATUS=Events recorded: tcplife 3";
  assert.deepEqual(told, [`READY=1\n${status}`, `STOPPING=1\n${status}`]);
});

Deno.test("systemd is told every ten seconds what was recorded and lost", () => {
  const { told, clock, track, ask } = watched();
  ask();
  Object.assign(track, { events: 12, losses: () => ({ ring_full: 4, no_room: 1 }) });
  for (let i = 0; i < 10; i++) {
    clock.now_ms += 1000;
    ask();
  }
  const beats = Array.from({ length: 9 }, () => "WATCHDOG=1");
  assert.deepEqual(told.slice(1), [...beats, "WATCHDOG=1\nSTATUS=Events recorded: tcplife 12 (5 lost)"]);
});

Deno.test("systemd is told again what it did not take", () => {
  const { told, receiver, ask } = watched({ deaf: true });
  ask();
  receiver.deaf = false;
  ask();
  assert.deepEqual(told, ["READY=1\nSTATUS=Events recorded: tcplife 3"]);
});

Deno.test("an address that is none is said, and recording goes on", () => {
  const said: string[] = [];
  const error = Object.assign(new Error(), { call: "vsock:2:1", errno: 22, log: "" });
  const kernel = newKernel(newRing(4096), {
    openNotifier: () => {
      throw error;
    },
  });
  const conductor = { stopping: () => false, rotating: () => false };
  assert.equal(heralded(conductor, kernel, "vsock:2:1", [], (line) => said.push(line)), conductor);
  assert.deepEqual(said, [
    "systemd cannot be told that recording began: NOTIFY_SOCKET is 'vsock:2:1' (errno 22).",
  ]);
  assert.equal(heralded(conductor, kernel, undefined, [], assert.fail), conductor);
});
