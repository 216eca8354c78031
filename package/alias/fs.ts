// Stands for node:fs in the bundle: Deno's own costs 32 ms at start, and commander needs it only for subcommands that
// are programs of their own, of which nettrace has none.
export {};
