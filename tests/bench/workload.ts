// What the connection tools are measured with.
import { traffic } from "../live/traffic.ts";
import type { ToolName } from "./twin.ts";

/** A scenario of traffic, and its options. */
export interface Workload {
  scenario: string;
  options: Record<string, string | number>;
}

export const connections: Workload = { scenario: "flood", options: { n: 4001 } };

/** Traffic of which each tool has something to show. */
export const workloads: Readonly<Record<ToolName, Workload>> = {
  tcpaccept: connections,
  tcpconnect: connections,
  tcpv4connect: connections,
  tcpconnlat: connections,
  tcplife: connections,
  tcpstates: connections,
  tcptracer: connections,
  solisten: { scenario: "listen", options: { v4: 1009 } },
  tcpdrop: { scenario: "drop", options: { mode: "refused", v4: 1009 } },
  tcpretrans: { scenario: "retransmit", options: { mode: "data", v4: 31, at_least: 2 } },
};

/** Makes such traffic, to its end. */
export async function work({ scenario, options }: Workload): Promise<void> {
  await using made = await traffic(scenario, options);
  await made.go();
}
