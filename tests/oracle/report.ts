/** What was compared of one scenario, for docs/oracle.md. */
export interface Compared {
  readonly tool: string;
  readonly twin: string;
  readonly scenario: string;
  /** How many events nettrace shows. */
  readonly events: number;
  /** Of how many both say the same. */
  readonly equal: number;
  /** The median of how far the times are apart that both measure; not there if they measure none. */
  readonly apart_ms?: number;
  /** How often which known difference was met, by its sentence. */
  readonly known: Readonly<Record<string, number>>;
}
