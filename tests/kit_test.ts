// What comes with the executable, used by what it is made for: systemd, cron, logrotate, man, tmpfiles. As root.
import assert from "node:assert/strict";
import { TRACING } from "../src/capability.ts";
import { tools } from "../tools/mod.ts";
import { assertSame, binary } from "./live/nettrace.ts";
import type { Connection } from "./live/traffic.ts";

const root = new URL("..", import.meta.url).pathname;
const kit = `${root}kit`;
const traffic = Deno.env.get("TRAFFIC") ?? `${root}out/traffic`;

interface Ran {
  code: number;
  out: string;
  err: string;
}

/** cron begins with a minute, and a busy machine takes its time. */
const MOST_MS = 180_000;

async function command(program: string, args: string[], env: Record<string, string> = {}): Promise<Ran> {
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args,
    env,
    stdin: "null",
    signal: AbortSignal.timeout(MOST_MS),
  })
    .output();
  return { code, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr) };
}

/** Runs a command that must succeed; returns what it prints. */
async function ok(program: string, args: string[], env?: Record<string, string>): Promise<string> {
  const { code, out, err } = await command(program, args, env);
  assert.equal(code, 0, `${program} ${args.join(" ")}: ${err}${out}`);
  return out;
}

/** Runs shell commands beside a systemd with the kit's units and these drop-ins; returns what they print. */
async function underSystemd(commands: string, dropIns: Record<string, string> = {}): Promise<string> {
  const script = `${root}tests/systemd.sh`;
  return await ok("unshare", ["--mount", "bash", script, commands, binary, kit, ...Object.entries(dropIns).flat()], {
    TRAFFIC: traffic,
  });
}

const SERVICE = "nettrace-record.service";
const ERRORS = { [`${SERVICE}.d/errors.conf`]: "[Service]\nStandardError=file:/run/errors" };
/** Seven sessions on IPv6, both ends of which are here. */
const SESSIONS = 'echo go | "$TRAFFIC" close way=active n=7 family=6 >>/run/made';
/** Ends the output with what sessions were made, and what was recorded. */
const SHOWN = "echo; cat /run/made; echo; /usr/local/bin/nettrace replay tcplife /var/lib/private/nettrace --json";

/** Compares what SHOWN shows: each end of each session was recorded, once. Returns what stands before. */
function allRecorded(out: string): string[] {
  const [about = "", made = "", recorded = ""] = out.split("\n\n");
  const lines = made.trim().split("\n").map((line) => JSON.parse(line));
  const spaces = new Set(lines.flatMap(({ netns }) => netns ?? []));
  const connections: Connection[] = lines.flatMap(({ connections }) => connections ?? []);
  // The number of a network namespace that is gone may be another's before recording ends; so pids must be alike, too.
  const pids = new Set(connections.map(({ pid }) => pid));
  const rows = recorded.trim().split("\n").map((line) => JSON.parse(line))
    .filter(({ netns, pid }) => spaces.has(netns) && pids.has(pid));
  assert.equal(connections.length, lines.filter(({ ready }) => ready).length * 2 * 7);
  assertSame(rows, connections);
  return about.split("\n");
}

Deno.test("every manual page is free of errors and warnings", async () => {
  const overview = await ok(binary, ["man"]);
  const names = Array.from(overview.matchAll(/^\.BR nettrace\\-(\w+) /gm), (m) => m[1]);
  assert.ok(names.length >= 18, overview);
  for (const name of names) {
    const page = await ok(binary, ["man", name ?? ""]);
    const file = await Deno.makeTempFile();
    await Deno.writeTextFile(file, page);
    const { out } = await command("mandoc", ["-T", "lint", "-W", "warning", file]);
    await Deno.remove(file);
    // A date would differ from build to build.
    assert.deepEqual(out.split("\n").filter((line) => line !== "" && !line.includes('missing date, using "": TH')), []);
  }
});

Deno.test("systemd finds no fault with the units, and rates the sandbox as OK", async () => {
  const dir = await Deno.makeTempDir();
  await ok("cp", ["-rT", `${kit}/systemd`, dir]);
  for (const unit of ["nettrace-record.service", "nettrace-window.service"]) {
    const text = await Deno.readTextFile(`${dir}/${unit}`);
    await Deno.writeTextFile(`${dir}/${unit}`, text.replaceAll("/usr/local/bin/nettrace", binary));
  }
  const env = { SYSTEMD_UNIT_PATH: `${dir}:` };
  const units = Array.from(Deno.readDirSync(dir), ({ name }) => name).filter((name) => !name.endsWith(".d"));
  assert.equal(units.length, 3);
  for (const unit of units) {
    const { code, out, err } = await command("systemd-analyze", ["verify", "--man=no", `${dir}/${unit}`], env);
    assert.deepEqual({ code, out, err }, { code: 0, out: "", err: "" });
  }
  for (const unit of units.filter((name) => name.endsWith(".service"))) {
    // In tenths: 1.9 of 10.
    await ok("systemd-analyze", ["security", "--offline=yes", "--no-pager", "--threshold=20", `${dir}/${unit}`], env);
  }
  const timer = await Deno.readTextFile(`${kit}/systemd/nettrace-window.timer`);
  await ok("systemd-analyze", ["calendar", /^OnCalendar=(.*)$/m.exec(timer)?.[1] ?? ""]);
  const sandbox = await Deno.readTextFile(`${kit}/systemd/nettrace-.service.d/10-sandbox.conf`);
  const defaults = Array.from(
    (await Deno.readTextFile(`${kit}/record.conf`)).matchAll(/^NETTRACE.*$/gm),
    ([line]) => line,
  );
  assert.ok(sandbox.includes(`\nEnvironment=${defaults.map((line) => `"${line}"`).join(" ")}\n`), "one default");
  await Deno.remove(dir, { recursive: true });
});

Deno.test("nettrace-record.service records as a user with two capabilities, begins new files, and ends whole", async () => {
  const out = await underSystemd(
    `
    inside systemctl start nettrace-record
    inside systemctl show -P StatusText nettrace-record
    ${SESSIONS}
    pid=$(inside systemctl show -P MainPID nettrace-record)
    inside cat /proc/$pid/status | grep -E '^(Uid|CapPrm|CapBnd|NoNewPrivs):'
    inside systemctl reload nettrace-record
    until [ "$(ls /var/lib/private/nettrace | grep -c 'zst$')" = 3 ]; do sleep 0.05; done
    ${SESSIONS}
    inside systemctl stop nettrace-record
    inside systemctl show -P Result nettrace-record
    stat -c %a /var/lib/private/nettrace
    cat /run/errors
    ls /var/lib/private/nettrace
    ${SHOWN}`,
    ERRORS,
  );
  const [status, uid = "", permitted, bounding, privileges, result, mode, ...files] = allRecorded(out);
  assert.equal(status, "Events recorded: tcplife 0, tcpconnect 0, tcpretrans 0");
  assert.match(uid, /^Uid:(\t6[1-5]\d{3}){4}$/);
  assert.equal(permitted, "CapPrm:\t0000000000000000", "it needs them no more once it records (before 5.19, CAP_BPF)");
  assert.equal(bounding, "CapBnd:\t000000c000000000");
  assert.deepEqual([privileges, result, mode], ["NoNewPrivs:\t1", "success", "750"]);
  assert.equal(files.length, 2 * 3);
  assert.ok(files.every((file) => /^tcp\w+-[\w.-]+Z\.jsonl\.zst$/.test(file)), out);
});

Deno.test("the sandbox has the capabilities that every tool needs, and no other", async () => {
  const sandbox = await Deno.readTextFile(`${kit}/systemd/nettrace-.service.d/10-sandbox.conf`);
  const needed = TRACING.map(({ capability }) => capability).join(" ");
  for (const setting of ["CapabilityBoundingSet", "AmbientCapabilities"]) {
    assert.deepEqual(sandbox.match(new RegExp(`^${setting}=.*$`, "gm")), [`${setting}=${needed}`]);
  }
  const guide = await Deno.readTextFile(`${root}docs/recording-in-production.md`);
  for (const [tool, option] of [["tcpdrop", undefined], ["tcpconnect", "dns"]] as const) {
    const declared = option === undefined
      ? (await tools[tool]?.())?.default.capabilities
      : (await tools[tool]?.())?.default.options[option]?.capabilities;
    const dropIn = new RegExp(`${option ?? tool}\\.conf\`[^]*?\`\`\`ini\n([^]*?)\n\`\`\``).exec(guide)?.[1] ?? "";
    const [bounding, ambient] = dropIn.matchAll(/^\w*Cap\w*=(.*)$/gm).map(([, names]) => names);
    assert.deepEqual([bounding, ambient], Array(2).fill(declared?.map(({ capability }) => capability).join(" ")));
  }
});

Deno.test("every tool records in the sandbox", async () => {
  const list = await ok(binary, ["help"]);
  const named = /\ntools:\n([^]*?)\n\n/.exec(list)?.[1] ?? "";
  const names = Array.from(named.matchAll(/^ {2}(\w+)/gm), (m) => m[1] ?? "");
  const needs: Record<string, string> = { netqtop: " -n lo", tcpsubnet: " 127.0.0.0/8" };
  const out = await underSystemd(
    `
    mkdir /etc/nettrace
    echo 'NETTRACE_OPTIONS=--compress none --for 10s' >/etc/nettrace/record.conf
    echo 'NETTRACE_TOOLS=${names.map((name) => name + (needs[name] ?? "")).join(" + ")}' >>/etc/nettrace/record.conf
    inside systemctl start nettrace-record
    until inside systemctl show -P ActiveState nettrace-record | grep -qE 'inactive|failed'; do sleep 0.1; done
    inside systemctl show -P Result nettrace-record
    cat /run/errors
    echo
    cd /var/lib/private/nettrace
    for file in *; do tail -n 1 "$file"; done`,
    ERRORS,
  );
  const [said = "", footers = ""] = out.split("\n\n");
  const addresses = /^nettrace: tcpdrop: stacks are shown as addresses, /;
  assert.deepEqual(said.split("\n").filter((line) => !addresses.test(line)), ["success"]);
  const ended = footers.trim().split("\n").map((line) => JSON.parse(line));
  assert.ok(ended.every(({ footer }) => footer.lost === 0), footers);
  assert.deepEqual(ended.map(({ tool }) => tool), names.toSorted());
});

Deno.test("systemd starts a recording anew that hangs, and beside what it left", async () => {
  const out = await underSystemd(
    `
    inside systemctl start nettrace-record
    pid=$(inside systemctl show -P MainPID nettrace-record)
    inside kill -STOP $pid
    until [ "$(inside systemctl show -P NRestarts nettrace-record)" = 1 ] &&
      [ "$(inside systemctl show -P ActiveState nettrace-record)" = active ]; do sleep 0.1; done
    ${SESSIONS}
    inside systemctl stop nettrace-record
    ls /var/lib/private/nettrace | grep -c 'zst$'
    ls /var/lib/private/nettrace | grep -c 'zst.open$'
    ${SHOWN}`,
    { ...ERRORS, [`${SERVICE}.d/soon.conf`]: "[Service]\nWatchdogSec=2s\nRestartSec=0" },
  );
  assert.deepEqual(allRecorded(out), ["3", "3"]);
});

Deno.test("nettrace-window.timer has a recording made that ends by itself", async () => {
  const out = await underSystemd(
    `
    printf 'NETTRACE_FOR=2s\\nNETTRACE_OPTIONS=--compress none\\nNETTRACE_TOOLS=tcplife -4 + softirqs 1\\n' >/run/record.conf
    inside systemctl start nettrace-window.timer
    until [ "$(ls /var/lib/private/nettrace 2>/dev/null | grep -c 'jsonl$')" = 2 ]; do sleep 0.05; done
    until inside systemctl show -P ActiveState nettrace-window | grep -qE 'inactive|failed'; do sleep 0.1; done
    inside systemctl show -P Result nettrace-window
    head -qn 1 /var/lib/private/nettrace/*`,
    {
      "nettrace-window.timer.d/soon.conf": "[Timer]\nOnCalendar=\nRandomizedDelaySec=0\nOnActiveSec=0",
      "nettrace-window.service.d/conf.conf": "[Service]\nEnvironmentFile=\nEnvironmentFile=-/run/record.conf",
    },
  );
  const [result, ...headers] = out.trim().split("\n");
  assert.equal(result, "success");
  const options = headers.map((line) => JSON.parse(line)).map(({ tool, header }) => [tool, header.options]);
  assert.deepEqual(options, [["softirqs", ["1"]], ["tcplife", ["-4"]]]);
});

/** Runs a shell script in a mount namespace where what it writes to is empty and its own. */
async function apart(script: string): Promise<string> {
  const mounts = `
    set -e
    mount --make-rprivate /
    [ -d /sys/kernel/tracing/events ] || mount -t tracefs tracefs /sys/kernel/tracing
    for directory in /run /var/lib /var/log /var/spool /usr/local/bin /etc/cron.d; do
      mount -t tmpfs -o mode=755 tmpfs $directory
    done
    cp "$NETTRACE" /usr/local/bin/nettrace`;
  return await ok("unshare", ["--mount", "bash", "-c", `${mounts}\n${script}`], {
    NETTRACE: binary,
    TRAFFIC: traffic,
    KIT: kit,
  });
}

Deno.test("cron records by the kit's file, and two recordings at once do no harm to each other", async () => {
  const out = await apart(`
    mount --bind /dev/null /etc/crontab
    mkdir -p /var/spool/cron/crontabs
    for name in one two; do
      sed 's/^0 /* /; s/59m/8s/' "$KIT/cron.d/nettrace" >/etc/cron.d/$name
    done
    cron -f >/run/cron 2>&1 & cron=$!
    trap 'kill $cron' EXIT
    until [ "$(ls /var/lib/nettrace 2>/dev/null | grep -c 'open$')" = 6 ]; do sleep 0.05; done
    ${SESSIONS}
    while ls /var/lib/nettrace | grep -q 'open$'; do sleep 0.05; done
    ls /var/lib/nettrace | wc -l
    stat -c %a /var/lib/nettrace
    cat /var/log/nettrace.log
    for file in /var/lib/nettrace/tcplife*; do
      echo
      cat /run/made
      echo
      nettrace replay "$file" --json
    done`);
  const [about = "", ...parts] = out.split("\n\n");
  assert.deepEqual(about.split("\n"), ["6", "750"]);
  assert.equal(parts.length, 2 * 2);
  for (let i = 0; i < parts.length; i += 2) allRecorded(["", parts[i], parts[i + 1]].join("\n\n"));
});

Deno.test("logrotate takes the log away and leaves an empty one", async () => {
  const out = await apart(`
    install -m 644 "$KIT/logrotate.d/nettrace" /run/nettrace
    logrotate --debug --state /run/state /run/nettrace 2>&1 | grep -i error || true
    echo lost >/var/log/nettrace.log
    logrotate --force --state /run/state /run/nettrace
    stat -c '%n %a %U %G %s' /var/log/nettrace*`);
  const [empty, old, ...others] = out.trim().split("\n");
  assert.deepEqual(others, []);
  assert.equal(empty, "/var/log/nettrace.log 640 root adm 0");
  assert.match(old ?? "", /^\/var\/log\/nettrace\.log\.1 \d+ \w+ \w+ 5$/);
});

Deno.test("systemd-tmpfiles makes the directory, and removes what is old from it", async () => {
  const out = await apart(`
    systemd-tmpfiles --create "$KIT/tmpfiles.d/nettrace.conf"
    stat -c '%a %U' /var/lib/nettrace
    touch /var/lib/nettrace/tcplife.jsonl.zst
    systemd-tmpfiles --clean "$KIT/tmpfiles.d/nettrace.conf"
    ls /var/lib/nettrace
    sed 's/30d$/0/' "$KIT/tmpfiles.d/nettrace.conf" >/run/now.conf
    systemd-tmpfiles --clean /run/now.conf
    ls /var/lib/nettrace
    stat -c '%a %U' /var/lib/nettrace`);
  assert.equal(out, "750 root\ntcplife.jsonl.zst\n750 root\n");
});

const docs = await Deno.readTextFile(`${root}docs/recording-in-production.md`);
/** The blocks of the docs in a language. */
const blocks = (language: string) =>
  Array.from(docs.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\``, "gm")), (m) => m[1] ?? "");

Deno.test("every command in docs/recording-in-production.md works", async () => {
  const commands = blocks("sh").join("").trim().split("\n");
  assert.equal(commands.length, 14);
  const out = await underSystemd(
    `
    echo '${btoa(commands.join("\n"))}' | base64 -d >/run/commands
    inside --wd="${root}" sh -ex /run/commands
    inside systemctl is-enabled nettrace-record nettrace-window.timer
    inside systemctl is-active nettrace-record nettrace-window.timer nettrace-window
    stat -c '%n %a' /etc/cron.d/nettrace /etc/nettrace/record.conf /var/lib/nettrace/. /var/lib/private/nettrace`,
  );
  assert.match(out, /Status: "Events recorded: tcplife \d+, tcpconnect \d+, tcpretrans \d+"/);
  assert.match(out, /^PID +COMM +LADDR/m);
  assert.match(out, /\nenabled\nenabled\nactive\nactive\nactive\n/);
  assert.match(out, /cron\.d\/nettrace 644\n.*record\.conf 644\n.*nettrace\/\. 750\n.*private\/nettrace 750\n$/);
});

Deno.test("with the docs' drop-ins, tcpdrop's stacks have names, and tcpconnect listens to DNS", async () => {
  const dropIns = blocks("ini").map((text, i) => [`${SERVICE}.d/rights${i}.conf`, text] as const);
  assert.equal(dropIns.length, 2);
  const out = await underSystemd(
    `
    mkdir /etc/nettrace
    echo 'NETTRACE_TOOLS=tcpdrop --all + tcpconnect --dns' >/etc/nettrace/record.conf
    inside systemctl start nettrace-record
    (exec 3<>/dev/tcp/127.0.0.1/9) 2>/dev/null || true # nobody listens to discard
    inside systemctl stop nettrace-record
    cat /run/errors
    /usr/local/bin/nettrace replay tcpdrop /var/lib/private/nettrace --json | grep '"dport":9,'`,
    { ...ERRORS, ...Object.fromEntries(dropIns) },
  );
  const drops = out.trim().split("\n").map((line) => JSON.parse(line)).filter(({ daddr }) => daddr === "127.0.0.1");
  assert.ok(drops.length > 0);
  for (const { stack } of drops) assert.match(stack[0], /^tcp_v4_\w+\+0x/);
});

Deno.test("make install puts everything where it belongs beneath DESTDIR, and nothing elsewhere", async () => {
  const destination = await Deno.makeTempDir();
  try {
    await ok("make", ["--no-print-directory", "-C", root, "install", `DESTDIR=${destination}`, "PREFIX=/opt/nettrace"]);
    assert.deepEqual(Array.from(Deno.readDirSync(destination), ({ name }) => name), ["opt"]);
    const prefix = `${destination}/opt/nettrace`;
    const shells = { bash: "bash-completion/completions/nettrace", zsh: "zsh/site-functions/_nettrace" };
    for (const [shell, path] of Object.entries({ ...shells, fish: "fish/vendor_completions.d/nettrace.fish" })) {
      assert.equal(await Deno.readTextFile(`${prefix}/share/${path}`), await ok(binary, ["completions", shell]));
    }
    const pages = Array.from(Deno.readDirSync(`${prefix}/share/man/man8`), ({ name }) => name);
    for (const page of pages) {
      const name = page.replace(/^nettrace-?|\.8$/g, "");
      const text = await ok(binary, name === "" ? ["man"] : ["man", name]);
      assert.equal(await Deno.readTextFile(`${prefix}/share/man/man8/${page}`), text);
      if (name !== "") continue;
      const named = Array.from(text.matchAll(/^\.BR (\S+) \(8\)/gm), (m) => `${m[1]?.replaceAll("\\-", "-")}.8`);
      assert.deepEqual([...named, page].toSorted(), pages.toSorted());
    }
    const unit = await Deno.readTextFile(`${prefix}/lib/systemd/system/${SERVICE}`);
    assert.match(unit, /^ExecStart=\/opt\/nettrace\/bin\/nettrace record/m);
    assert.equal((await Deno.stat(`${prefix}/bin/nettrace`)).mode! & 0o777, 0o755);
    await Deno.stat(`${prefix}/lib/systemd/system/nettrace-.service.d/10-sandbox.conf`);
    const examples = ["cron.d/nettrace", "logrotate.d/nettrace", "tmpfiles.d/nettrace.conf", "record.conf"];
    for (const path of examples) {
      assert.equal(
        await Deno.readTextFile(`${prefix}/share/nettrace/${path}`),
        await Deno.readTextFile(`${kit}/${path}`),
      );
    }
  } finally {
    await Deno.remove(destination, { recursive: true });
  }
});
