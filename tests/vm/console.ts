/**
 * Lines of a console log in which the kernel says that something went wrong in it. Soft lockups are not among them:
 * in software emulation on a busy machine they say nothing about the kernel.
 */
export function complaints(log: string): string[] {
  return log.split("\n").filter((line) =>
    /\[ *\d+\.\d+\] (WARNING: |BUG: |Oops: |Kernel panic|general protection fault)/.test(line)
  );
}
