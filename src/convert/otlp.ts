import type { RecordedEvent } from "../record/line.ts";
import type { SegmentState } from "../record/reader.ts";
import { cellText } from "../record/value.ts";
import type { FileFormat } from "./format.ts";
import { initiator, networkType, type Role, type Roles, rolesOf } from "./roles.ts";
import type { ColumnType, Table } from "./table.ts";
import { nanoseconds } from "./time.ts";

/** Of the attributes' names (opentelemetry.io/docs/specs/semconv). */
const SCHEMA_URL = "https://opentelemetry.io/schemas/1.34.0";
// The collector's receiver takes lines of 1 MiB at most, as long as it is not told otherwise (max_log_size).
const LINE_CHARACTERS = 256 * 1024, LINE_RECORDS = 512;
const INFO = 9; // SEVERITY_NUMBER_INFO
const encoder = new TextEncoder();

/** OTLP logs as JSON, an ExportLogsServiceRequest a line, as the OpenTelemetry Collector's otlpjsonfile receiver reads them. */
export const otlp: FileFormat = {
  ending: "jsonl",
  perTable: false,
  open(output) {
    const byTable = new Map<Table, Roles>();
    const waiting = new Map<SegmentState, string[]>();
    let records = 0, characters = 0;
    const flush = () => {
      if (records === 0) return;
      const resourceLogs = Array.from(waiting, ([segment, logs]) => ofResource(segment, logs));
      output.write(encoder.encode(`{"resourceLogs":[${resourceLogs.join(",")}]}\n`));
      waiting.clear();
      records = characters = 0;
    };
    return {
      misfits: 0,
      waiting: () => records,
      flush,
      add(event, table, segment) {
        const roles = byTable.get(table) ?? rolesOf(table);
        byTable.set(table, roles);
        const record = JSON.stringify(logRecord(event, table, roles));
        const logs = waiting.get(segment);
        if (logs) logs.push(record);
        else waiting.set(segment, [record]);
        characters += record.length;
        if (++records === LINE_RECORDS || characters >= LINE_CHARACTERS) flush();
      },
      end: flush,
    };
  },
};

function ofResource({ host, header }: SegmentState, logs: readonly string[]): string {
  const version = typeof header?.nettrace === "string" ? header.nettrace : undefined;
  const resource = {
    attributes: [
      ...attribute("service.name", "string", "nettrace"),
      ...attribute("service.version", "string", version),
      ...attribute("host.name", "string", host === "" ? undefined : host),
      ...attribute("os.type", "string", "linux"),
      ...attribute("os.version", "string", header?.kernel),
    ],
  };
  const scope = { name: "nettrace", ...version !== undefined && { version } };
  return `{"resource":${JSON.stringify(resource)},"scopeLogs":[{"scope":${JSON.stringify(scope)},"logRecords":[${
    logs.join(",")
  }],"schemaUrl":"${SCHEMA_URL}"}],"schemaUrl":"${SCHEMA_URL}"}`;
}

function logRecord(event: RecordedEvent, table: Table, { keys, others }: Roles) {
  const time = String(nanoseconds(event.time));
  const of = (role: Role) => keys[role] === undefined ? undefined : event[keys[role]];
  const attributes = ATTRIBUTES.flatMap(([role, name, type]) => attribute(name, type, of(role)));
  const address = of("peer_address") ?? of("source_address") ?? of("local_address");
  if (address !== undefined) {
    attributes.push(...attribute("network.type", "string", networkType(address)));
    attributes.push(...attribute("network.transport", "string", "tcp"));
  }
  const from = initiator(event);
  if (from !== undefined) {
    const [client, server] = from === "local" ? ["local", "peer"] as const : ["peer", "local"] as const;
    attributes.push(
      ...attribute("client.address", "string", of(`${client}_address`)),
      ...attribute("client.port", "int32", of(`${client}_port`)),
      ...attribute("server.address", "string", of(`${server}_address`)),
      ...attribute("server.port", "int32", of(`${server}_port`)),
    );
  }
  for (const { key, type } of others) attributes.push(...attribute(`nettrace.${key}`, type, event[key]));
  return {
    timeUnixNano: time,
    observedTimeUnixNano: time,
    severityNumber: INFO,
    severityText: "INFO",
    eventName: `nettrace.${table.name}`,
    attributes,
  };
}

const ATTRIBUTES: readonly [Role, string, ColumnType][] = [
  ["local_address", "network.local.address", "string"],
  ["local_port", "network.local.port", "int32"],
  ["peer_address", "network.peer.address", "string"],
  ["peer_port", "network.peer.port", "int32"],
  ["source_address", "source.address", "string"],
  ["source_port", "source.port", "int32"],
  ["destination_address", "destination.address", "string"],
  ["destination_port", "destination.port", "int32"],
  ["pid", "process.pid", "int32"],
  ["tid", "thread.id", "int32"],
  ["comm", "thread.name", "string"],
  ["uid", "process.user.id", "int64"],
  ["container", "container.id", "string"],
  ["cgroup", "process.linux.cgroup", "string"],
  ["sent_bytes", "nettrace.tx_bytes", "int64"],
  ["received_bytes", "nettrace.rx_bytes", "int64"],
];

/** An attribute in ProtoJSON, in which whole numbers of 64 bits are text; nothing for what is not known. */
function attribute(key: string, type: ColumnType, value: unknown): { key: string; value: AnyValue }[] {
  return value === undefined || value === null ? [] : [{ key, value: anyValue(type, value) }];
}

type AnyValue =
  | { stringValue: string }
  | { boolValue: boolean }
  | { intValue: string }
  | { doubleValue: number }
  | { arrayValue: { values: AnyValue[] } };

function anyValue(type: ColumnType, value: unknown): AnyValue {
  if (Array.isArray(value)) {
    const item = type === "int64_list" ? "int64" : "string";
    return { arrayValue: { values: value.map((each) => anyValue(item, each)) } };
  }
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value !== "number") return { stringValue: cellText(value) };
  return type !== "double" && Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}
