import { EventEmitter as Node } from "node:events";
import { EventEmitter as Alias } from "./events.ts";

Deno.test("the bundle's node:events calls listeners as node's does", () => {
  for (const Emitter of [Node, Alias]) {
    const emitter = new Emitter();
    const seen: unknown[] = [];
    emitter.on("option", (...args: unknown[]) => seen.push(args)).on("option", (value: unknown) => seen.push(value));
    const heard = [emitter.emit("option", 1, "two"), emitter.emit("other", 3), emitter.listenerCount("option")];
    const got = JSON.stringify([seen, heard, emitter.listenerCount("other")]);
    if (got !== '[[[1,"two"],1],[true,false,2],0]') throw new Error(`${Emitter === Node ? "node" : "alias"}: ${got}`);
  }
});
