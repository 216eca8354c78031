export interface Case {
  readonly title: string;
  readonly outcome: "passed" | "failed" | "ignored";
  /** First line of what the failure said. */
  readonly message?: string;
}

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/** The tests of a JUnit report as `deno test` writes it; steps are left out, since theirs is their test's outcome. */
export function parse_junit(xml: string): Case[] {
  const cases = [...xml.matchAll(/<testcase name="([^"]*)"[^>]*?(?:\/>|>(.*?)<\/testcase>)/gs)].map(
    ([, name = "", content = ""]): Case => {
      const title = unescape(name);
      if (content.includes("<skipped")) return { title, outcome: "ignored" };
      const failure = /<failure message="([^"]*)"/.exec(content)?.[1];
      if (failure === undefined) return { title, outcome: "passed" };
      return { title, outcome: "failed", message: unescape(failure).split("\n")[0]! };
    },
  );
  return cases.filter(({ title }) => !cases.some((other) => title.startsWith(`${other.title} > `)));
}

function unescape(text: string): string {
  return text.replace(
    /&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi,
    (whole, decimal, hex, name) =>
      decimal || hex ? String.fromCodePoint(parseInt(decimal ?? hex, decimal ? 10 : 16)) : entities[name] ?? whole,
  );
}
