// What others read in files that `nettrace convert` made: DuckDB, hyparquet, and the published protocol of OpenTelemetry.
// NETTRACE names another executable than ./nettrace. The readers come from npm, with a configuration of their own.
import assert from "node:assert/strict";
import { tablesOf } from "../src/convert/table.ts";
import type { ColumnType } from "../src/convert/table.ts";
import { tools } from "../tools/mod.ts";
import { accept, drop, footer, header, life, ODD_COMM, segment, softirq } from "./unit/recordings.ts";

const root = new URL("..", import.meta.url).pathname;
const nettrace = Deno.env.get("NETTRACE") ?? `${root}nettrace`;

type Row = Record<string, unknown>;

async function run(program: string, args: readonly string[], input = "", cwd = root) {
  const child = new Deno.Command(program, { args: [...args], cwd, stdin: "piped", stdout: "piped", stderr: "piped" })
    .spawn();
  const writer = child.stdin.getWriter();
  const written = writer.write(new TextEncoder().encode(input)).then(() => writer.close()).catch(() => {});
  const { code, stdout, stderr } = await child.output();
  await written;
  return { code, bytes: stdout, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr) };
}

/** What a reader prints, a value a line. */
async function read(reader: string, input: string, directory: string, ...args: string[]): Promise<unknown[]> {
  const config = `${root}tests/readers/deno.json`;
  const options = ["run", "--quiet", "-A", "--check", "--config", config, `${root}tests/readers/${reader}.ts`, ...args];
  const { code, out, err } = await run(Deno.execPath(), options, input, directory);
  assert.equal(code, 0, err);
  return out.trimEnd().split("\n").map((line) => JSON.parse(line));
}

/** The rows of the one statement. */
async function duckdb(sql: string, directory: string): Promise<Row[]> {
  const [rows] = await read("duckdb", sql, directory);
  return rows as Row[];
}

async function withDirectory(test: (directory: string) => Promise<void>): Promise<void> {
  const directory = Deno.makeTempDirSync({ prefix: "nettrace-convert-" });
  try {
    await test(directory);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

/** Converts segments of these contents, which the executable finds in the directory `in`. */
async function convert(directory: string, contents: readonly string[], ...args: string[]) {
  Deno.mkdirSync(`${directory}/in`, { recursive: true });
  const paths = contents.map((content, i) => {
    Deno.writeTextFileSync(`${directory}/in/${i}`, content);
    return `in/${i}`;
  });
  const { code, err } = await run(nettrace, ["convert", ...args, ...paths], "", directory);
  assert.equal(code, 0, err);
  return err;
}

Deno.test("DuckDB reads Parquet's types, and what a process chose for its name", () =>
  withDirectory(async (directory) => {
    const tracks = [segment("tcplife", life), segment("tcpdrop", drop), segment("softirqs", softirq)];
    await convert(directory, tracks, "--to", "parquet", "-o", "made");
    const [dropped] = await duckdb("from 'made/tcpdrop.parquet'", directory);
    assert.deepEqual(dropped, {
      ...drop,
      time: "2026-11-20 07:00:00+00",
      uid: "1000",
      netns: "4026531840",
      cgroup_id: "77",
      reason_code: "3",
      container: null,
      unit: null,
      cgroup: null,
      tid: null,
      conn_id: null,
      host: "web1",
    });
    assert.equal(dropped["comm"], ODD_COMM);
    const [lived] = await duckdb("from 'made/tcplife.parquet'", directory);
    const { pid, comm, laddr, tx_bytes, rx_bytes, duration_ms, time, conn_id } = lived ?? {};
    assert.deepEqual([pid, comm, laddr, tx_bytes, rx_bytes, duration_ms, time, conn_id], [
      null,
      null,
      "::ffff:10.0.0.1",
      "9007199254740991",
      "0",
      12.5,
      "2026-11-20 06:00:02.5+00",
      "00000000000000bb",
    ]);
    const [sampled] = await duckdb("from 'made/softirqs.parquet'", directory);
    assert.deepEqual([sampled?.["partial"], sampled?.["dist_us"], sampled?.["start"]], [
      false,
      ["0", "3", "2"],
      "2026-11-20 06:00:02+00",
    ]);
    const schema = await duckdb("describe from 'made/tcpdrop.parquet'", directory);
    assert.deepEqual(Object.fromEntries(schema.map((c) => [c["column_name"], c["column_type"]])), {
      time: "TIMESTAMP WITH TIME ZONE",
      tool: "VARCHAR",
      pid: "INTEGER",
      comm: "VARCHAR",
      ip: "INTEGER",
      saddr: "VARCHAR",
      sport: "INTEGER",
      daddr: "VARCHAR",
      dport: "INTEGER",
      state: "VARCHAR",
      flags: "VARCHAR",
      reason: "VARCHAR",
      reason_code: "BIGINT",
      stack: "VARCHAR[]",
      uid: "BIGINT",
      netns: "BIGINT",
      cgroup_id: "BIGINT",
      container: "VARCHAR",
      unit: "VARCHAR",
      cgroup: "VARCHAR",
      tid: "INTEGER",
      conn_id: "VARCHAR",
      host: "VARCHAR",
    });
  }));

Deno.test("Parquet tells of its tool, of losses and of what is missing", () =>
  withDirectory(async (directory) => {
    const lost = [header("tcplife"), life, footer("tcplife", { ring_full: 2 })].map((line) =>
      JSON.stringify(line) + "\n"
    );
    const cut = [header("tcplife", "db1"), life].map((line) => JSON.stringify(line) + "\n");
    const err = await convert(directory, [lost.join(""), cut.join("")], "--to", "parquet", "-o", "x.parquet");
    assert.match(err, /tcplife lost 2 events: 2 because the ring was full/);
    assert.match(err, /Of in\/1 something may be missing/);
    const rows = await duckdb("select decode(key) k, decode(value) v from parquet_kv_metadata('x.parquet')", directory);
    const { "nettrace.version": _, "nettrace.missing": missing, ...rest } = Object.fromEntries(
      rows.map((r) => [r["k"], r["v"]]),
    );
    assert.match(String(missing), /^\["Of in\/1 something may be missing: it has no end/);
    assert.deepEqual(rest, {
      "nettrace.tool": "tcplife",
      "nettrace.table": "tcplife",
      "nettrace.schema": "1",
      "nettrace.hosts": '["web1","db1"]',
      "nettrace.recorded_by": '["0.1.0 (abc)"]',
      "nettrace.kernels": '["6.18.1"]',
      "nettrace.lost": "2",
      "nettrace.lost_by": '{"ring_full":2}',
    });
  }));

/** Random numbers below 1, the same for a seed (mulberry32). */
function randomOf(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const BASE_NS = 1795154400n * 1_000_000_000n;

/** A random value of a column's type, as JSON has it; some of few, some of many, often an extreme. */
function randomValue(type: ColumnType, random: () => number): unknown {
  const pick = <T>(...of: T[]) => of[Math.floor(random() * of.length)] as T;
  const whole = (below: number) => Math.floor(random() * below);
  switch (type) {
    case "time":
      return timeOf(BASE_NS + BigInt(whole(1e9)) * 3600n + BigInt(whole(1000)));
    case "flag":
      return random() < 0.5;
    case "int32":
      return pick(0, -1, 2147483647, -2147483648, whole(5), whole(65536));
    case "int64":
      return pick(0, -1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, whole(5), whole(2 ** 50));
    case "double":
      return pick(0, 0.001, 1e300, 5e-324, -12.5, random(), whole(100) / 1000);
    case "string":
      return pick("", "a", ODD_COMM, "\u0000", "10.0.0.1", "x".repeat(whole(300)), `${whole(9)}`, `${random()}`);
    case "int64_list":
      return Array.from({ length: whole(5) }, () => randomValue("int64", random));
    case "string_list":
      return Array.from({ length: whole(5) }, () => randomValue("string", random));
  }
}

/** Nanoseconds since 1970 as records have them. */
function timeOf(ns: bigint): string {
  const second = new Date(Number(ns / 1_000_000_000n) * 1000).toISOString().slice(0, 19);
  return `${second}.${String(ns % 1_000_000_000n).padStart(9, "0")}Z`;
}

/** A value as the readers print it. */
function printed(type: ColumnType, value: unknown): unknown {
  if (value === null || value === undefined) return null;
  if (type === "int64") return String(value);
  return type === "int64_list" ? (value as number[]).map(String) : value;
}

for (
  const [name, seed, nulls, count] of [["tcpdrop", 1, 0.2, 3000], ["tcplife", 2, 0, 70_000], [
    "softirqs",
    3,
    0.9,
    2000,
  ]] as const
) {
  Deno.test(`random rows of ${name} are read from Parquet as they were (seed ${seed})`, () =>
    withDirectory(async (directory) => {
      const random = randomOf(seed);
      const { columns } = tablesOf((await tools[name]?.())?.default as never).events;
      const own = columns.filter(({ key }) => !["time", "tool", "host"].includes(key));
      const rows = Array.from({ length: count }, (_, i): Row => ({
        time: timeOf(BASE_NS + BigInt(i)),
        tool: name,
        ...Object.fromEntries(own.map(({ key, type }) => [key, random() < nulls ? null : randomValue(type, random)])),
      }));
      await convert(directory, [segment(name, ...rows)], "--to", "parquet", "-o", "x.parquet");
      const plain = own.filter(({ type }) => type !== "time"); // which DuckDB has to the microsecond
      const list = plain.map(({ key }) => `"${key}"`).join();
      const found = await duckdb(
        `select ${list} from read_parquet('x.parquet', file_row_number = true) order by file_row_number`,
        directory,
      );
      assert.equal(found.length, count);
      for (const [i, row] of rows.entries()) {
        const expected = plain.map(({ key, type }) => printed(type, row[key]));
        assert.deepEqual(plain.map(({ key }) => found[i]?.[key]), expected, `row ${i}`);
      }
      const stored = await read("parquet", "", directory, "x.parquet") as Row[];
      const nanoseconds = (row: Row) => row["time"];
      assert.deepEqual(stored.map(nanoseconds), rows.map((_, i) => String(BASE_NS + BigInt(i))));
    }));
}

Deno.test("DuckDB sums up the same in Parquet, CSV and JSON, in more than one row group", () =>
  withDirectory(async (directory) => {
    const random = randomOf(4);
    const rows = Array.from({ length: 70_000 }, (_, i) => ({
      ...life,
      time: timeOf(BASE_NS + BigInt(i) * 1_000_000n),
      pid: i % 7 === 0 ? null : i % 300,
      comm: i % 7 === 0 ? null : ODD_COMM,
      laddr: i % 2 ? "10.0.0.1" : "2001:db8::1",
      tx_bytes: Math.floor(random() * 2 ** 40),
    }));
    const tracks = [segment("tcplife", ...rows)];
    await convert(directory, tracks, "--to", "parquet", "-o", "x.parquet");
    await convert(directory, tracks, "--to", "csv", "-o", "x.csv");
    await convert(directory, tracks, "--to", "jsonl", "-o", "x.jsonl");
    const sums = (from: string) =>
      duckdb(
        `select count(*) n, count(pid) pids, sum(pid) pid, sum(tx_bytes) sent, max(tx_bytes) most, count(distinct laddr) addresses,
          min(comm) least, max(comm) greatest, sum(duration_ms) ms, min(time)::varchar as earliest, max(time)::varchar as latest from ${from}`,
        directory,
      );
    const sent = rows.reduce((sum, { tx_bytes }) => sum + BigInt(tx_bytes), 0n);
    const pids = rows.flatMap(({ pid }) => pid ?? []);
    const expected = [{
      n: "70000",
      pids: String(pids.length),
      pid: String(pids.reduce((sum, pid) => sum + pid, 0)),
      sent: String(sent),
      most: String(rows.reduce((most, { tx_bytes }) => Math.max(most, tx_bytes), 0)),
      addresses: "2",
      least: ODD_COMM,
      greatest: ODD_COMM,
      ms: 875000,
      earliest: "2026-11-20 06:00:00+00",
      latest: "2026-11-20 06:01:09.999+00",
    }];
    assert.deepEqual(await sums("'x.parquet'"), expected);
    const types =
      "{'time': 'TIMESTAMPTZ', 'comm': 'VARCHAR', 'tx_bytes': 'BIGINT', 'pid': 'INTEGER', 'duration_ms': 'DOUBLE'}";
    assert.deepEqual(await sums(`read_csv('x.csv', types = ${types})`), expected);
    const json = "(select * replace (time::timestamptz as time) from read_json('x.jsonl'))";
    assert.deepEqual(await sums(json), expected);
    const groups = await duckdb(
      "select distinct row_group_num_rows n from parquet_metadata('x.parquet') order by n",
      directory,
    );
    assert.deepEqual(groups.map(({ n }) => n), ["4464", "32768"]);
    const pruned = await duckdb(
      "select stats_null_count as unknown, stats_min_value as least, stats_max_value as most from parquet_metadata('x.parquet') where path_in_schema = 'pid' and row_group_id = 0",
      directory,
    );
    assert.deepEqual(pruned, [{ unknown: "4682", least: "0", most: "299" }]);
  }));

Deno.test("random names of processes are read from CSV as they were (seed 5)", () =>
  withDirectory(async (directory) => {
    const random = randomOf(5);
    const parts = ["a", " ", ",", '"', '""', "\n", "\r\n", "\r", "\t", "\\", "#", "'", "é", "😀", "\ufffd", "\u0001"];
    const name = () =>
      Array.from({ length: 1 + Math.floor(random() * 8) }, () => parts[Math.floor(random() * parts.length)]).join("");
    const rows = Array.from({ length: 3000 }, (_, i) => ({ ...life, pid: i, comm: random() < 0.1 ? null : name() }));
    await convert(directory, [segment("tcplife", ...rows)], "--to", "csv", "-o", "x.csv");
    const options = "all_varchar = true, header = true, delim = ',', quote = '\"', escape = '\"', new_line = '\\r\\n'";
    const found = await duckdb(
      `select pid, comm, host from read_csv('x.csv', ${options}) order by pid::int`,
      directory,
    );
    assert.deepEqual(
      found.map(({ pid, comm, host }) => [pid, comm, host]),
      rows.map(({ pid, comm }) => [String(pid), comm, "web1"]),
    );
  }));

Deno.test("DuckDB finds partitions by tool, date and hour, and what the recipe asks for", () =>
  withDirectory(async (directory) => {
    const retransmit = { ...accept, tool: "tcpretrans", type: "R", lport: life.lport, conn_id: life.conn_id };
    const night = { ...life, time: "2026-11-21T00:00:00.000000000Z" };
    const tracks = [
      segment("tcplife", life, { ...life, comm: "curl", conn_id: "00000000000000cc" }, night),
      segment("tcpdrop", drop, { ...drop, time: "2026-11-20T06:59:59.999999999Z" }),
      segment("tcpretrans", retransmit, retransmit),
    ];
    await convert(directory, tracks, "--to", "parquet", "--partition", "-o", "lake");
    const counts = await duckdb(
      `select tool, date, hour, count(*) n
        from read_parquet('lake/**/*.parquet', hive_partitioning = true, union_by_name = true) group by all order by all`,
      directory,
    );
    assert.deepEqual(counts.map(({ tool, date, hour, n }) => [tool, date, Number(hour), n]), [
      ["tcpdrop", "2026-11-20", 6, "1"],
      ["tcpdrop", "2026-11-20", 7, "1"],
      ["tcplife", "2026-11-20", 6, "2"],
      ["tcplife", "2026-11-21", 0, "1"],
      ["tcpretrans", "2026-11-20", 6, "2"],
    ]);
    const recipe = await read("duckdb", Deno.readTextFileSync(`${root}recipes/duckdb.sql`), directory) as Row[][];
    assert.equal(recipe.length, 5);
    const [talkers, ports, drops, retransmits, losses] = recipe;
    assert.deepEqual(talkers?.map(({ comm, sessions }) => [comm, sessions]), [[null, "2"], ["curl", "1"]]);
    assert.deepEqual(ports?.map(({ port, p50_p99_ms }) => [port, p50_p99_ms]), [[443, [12.5, 12.5]]]);
    assert.deepEqual(drops?.map(({ minute, drops }) => [minute, drops]), [
      ["2026-11-20 06:59:00+00", "1"],
      ["2026-11-20 07:00:00+00", "1"],
    ]);
    assert.deepEqual(retransmits?.map(({ host, retransmits }) => [host, retransmits]), [["web1", "4"]]);
    assert.equal(losses?.length, 5);
  }));

Deno.test("the published protocol knows every field of otlp-jsonl, each with its type", () =>
  withDirectory(async (directory) => {
    const tracks = [
      segment("tcplife", life),
      segment("tcpaccept", accept),
      segment("tcpdrop", drop),
      segment("softirqs", softirq),
    ];
    await convert(directory, tracks, "--to", "otlp-jsonl", "-o", "x.jsonl");
    const text = Deno.readTextFileSync(`${directory}/x.jsonl`);
    const lines = text.trimEnd().split("\n").map((line) => JSON.parse(line));
    assert.deepEqual(await read("otlp", text, directory), lines);
    const odd = structuredClone(lines[0]);
    odd.resourceLogs[0].scopeLogs[0].logRecords[0].nothing = 1;
    assert.notDeepEqual(
      await read("otlp", JSON.stringify(odd) + "\n", directory),
      [odd],
      "an unknown field is noticed",
    );
  }));

Deno.test("the executable reads standard input, writes to standard output, and says what it cannot do", () =>
  withDirectory(async (directory) => {
    const text = segment("tcplife", life);
    const { code, out, err } = await run(nettrace, ["convert", "--to", "jsonl", "-"], text, directory);
    assert.deepEqual([code, out, err], [0, JSON.stringify(life) + "\n", ""]);
    const parquet = await run(nettrace, ["convert", "--to", "parquet", "-"], text, directory);
    assert.equal(new TextDecoder().decode(parquet.bytes.subarray(0, 4)), "PAR1");
    const shown = await run(
      "script",
      ["-qec", `${nettrace} convert --to parquet /dev/null`, "/dev/null"],
      "",
      directory,
    );
    assert.equal(shown.code, 2);
    const terminal = await run(
      "script",
      ["-qec", `${nettrace} convert --to parquet x`, "/dev/null"],
      "",
      (Deno.writeTextFileSync(`${directory}/x`, text), directory),
    );
    assert.match(
      terminal.out,
      /nettrace: A terminal does not show parquet: add -o FILE or -o DIR, or redirect the output\./,
    );
    assert.equal(terminal.code, 2);
    for (const args of [["--to", "x", "y"], ["--to", "csv", "/nonexistent"], ["--to", "csv"], ["--bad"]]) {
      const refused = await run(nettrace, ["convert", ...args], "", directory);
      assert.equal(refused.code, 2, args.join());
      assert.match(refused.err, /^nettrace: .*[.]\n$/);
    }
    Deno.writeTextFileSync(`${directory}/many`, segment("tcplife", ...Array.from({ length: 20_000 }, () => life)));
    const closed = await run("sh", ["-c", `${nettrace} convert --to jsonl many | head -1`], "", directory);
    assert.deepEqual([closed.out, closed.err], [JSON.stringify(life) + "\n", ""]);
  }));
