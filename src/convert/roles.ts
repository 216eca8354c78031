import type { Cell } from "../column.ts";
import type { RecordedEvent } from "../record/line.ts";
import type { Table } from "./table.ts";

/** What a column of any tool stands for, where that has a name outside nettrace, too. */
export type Role =
  | "local_address"
  | "local_port"
  | "peer_address"
  | "peer_port"
  | "source_address"
  | "source_port"
  | "destination_address"
  | "destination_port"
  | "pid"
  | "tid"
  | "uid"
  | "comm"
  | "container"
  | "cgroup"
  | "sent_bytes"
  | "received_bytes";

// By the fields that the declaration's cells show: they are called the same in all tools, while keys are bcc's.
const ADDRESSES: Record<string, Role> = {
  laddr: "local_address",
  raddr: "peer_address",
  saddr: "source_address",
  daddr: "destination_address",
};
const PORTS: Record<string, Role> = {
  lport: "local_port",
  rport: "peer_port",
  sport: "source_port",
  dport: "destination_port",
};
const NUMBERS: Record<string, Role> = {
  pid: "pid",
  tid: "tid",
  uid: "uid",
  tx_bytes: "sent_bytes",
  rx_bytes: "received_bytes",
};

function roleOf(cell: Cell): Role | undefined {
  switch (cell.kind) {
    case "address":
      return ADDRESSES[cell.field];
    case "port":
      return PORTS[cell.field];
    case "uint":
      return NUMBERS[cell.field];
    case "comm":
      return "comm";
    case "cgroup":
      return cell.part === "container" ? "container" : cell.part === "path" ? "cgroup" : undefined;
    default:
      return undefined;
  }
}

/** The columns of a table with what they stand for. */
export interface Roles {
  readonly keys: Readonly<Partial<Record<Role, string>>>;
  /** Columns that stand for nothing of these, nor for what every record has, or is seen by its addresses. */
  readonly others: Table["columns"];
}

/** The roles of a table's columns. */
export function rolesOf({ columns }: Table): Roles {
  const keys: Partial<Record<Role, string>> = {};
  const others: Table["columns"][number][] = [];
  for (const column of columns) {
    const role = roleOf(column.cell);
    if (role !== undefined) keys[role] ??= column.key;
    else if (!EVERYWHERE.includes(column.key)) others.push(column);
  }
  return { keys, others };
}

const EVERYWHERE = ["time", "tool", "host", "ip"];

/** The end that asked for the connection; undefined where the tool does not tell. */
export function initiator({ tool, type }: RecordedEvent): "local" | "peer" | undefined {
  if (tool === "tcptracer") return type === "connect" ? "local" : type === "accept" ? "peer" : undefined;
  if (tool === "tcpaccept") return "peer";
  return ["tcpconnect", "tcpv4connect", "tcpconnlat"].includes(tool) ? "local" : undefined;
}

/** What packets to an address are of: a v4-mapped one (::ffff:a.b.c.d) is reached by IPv4. */
export function networkType(address: unknown): "ipv4" | "ipv6" | undefined {
  if (typeof address !== "string" || address === "") return undefined;
  return address.includes(":") && !address.startsWith("::ffff:") ? "ipv6" : "ipv4";
}
