import { newHeavy } from "./heavy.ts";
import { cell, heavyTable, type NewPart, rate, sectionOf, weight } from "./part.ts";
import { newLines } from "./timeline.ts";
import { numberOf, textOf } from "./value.ts";

/** Accepts of tcpaccept: how many, by port, by process and by client. */
export const newAccepts: NewPart = (tool, timeline) => {
  const ports = newHeavy(0), comms = newHeavy(0), clients = newHeavy(0), lines = newLines(timeline);
  return {
    add(event, at_ms) {
      const port = numberOf(event["lport"]) ?? null, comm = textOf(event["comm"]), client = textOf(event["raddr"]);
      ports.add(String(port ?? "?"), 1);
      lines.add(`port ${port ?? "?"}`, at_ms, 1);
      if (comm !== undefined) comms.add(comm, 1);
      if (client !== undefined) clients.add(client, 1);
    },
    section(most, ran_s) {
      const numbers = [weight("accepts", "ACCEPTS"), rate(ran_s)];
      return sectionOf(
        `accepts_${tool}`,
        `Accepts (${tool})`,
        [],
        [
          heavyTable("by_port", "Accepts by port", ports, most, [cell("lport", "LPORT", 0), ...numbers]),
          heavyTable("by_comm", "Accepts by process name", comms, most, [cell("comm", "COMM", 0), ...numbers]),
          heavyTable("by_client", "Accepts by client", clients, most, [cell("raddr", "RADDR", 0), ...numbers]),
        ],
        [lines.chart("Accepts by port", "count")],
      );
    },
  };
};
