// tcpstates -Y beside a real systemd-journald, which runs in a place of its own.
import assert from "node:assert/strict";

const root = new URL("..", import.meta.url).pathname;

/** Prints what tcpstates shows of connections, an empty line, and what the journal then has of it. */
const SCRIPT = `
set -e
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/journal /run/log/journal
[ -d /sys/kernel/tracing/events ] || mount -t tracefs tracefs /sys/kernel/tracing
/lib/systemd/systemd-journald & journald=$!
until [ -S /run/systemd/journal/socket ]; do sleep 0.05; done
"$0" tcpstates -Y >/run/shown & tracer=$!
until [ -s /run/shown ]; do sleep 0.05; done
echo go | "$1" close way=active n=7 family=6 >/run/done
kill -INT $tracer
wait $tracer
journalctl --sync
tail -n +2 /run/shown
echo
journalctl --directory "$(echo /run/log/journal/*)" --output json SYSLOG_IDENTIFIER=tcpstates
kill $journald
`;

Deno.test("tcpstates -Y has a real journal keep every change that it shows", async () => {
  const { code, stdout, stderr } = await new Deno.Command("unshare", {
    args: ["--mount", "--pid", "--fork", "--mount-proc", "sh", "-c", SCRIPT, `${root}nettrace`, `${root}out/traffic`],
    stdin: "null",
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  const [shown = "", kept = ""] = new TextDecoder().decode(stdout).split("\n\n");
  const changes = shown.trim().split("\n").map((line) => /(\w+) +-> (\w+)/.exec(line)?.slice(1).join(" "));
  const entries = kept.trim().split("\n").map((line) => JSON.parse(line));
  assert.ok(changes.length >= 7 * 6);
  assert.deepEqual(entries.map((entry) => `${entry.OBJECT_TCP_OLD_STATE} ${entry.OBJECT_TCP_NEW_STATE}`), changes);
  assert.ok(entries.some((entry) => entry.OBJECT_IPV6_SOURCE_ADDRESS === "::1"));
});
