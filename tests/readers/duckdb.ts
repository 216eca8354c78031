// Reads SQL from standard input and prints the rows of its last statement as JSON. DuckDB has a configuration of its own
// since building nettrace must not take it.
import { DuckDBInstance } from "@duckdb/node-api";

const sql = await new Response(Deno.stdin.readable).text();
const connection = await (await DuckDBInstance.create(":memory:")).connect();
await connection.run("set timezone = 'UTC'");
const reader = await connection.runAndReadAll(sql);
console.log(JSON.stringify(reader.getRowObjectsJson()));
