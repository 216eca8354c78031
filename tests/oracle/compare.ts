// What two tools say of the same traffic, event by event, and which of them is right where they differ.

/** What a tool says of an event, in words that both tools have; and what else we know of it, which is not compared. */
export type Fact = Readonly<Record<string, string>>;

/** One field of an event of which the tools say different things; or the event itself, if only one of them shows it. */
export interface Difference {
  /** "missing" if only ours shows the event, "extra" if only theirs does, or else the field. */
  readonly field: string;
  readonly ours?: Fact;
  readonly theirs?: Fact;
}

/** How to tell events apart, and what of them to compare. */
export interface Terms {
  readonly identity: readonly string[];
  readonly compared: readonly string[];
  /** A time that the tools measure, each for itself, so that it is never the same. */
  readonly measured_ms?: string;
}

export interface Comparison {
  /** Events of which both tools say the same. */
  readonly equal: number;
  /** Events of which they do not: the differences of each. */
  readonly different: readonly (readonly Difference[])[];
}

const key = (fact: Fact, fields: readonly string[]) => fields.map((field) => fact[field]).join(" ");

/**
 * Compares events as multisets: those that agree in all fields are paired first, then those of one identity; and of ours
 * last those that theirs is known to miss.
 */
export function compare(
  ours: readonly Fact[],
  theirs: readonly Fact[],
  terms: Terms,
  is_known_to_miss: (fact: Fact) => boolean = () => false,
): Comparison {
  const rest = [...theirs];
  const take = (match: (fact: Fact) => boolean) => {
    const at = rest.findIndex(match);
    return at < 0 ? undefined : rest.splice(at, 1)[0];
  };
  const is_same = (a: Fact) => (b: Fact) => key(a, terms.identity) === key(b, terms.identity);
  const in_turn = ours.toSorted((a, b) => Number(is_known_to_miss(a)) - Number(is_known_to_miss(b)));
  const unequal = in_turn.filter((a) => !take((b) => is_same(a)(b) && fields_apart(a, b, terms).length === 0));
  const different = unequal.map((a): Difference[] => {
    const b = take(is_same(a));
    if (!b) return [{ field: "missing", ours: a }];
    return fields_apart(a, b, terms).map((field) => ({ field, ours: a, theirs: b }));
  });
  const extra = rest.map((b): Difference[] => [{ field: "extra", theirs: b }]);
  return { equal: ours.length - unequal.length, different: [...different, ...extra] };
}

function fields_apart(a: Fact, b: Fact, { compared }: Terms): string[] {
  return compared.filter((field) => a[field] !== b[field]);
}

/**
 * How far apart the times are that the tools measure, in milliseconds: the median over all events, since where the CPU is
 * emulated it may be taken away from a guest between the one tool's program and the other's. 0 if no event has one.
 */
export function median_apart_ms(ours: readonly Fact[], theirs: readonly Fact[], terms: Terms): number {
  const { measured_ms: field, identity } = terms;
  if (field === undefined) return 0;
  const apart = ours.flatMap((a) => {
    const b = theirs.find((fact) => key(fact, identity) === key(a, identity));
    return b ? [Math.abs(Number(a[field]) - Number(b[field]))] : [];
  });
  return apart.sort((a, b) => a - b)[Math.floor(apart.length / 2)] ?? 0;
}

/** What the traffic says of what it did. */
export interface Truth {
  /** Events, each in as many fields as the traffic knows. */
  readonly facts: readonly Fact[];
  /** How many events there were, or "any" number, of any of `facts`; without it each fact is one event. */
  readonly count?: number | "any";
}

/**
 * Who is right, by the traffic: "ours" if what nettrace says has happened and what its twin says has not. Of an event
 * that both show, that is what the traffic says of the field in such an event.
 */
export function referee({ field, ours, theirs }: Difference, truth: Truth, { identity }: Terms): "ours" | "unknown" {
  if (field === "missing") return ours && matches(ours, truth) ? "ours" : "unknown";
  if (field === "extra") return theirs && !matches(theirs, truth) ? "ours" : "unknown";
  const told = truth.facts.filter((fact) =>
    field in fact && identity.every((one) => !(one in fact) || fact[one] === ours?.[one])
  );
  const values = told.map((fact) => fact[field]);
  return values.includes(ours?.[field]) && !values.includes(theirs?.[field]) ? "ours" : "unknown";
}

/** True if all that some event of the truth says is so of this one. */
function matches(fact: Fact, { facts }: Truth): boolean {
  return facts.some((one) => Object.entries(one).every(([field, value]) => fact[field] === value));
}

/** What is wrong with our events by the traffic, a sentence each. */
export function faults(ours: readonly Fact[], { facts, count }: Truth): string[] {
  const wrong = ours.filter((fact) => !matches(fact, { facts }));
  const sentences = wrong.map((fact) => `nettrace shows what the traffic did not do: ${JSON.stringify(fact)}`);
  if (count === "any") return sentences;
  if (count !== undefined) {
    return ours.length === count ? sentences : [...sentences, `nettrace shows ${ours.length} events of ${count}`];
  }
  const rest = [...ours];
  for (const one of facts) {
    const at = rest.findIndex((fact) => matches(fact, { facts: [one] }));
    if (at < 0) sentences.push(`nettrace does not show what the traffic did: ${JSON.stringify(one)}`);
    else rest.splice(at, 1);
  }
  return rest.length === 0 ? sentences : [...sentences, `nettrace shows ${rest.length} events too many`];
}
