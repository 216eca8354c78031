import type { Tool } from "../src/tool.ts";

/** The tools in the order of help; each is loaded only when it runs. */
export const tools: Readonly<Record<string, () => Promise<{ default: Tool }>>> = {
  tcpaccept: () => import("./tcpaccept.ts"),
  tcplife: () => import("./tcplife.ts"),
};
