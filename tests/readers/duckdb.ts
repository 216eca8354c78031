// Reads SQL from standard input and prints the rows of each statement as a line of JSON. DuckDB has a configuration of
// its own since building nettrace must not take it.
import { DuckDBInstance } from "@duckdb/node-api";

const sql = await new Response(Deno.stdin.readable).text();
const connection = await (await DuckDBInstance.create(":memory:")).connect();
await connection.run("set timezone = 'UTC'");
const statements = await connection.extractStatements(sql);
for (let i = 0; i < statements.count; i++) {
  const prepared = await statements.prepare(i);
  console.log(JSON.stringify((await prepared.runAndReadAll()).getRowObjectsJson()));
}
