import assert from "node:assert/strict";
import { BadInput, CannotRun } from "../failure.ts";
import { newFiles } from "./files.ts";

const bytes = new TextEncoder().encode("text");

function withDirectory(test: (directory: string) => void): () => void {
  return () => {
    const directory = Deno.makeTempDirSync();
    try {
      test(directory);
    } finally {
      Deno.removeSync(directory, { recursive: true });
    }
  };
}

const names = (directory: string) => Array.from(Deno.readDirSync(directory), ({ name }) => name);

Deno.test(
  "files get their names when all are complete, and are for their owner and group",
  withDirectory((directory) => {
    using files = newFiles();
    Deno.writeTextFileSync(`${directory}/a`, "old");
    files.named(`${directory}/a`).write(bytes);
    files.within(`${directory}/b/`, "c=1/d").write(bytes);
    assert.equal(Deno.readTextFileSync(`${directory}/a`), "old");
    files.commit();
    assert.deepEqual(names(directory).sort(), ["a", "b"]);
    assert.deepEqual(names(`${directory}/b/c=1`), ["d"]);
    const modes = ["a", "b", "b/c=1", "b/c=1/d"].map((path) =>
      (Deno.statSync(`${directory}/${path}`).mode ?? 0) & 0o777
    );
    assert.deepEqual(modes.map((mode) => mode.toString(8)), ["640", "750", "750", "640"]);
  }),
);

Deno.test(
  "files that are not complete are gone, and what was there is as it was",
  withDirectory((directory) => {
    Deno.writeTextFileSync(`${directory}/a`, "old");
    {
      using files = newFiles();
      files.named(`${directory}/a`).write(bytes);
    }
    assert.deepEqual(names(directory), ["a"]);
    assert.equal(Deno.readTextFileSync(`${directory}/a`), "old");
  }),
);

Deno.test(
  "files follow no symbolic link, and replace no device, directory or file of a name that nobody typed",
  withDirectory((directory) => {
    using files = newFiles();
    Deno.mkdirSync(`${directory}/real`);
    Deno.symlinkSync(`${directory}/real`, `${directory}/link`);
    Deno.writeTextFileSync(`${directory}/real/there`, "");
    const refused = (work: () => unknown, what: RegExp) =>
      assert.throws(work, (error: Error) => error instanceof BadInput && what.test(error.message));
    refused(() => files.named(`${directory}/link`), /is a symbolic link, which is not followed/);
    refused(() => files.named("/dev/null"), /is no file/);
    refused(() => files.named(`${directory}/real`), /is a directory/);
    refused(() => files.named(`${directory}/none/a`), /There is no directory for/);
    refused(() => files.within(`${directory}/link/`, "a"), /is a symbolic link/);
    refused(() => files.within(directory, "link/a"), /is a symbolic link/);
    refused(() => files.within(`${directory}/real`, "there"), /is there already/);
    refused(() => files.within(`${directory}/real/there`, "a"), /is a file: type the name of a directory/);
  }),
);

Deno.test(
  "files notice that somebody exchanged them",
  withDirectory((directory) => {
    using files = newFiles();
    const output = files.named(`${directory}/a`);
    output.write(bytes);
    const [temporary = ""] = names(directory);
    Deno.writeTextFileSync(`${directory}/other`, "");
    Deno.renameSync(`${directory}/other`, `${directory}/${temporary}`);
    assert.throws(() => output.write(bytes), CannotRun);
  }),
);
