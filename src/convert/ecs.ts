import type { RecordedEvent } from "../record/line.ts";
import type { SegmentState } from "../record/reader.ts";
import { toText } from "../record/value.ts";
import type { FileFormat } from "./format.ts";
import { lineWriter } from "./lines.ts";
import { initiator, networkType, type Role, type Roles, rolesOf } from "./roles.ts";
import type { Table } from "./table.ts";

const ECS_VERSION = "8.11.0";

/** Elastic Common Schema, an object a line, as Elasticsearch, Logstash and Filebeat read it. */
export const ecs: FileFormat = {
  ending: "ndjson",
  perTable: false,
  open(output) {
    const byTable = new Map<Table, Roles>();
    return lineWriter(output, "", (event, table, segment) => {
      const roles = byTable.get(table) ?? rolesOf(table);
      byTable.set(table, roles);
      return JSON.stringify(ecsEvent(event, table, roles, segment)) + "\n";
    });
  },
};

type Fields = Record<string, unknown>;

function ecsEvent(event: RecordedEvent, table: Table, { keys, others }: Roles, { host, header }: SegmentState): Fields {
  const of = (role: Role) => (keys[role] === undefined ? undefined : event[keys[role]]) ?? undefined;
  const end = (role: "local" | "peer" | "source" | "destination", bytes?: unknown) =>
    some({ ip: of(`${role}_address`), port: of(`${role}_port`), bytes });
  const uid = of("uid"), comm = of("comm"), container = of("container");
  const from = initiator(event);
  const local = end("local", of("sent_bytes")), peer = end("peer", of("received_bytes"));
  const [source, destination] = from === "peer" ? [peer, local] : [local, peer];
  const isListener = local !== undefined && keys.peer_address === undefined;
  const isPacket = keys.source_address !== undefined;
  const address = of("peer_address") ?? of("source_address") ?? of("local_address");
  const { duration_ms, rest } = measured(event, others);
  return some({
    "@timestamp": event.time,
    ecs: { version: ECS_VERSION },
    event: some({
      ...WHAT[table.name] ?? interval(event),
      ...event.tool === "tcptracer" && TRACED[toText(event["type"])],
      module: "nettrace",
      dataset: `nettrace.${table.name}`,
      duration: duration_ms === undefined ? undefined : Math.round(duration_ms * 1e6),
    }),
    host: some({ name: host === "" ? undefined : host, os: some({ type: "linux", kernel: header?.kernel }) }),
    network: address === undefined ? undefined : some({ type: networkType(address), transport: "tcp" }),
    ...isPacket
      ? { source: end("source"), destination: end("destination") }
      : isListener
      ? { server: local }
      : { source, destination, ...from && { client: source, server: destination } },
    process: some({
      pid: of("pid"),
      name: comm,
      thread: some({ id: of("tid") }),
    }),
    user: uid === undefined ? undefined : { id: toText(uid) },
    container: container === undefined ? undefined : { id: container },
    nettrace: some({ ...rest, cgroup: of("cgroup") }),
  }) ?? {};
}

/** What an event is (ECS categorization fields), by table. */
const WHAT: Readonly<Record<string, Fields>> = {
  tcpaccept: connection("connection-accepted", "start"),
  tcpconnect: connection("connection-attempted", "start"),
  tcpv4connect: connection("connection-attempted", "start"),
  tcpconnlat: connection("connection-answered", "start"),
  tcplife: connection("connection-ended", "end"),
  tcpstates: connection("state-changed", "info"),
  tcptracer: connection("connection-seen", "info"),
  tcpretrans: connection("segment-retransmitted", "info"),
  tcpdrop: connection("packet-dropped", "info"),
  solisten: { kind: "event", category: ["network"], type: ["info"], action: "socket-listens" },
};

const TRACED: Readonly<Record<string, Fields>> = {
  connect: connection("connection-made", "start"),
  accept: connection("connection-accepted", "start"),
  close: connection("connection-closed", "end"),
};

function connection(action: string, type: string): Fields {
  return { kind: "event", category: ["network"], type: ["connection", type], action };
}

/** What was counted in a time. */
function interval({ start, end }: RecordedEvent): Fields {
  return { kind: "metric", category: ["network"], type: ["info"], action: "counted", start, end };
}

/** The one column that says how long it took, and what is left for fields of our own. */
function measured(event: RecordedEvent, others: Table["columns"]): { duration_ms: number | undefined; rest: Fields } {
  const rest: Fields = {};
  let duration_ms: number | undefined;
  for (const { key, cell, type } of others) {
    const value = event[key] ?? undefined;
    if (cell.kind === "ms" && typeof value === "number") duration_ms = value;
    else if (type !== "time") rest[key] = value;
  }
  return { duration_ms, rest };
}

/** The fields, of which JSON leaves out those without a value; undefined if none has one. */
function some(fields: Fields): Fields | undefined {
  for (const key in fields) if (fields[key] !== undefined) return fields;
  return undefined;
}
