import * as node from "node:path";
import * as alias from "./path.ts";

Deno.test("the bundle's node:path names files as node's does", () => {
  for (const path of ["nettrace", "/usr/bin/nettrace", "a/b.ts", "/x/.profile", "a.b.c", "", "x."]) {
    for (const suffix of ["", ".ts", alias.extname(path)]) {
      const [a, b] = [alias.basename(path, suffix), node.basename(path, suffix)];
      if (a !== b) throw new Error(`basename(${path}, ${suffix}) is ${a}, not ${b}`);
    }
    if (alias.extname(path) !== node.extname(path)) throw new Error(`extname(${path}) is ${alias.extname(path)}`);
  }
});
