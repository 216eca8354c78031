/**
 * Milliseconds since 1970, with a fraction, of RFC 3339 texts in UTC; NaN for what is none. Of times in order it parses
 * each second once.
 */
export function newInstants(): (text: unknown) => number {
  let second = "", second_ms = NaN;
  return (text) => {
    if (typeof text !== "string" || text.length < 20 || !text.endsWith("Z")) return NaN;
    const head = text.slice(0, 19);
    if (head !== second) {
      second = head;
      second_ms = Date.parse(`${head}Z`);
    }
    return text.length === 20 ? second_ms : second_ms + Number(text.slice(19, -1)) * 1000;
  };
}
