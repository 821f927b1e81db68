/**
 * The directory's clock: it runs with the machine's, from an instant that can be moved. Only directory times
 * (secrets, trusts, deletions) live on it. Tokens and certificates stay on the machine's time, because real
 * clients compare those with their own clock.
 */
export class DirectoryClock {
  /** How far it is ahead of the machine's clock. */
  offsetMs: number;

  constructor(private readonly start?: Date) {
    this.offsetMs = DirectoryClock.offsetTo(start);
  }

  private static offsetTo(instant: Date | undefined): number {
    return instant === undefined ? 0 : instant.getTime() - Date.now();
  }

  now(): Date {
    return new Date(Date.now() + this.offsetMs);
  }

  set(instant: Date): void {
    this.offsetMs = DirectoryClock.offsetTo(instant);
  }

  advance(by: { days?: number; seconds?: number }): void {
    this.offsetMs += ((by.days ?? 0) * 86_400 + (by.seconds ?? 0)) * 1000;
  }

  reset(): void {
    this.offsetMs = DirectoryClock.offsetTo(this.start);
  }
}
