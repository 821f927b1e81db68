import { readFileSync } from "node:fs";

const PARENT_CHECK_MS = 100;

/**
 * Resolves when the process should stop: at the first SIGINT or SIGTERM, or when the shell that npm started it with
 * is gone. npm hands a signal to that shell only, and a shell like dash dies of it without telling its child.
 */
export function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
    if (process.env.npm_lifecycle_event === undefined) return;
    const parent = process.ppid;
    const isGone = () => process.ppid !== parent || isOrphan();
    if (isGone()) return resolve();
    const timer = setInterval(() => {
      if (!isGone()) return;
      clearInterval(timer);
      resolve();
    }, PARENT_CHECK_MS);
    timer.unref();
  });
}

/** Orphans belong to process 1, which in a container can be npm itself. */
function isOrphan(): boolean {
  if (process.platform === "win32" || process.ppid !== 1) return false;
  try {
    return !readFileSync("/proc/1/cmdline", "utf8").includes("npm");
  } catch {
    return true;
  }
}
