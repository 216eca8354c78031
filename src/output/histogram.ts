/**
 * A histogram over powers of two, as bcc draws it (print_log2_hist in src/python/bcc/table.py): a line for each power
 * from 0 to the last with a count, and a bar as long as its share of the largest. Nothing if there are no counts.
 *
 * `counts[0]` is for 0 and 1, `counts[i]` for 2^i to 2^(i+1) - 1.
 */
export function histogram(counts: readonly number[], unit: string): string {
  const last = counts.findLastIndex((count) => count > 0);
  if (last < 0) return "";
  const [digits, stars] = last < 32 ? [10, 40] : [20, 20];
  const most = Math.max(...counts);
  const lines = counts.slice(0, last + 1).map((count, i) => {
    const low = i === 0 ? 0 : 2 ** i, high = 2 ** (i + 1) - 1;
    const bar = "*".repeat(Math.floor(stars * count / most));
    return `${String(low).padStart(digits)} -> ${String(high).padEnd(digits)} : ${String(count).padEnd(8)} ` +
      `|${bar.padEnd(stars)}|\n`;
  });
  const head = " ".repeat(digits - 5) + unit.padEnd(digits + 9);
  return `${head} : count     distribution\n${lines.join("")}`;
}
