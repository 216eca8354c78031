// Recordings for tests, written by hand, and what becomes of them.
import { convert, type Request } from "../../src/convert/convert.ts";
import { tools } from "../../tools/mod.ts";

type Record = Readonly<globalThis.Record<string, unknown>>;

/** A text that a process may have for a name: quotes, a comma, line breaks, what was no UTF-8, and beyond 16 bits. */
export const ODD_COMM = 'a"b,c\r\n\ufffd😀';

export const accept = {
  time: "2026-11-20T06:00:01.000000001Z",
  tool: "tcpaccept",
  pid: 907,
  comm: "sshd",
  ip: 6,
  raddr: "2001:db8::2",
  rport: 50000,
  laddr: "2001:db8::1",
  lport: 22,
  uid: 0,
  netns: 4026531840,
  cgroup_id: 5000,
  conn_id: "00000000000000aa",
} as const;

export const life = {
  time: "2026-11-20T06:00:02.5Z",
  tool: "tcplife",
  pid: null,
  comm: null,
  ip: 6,
  laddr: "::ffff:10.0.0.1",
  lport: 443,
  raddr: "::ffff:10.0.0.2",
  rport: 40000,
  tx_bytes: 2 ** 53 - 1,
  rx_bytes: 0,
  duration_ms: 12.5,
  open: 0,
  uid: null,
  netns: 4026531840,
  cgroup_id: null,
  container: null,
  conn_id: "00000000000000bb",
} as const;

export const drop = {
  time: "2026-11-20T07:00:00.000000000Z",
  tool: "tcpdrop",
  pid: 12,
  comm: ODD_COMM,
  ip: 4,
  saddr: "10.0.0.9",
  sport: 1,
  daddr: "10.0.0.1",
  dport: 65535,
  state: null,
  flags: "SYN|ACK",
  reason: "NO_SOCKET",
  reason_code: 3,
  stack: ["tcp_v4_rcv+0x1", "ip_rcv+0x2"],
  uid: 1000,
  netns: 4026531840,
  cgroup_id: 77,
} as const;

export const softirq = {
  time: "2026-11-20T06:00:03.000000000Z",
  tool: "softirqs",
  start: "2026-11-20T06:00:02.000000000Z",
  end: "2026-11-20T06:00:03.000000000Z",
  partial: false,
  softirq: "net_rx",
  count: 5,
  dist_us: [0, 3, 2],
} as const;

/** The first line of a segment. */
export function header(tool: string, host = "web1"): Record {
  return {
    time: "2026-11-20T06:00:00.000000000Z",
    tool,
    header: {
      schema: 1,
      nettrace: "0.1.0 (abc)",
      options: [],
      host,
      boot_id: "b",
      kernel: "6.18.1",
      clock_offset_ns: "0",
    },
  };
}

/** The last one. */
export function footer(tool: string, lost_by: globalThis.Record<string, number> = {}): Record {
  const lost = Object.values(lost_by).reduce((sum, n) => sum + n, 0);
  return { time: "2026-11-20T08:00:00.000000000Z", tool, footer: { events: 0, lost, lost_by } };
}

/** A segment of these records. */
export function segment(tool: string, ...records: readonly Record[]): string {
  return [header(tool), ...records, footer(tool)].map((line) => JSON.stringify(line) + "\n").join("");
}

/** What conversion did. */
export interface Converted {
  code: number;
  warnings: string[];
  /** The files that it made, by path within the directory. */
  files: Map<string, Uint8Array<ArrayBuffer>>;
  text(path: string): string;
}

/** Converts files of these contents into a directory, of which `{}` in the output stands for the path. */
export async function converted(
  contents: readonly string[],
  request: Omit<Request, "paths">,
  stopping = () => Promise.resolve(false),
): Promise<Converted> {
  const directory = Deno.makeTempDirSync({ prefix: "nettrace-convert-" });
  try {
    const paths = contents.map((content, i) => {
      Deno.writeTextFileSync(`${directory}/${i}`, content);
      return `${directory}/${i}`;
    });
    Deno.mkdirSync(`${directory}/to`);
    const warnings: string[] = [];
    const output = request.output?.replace("{}", `${directory}/to`);
    const wanted = { ...request, paths, ...output !== undefined && { output } };
    const warn = (line: string) => void warnings.push(line.replaceAll(directory, ""));
    const code = await convert(wanted, { tools, version: "1.2.3", warn, stopping });
    const files = new Map(
      Array.from(filesIn(`${directory}/to`, ""), (path) => [path, Deno.readFileSync(`${directory}/to/${path}`)]),
    );
    return { code, warnings, files, text: (path) => new TextDecoder().decode(files.get(path)) };
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

function* filesIn(root: string, within: string): Generator<string> {
  const entries = Array.from(Deno.readDirSync(`${root}/${within}`)).sort((a, b) => a.name < b.name ? -1 : 1);
  for (const { name, isDirectory } of entries) {
    if (isDirectory) yield* filesIn(root, `${within}${name}/`);
    else yield `${within}${name}`;
  }
}
