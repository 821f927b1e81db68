/** The clock by which secrets are renewed. The package does not export it. */
export const clock = { now: () => new Date() };

/** Declares what a program declares as if it were another time: for tests and the rehearsal. */
export function atTime<T>(time: Date, program: () => T): T {
  const { now } = clock;
  clock.now = () => time;
  try {
    return program();
  } finally {
    clock.now = now;
  }
}
