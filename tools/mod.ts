import type { Tool } from "../src/tool.ts";

/** The tools in the order of help; each is loaded only when it runs. */
export const tools: Readonly<Record<string, () => Promise<{ default: Tool }>>> = {
  tcpaccept: () => import("./tcpaccept.ts"),
  tcpdrop: () => import("./tcpdrop.ts"),
  solisten: () => import("./solisten.ts"),
  tcptracer: () => import("./tcptracer.ts"),
  tcpretrans: () => import("./tcpretrans.ts"),
  tcpconnect: () => import("./tcpconnect.ts"),
  tcpv4connect: () => import("./tcpv4connect.ts"),
  tcpconnlat: () => import("./tcpconnlat.ts"),
  tcplife: () => import("./tcplife.ts"),
  tcpstates: () => import("./tcpstates.ts"),
  netqtop: () => import("./netqtop.ts"),
  tcptop: () => import("./tcptop.ts"),
  tcpsubnet: () => import("./tcpsubnet.ts"),
  softirqs: () => import("./softirqs.ts"),
};
