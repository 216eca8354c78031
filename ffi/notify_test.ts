import assert from "node:assert/strict";
import { bind, openLibc } from "./libc.ts";
import { openNotifier } from "./notify.ts";

const AF_UNIX = 1, SOCK_DGRAM = 2, SOCK_NONBLOCK = 0o4000;
const libc = openLibc();
const { bind: bindTo } = bind(
  { bind: { parameters: ["i32", "buffer", "u32"], result: "i32" } },
  libc.symbolOf(null),
);

/** A socket that listens at an address in bytes; gives what was sent to it, or undefined. */
function listen(path: readonly number[]) {
  const fd = libc.socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  const address = Uint8Array.of(AF_UNIX, 0, ...path);
  assert.equal(bindTo(fd, address, address.length), 0);
  return {
    next(): string | undefined {
      const bytes = new Uint8Array(4096);
      const n = Number(libc.read(fd, bytes, 4096n));
      return n < 0 ? undefined : new TextDecoder().decode(bytes.subarray(0, n));
    },
    [Symbol.dispose]: () => void libc.close(fd),
  };
}

const bytes = (text: string) => Array.from(new TextEncoder().encode(text));

Deno.test("states arrive at a path and at an abstract address, one datagram each", async () => {
  const dir = await Deno.makeTempDir();
  const abstract = `nettrace-${crypto.randomUUID()}`;
  for (
    const [receiver, path] of [[`${dir}/ü`, bytes(`${dir}/ü`)], [`@${abstract}`, [0, ...bytes(abstract)]]] as const
  ) {
    using socket = listen(path);
    const notifier = openNotifier(libc, receiver);
    assert.equal(notifier.send("READY=1\nSTATUS=é"), true);
    assert.equal(notifier.send("WATCHDOG=1"), true);
    assert.deepEqual([socket.next(), socket.next(), socket.next()], ["READY=1\nSTATUS=é", "WATCHDOG=1", undefined]);
  }
  await Deno.remove(dir, { recursive: true });
});

Deno.test("a state that nobody takes is told so, without a wait", () => {
  assert.equal(openNotifier(libc, "/nonexistent/notify").send("READY=1"), false);
  const abstract = `nettrace-${crypto.randomUUID()}`;
  using _full = listen([0, ...bytes(abstract)]);
  const notifier = openNotifier(libc, `@${abstract}`);
  let taken = 0;
  while (taken < 100_000 && notifier.send("WATCHDOG=1")) taken++;
  assert.ok(taken > 0 && taken < 100_000);
});

Deno.test("what is no address is refused", () => {
  for (const receiver of ["", "/", "@", "vsock:2:1234", "relative", `/${"x".repeat(108)}`]) {
    assert.throws(() => openNotifier(libc, receiver), { errno: 22 }, receiver);
  }
});
