import type { World } from "../command.ts";
export function replay(_a: readonly string[], _w: World): Promise<void> {
  return Promise.resolve();
}
