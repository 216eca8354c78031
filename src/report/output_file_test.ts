import assert from "node:assert/strict";
import { BadInput, CannotRun } from "../failure.ts";
import { checkOutputFile, writeOutputFile } from "./output_file.ts";

function withDirectory(test: (dir: string) => void): void {
  const dir = Deno.makeTempDirSync();
  try {
    test(dir);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

const names = (dir: string) => Array.from(Deno.readDirSync(dir), ({ name }) => name);

Deno.test("a file is written whole, for its owner and group alone, and replaces one of its name", () =>
  withDirectory((dir) => {
    Deno.writeTextFileSync(`${dir}/page`, "old", { mode: 0o666 });
    writeOutputFile(`${dir}/page`, ["new ", "ä"]);
    assert.equal(Deno.readTextFileSync(`${dir}/page`), "new ä");
    assert.equal((Deno.statSync(`${dir}/page`).mode ?? 0) & 0o7777, 0o640 & ~Deno.umask());
    assert.deepEqual(names(dir), ["page"]);
  }));

Deno.test("a symbolic link is not followed, and neither it nor its target changes", () =>
  withDirectory((dir) => {
    Deno.writeTextFileSync(`${dir}/target`, "old");
    Deno.symlinkSync("target", `${dir}/link`);
    Deno.symlinkSync("nowhere", `${dir}/dangling`);
    for (const name of ["link", "dangling"]) {
      assert.throws(() => writeOutputFile(`${dir}/${name}`, ["new"]), BadInput);
      assert.ok(Deno.lstatSync(`${dir}/${name}`).isSymlink);
    }
    assert.equal(Deno.readTextFileSync(`${dir}/target`), "old");
  }));

Deno.test("what cannot be written is refused beforehand", () =>
  withDirectory((dir) => {
    for (const path of [dir, `${dir}/no/page`, `${dir}/no`.repeat(200)]) {
      assert.throws(() => checkOutputFile(path), BadInput, path);
    }
    assert.deepEqual(names(dir), []);
  }));

Deno.test("a file that could not be written leaves nothing behind", () =>
  withDirectory((dir) => {
    const failing = { *[Symbol.iterator]() {}, map: undefined } as unknown as string[];
    Object.assign(failing, {
      [Symbol.iterator]: () => ({
        next: () => {
          throw new Error("no space left");
        },
      }),
    });
    assert.throws(() => writeOutputFile(`${dir}/page`, failing), CannotRun);
    assert.deepEqual(names(dir), []);
  }));
