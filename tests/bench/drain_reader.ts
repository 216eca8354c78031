// deno run -A drain_reader.ts MAP_ID RING_BYTES FORMAT: what drain.c is, made of nettrace's parts.
import { openKernel } from "../../ffi/kernel.ts";
import { openLibc } from "../../ffi/libc.ts";
import { mapRing } from "../../ffi/mapping.ts";
import { drain } from "../../ffi/ring.ts";
import { recordColumns, tableColumns } from "../../src/column.ts";
import { newClock } from "../../src/output/clock.ts";
import { compileRow, csvFormat, jsonFormat, rowLimit, tableFormat } from "../../src/output/row.ts";
import { newSink } from "../../src/output/sink.ts";
import { openTerminal } from "../../src/terminal.ts";
import tcpaccept from "../../tools/tcpaccept.ts";

const [id, ringBytes, format] = Deno.args;
const SYS_bpf = Deno.build.arch === "x86_64" ? 321n : 280n;
const BPF_MAP_GET_FD_BY_ID = 14n;

const libc = openLibc();
const attributes = new DataView(new ArrayBuffer(128)); // union bpf_attr
attributes.setUint32(0, Number(id), true);
const fd = Number(libc.syscall(SYS_bpf, BPF_MAP_GET_FD_BY_ID, attributes.buffer, 128n, 0n));
if (fd < 0) throw new Error(`there is no map ${id}`);
using ring = mapRing(libc, fd, Number(ringBytes));

/** One function for each way to drain, so that each is compiled for itself, as in nettrace. */
function drainer(): () => void {
  if (format === "count") {
    let records = 0;
    const record = () => ++records > 0;
    return () => void drain(ring, record);
  }
  const kernel = openKernel({ libbpf: undefined, oldestLibbpfMinor: 0, asset: () => new Uint8Array() });
  const columns = format === "table"
    ? tableColumns(tcpaccept.columns, new Set())
    : recordColumns(tcpaccept.name, tcpaccept.columns);
  const write = { table: tableFormat, json: jsonFormat, csv: csvFormat("\r\n") }[format as "table" | "json" | "csv"];
  const terminal = openTerminal(kernel);
  const sink = newSink(terminal, rowLimit(columns));
  const row = compileRow(columns, tcpaccept.layout.event.fields, write, ring, sink.out, newClock(kernel.clockOffset()));
  let at = 0;
  const put = (p: number) => row(at, p);
  const record = (offset: number) => {
    at = offset;
    return sink.row(put);
  };
  return () => {
    while (drain(ring, record) > 0 || !sink.flush()) {
      while (!sink.flush()) terminal.waitWritable(1000);
    }
  };
}

const drainAll = drainer();
const line = new Uint8Array(32);
while (Deno.stdin.readSync(line) !== null) {
  const before = ring.consumer[0] ?? 0;
  const start_ms = performance.now();
  drainAll();
  const spent_ns = Math.round((performance.now() - start_ms) * 1e6);
  const records = (((ring.consumer[0] ?? 0) - before) >>> 0) / (tcpaccept.layout.event.size + 8);
  Deno.stderr.writeSync(new TextEncoder().encode(JSON.stringify({ records, spent_ns }) + "\n"));
}
Deno.exit();
