import { elf } from "./elf.ts";

const deno = () => Deno.readFileSync(Deno.execPath());

Deno.test("elf finds Deno's entry point and its word for environ, both within its segments", () => {
  const { entry, environSlot, end } = elf(deno());
  if (!(0 < entry && entry < end && 0 < environSlot && environSlot < end && environSlot % 8 === 0)) {
    throw new Error(`entry ${entry}, environ's slot ${environSlot}, end ${end}`);
  }
});

Deno.test("startAt adds a segment and makes it the entry point", () => {
  const bytes = deno();
  const before = elf(bytes);
  const address = Math.ceil(before.end / 65536) * 65536;
  before.startAt(bytes.length, address, 4096, 65536);
  const view = new DataView(bytes.buffer);
  if (Number(view.getBigUint64(24, true)) !== address) throw new Error("the entry point is the old one");
  try {
    elf(bytes);
  } catch (error) {
    if (/lacks PT_NOTE/.test(String(error))) return;
    throw error;
  }
  throw new Error("the segment has not taken the place of the notes");
});

Deno.test("elf refuses what is no 64-bit ELF file", () => {
  try {
    elf(new TextEncoder().encode("#!/bin/sh\n".repeat(20)));
  } catch (error) {
    if (String(error) === "Error: This is no 64-bit ELF file.") return;
    throw error;
  }
  throw new Error("elf took a script");
});
