/** A little-endian BTF blob of one enum, between a struct with members and an integer. */
export function btfWithEnum(name: string, values: Readonly<Record<string, number>>): Uint8Array {
  const names = ["", "other", "member", name, ...Object.keys(values), "int"];
  const offsets = new Map<string, number>();
  let strings = "";
  for (const each of names) {
    offsets.set(each, strings.length);
    strings += `${each}\0`;
  }
  const at = (text: string) => offsets.get(text) ?? 0;
  const count = Object.keys(values).length;
  const types = [
    ...[at("other"), 4 << 24 | 2, 8, at("member"), 3, 0, at("member"), 3, 32],
    ...[at(name), 6 << 24 | count, 4, ...Object.entries(values).flatMap(([key, value]) => [at(key), value])],
    ...[at("int"), 1 << 24, 4, 32],
  ];
  const header = [0x1eb9f, 24, 0, 4 * types.length, 4 * types.length, strings.length];
  const words = new Uint8Array(Uint32Array.from([...header, ...types]).buffer);
  return Uint8Array.from([...words, ...new TextEncoder().encode(strings)]);
}
