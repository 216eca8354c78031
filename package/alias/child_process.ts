// Stands for node:child_process in the bundle: Deno's own costs 15 ms at start, and commander needs it only for
// subcommands that are programs of their own, of which nettrace has none.
export {};
