import assert from "node:assert/strict";
import { openKernel } from "./kernel.ts";
import { cString, openLibc } from "./libc.ts";

const O_RDWR = 2, O_NONBLOCK = 2048, O_WRONLY = 1;

const libc = openLibc();
const kernel = openKernel({ libbpf: undefined, oldestLibbpfMinor: 1, asset: () => new Uint8Array() });

Deno.test("what a pipe is said to take at once, it takes without waiting, whatever it holds", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const path = `${dir}/pipe`;
    await new Deno.Command("mkfifo", { args: [path] }).output();
    const fd = libc.open(cString(path), O_RDWR | O_NONBLOCK, 0); // so that a write that would wait is short, or fails
    assert.ok(fd >= 0);
    const bytes = new Uint8Array(1 << 20);
    const write = (length: number) => Number(libc.write(fd, bytes, BigInt(length)));
    const read = (length: number) => Number(libc.read(fd, bytes, BigInt(length)));
    const drain = () => {
      while (read(bytes.length) > 0);
    };
    assert.equal(kernel.room(fd, Infinity), 65536, "which is the size of a pipe");
    assert.equal(kernel.room(fd, 12345), 12345);
    for (const held of [1, 4095, 4096, 4097, 12345, 61440, 61441, 65535, 65536]) {
      for (const taken of [0, 1, 100, 4096, held - 1]) {
        drain();
        assert.equal(write(held), held);
        if (taken > 0) read(taken);
        for (let room = 0; (room = kernel.room(fd, 1 + (taken + room) % 9999)) > 0;) assert.equal(write(room), room);
      }
    }
    assert.equal(kernel.room(fd, 1), 0, "as it is full");
    drain();
    assert.equal(kernel.room(fd, Infinity), 65536);
    libc.close(fd);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("what is no pipe takes a page", () => {
  const fd = libc.open(cString("/dev/null"), O_WRONLY, 0);
  assert.equal(kernel.room(fd, 5000), 4096);
  libc.close(fd);
});
