import { InvalidArgumentError } from "@commander-js/extra-typings";

const UNITS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `90s`, `5m`, `36h` or `14d` in milliseconds; an option of the command line. */
export function parseDuration(text: string): number {
  const match = /^(\d+)([smhd])$/.exec(text);
  if (match === null) {
    throw new InvalidArgumentError("It must be a number with s, m, h or d: 90s, 5m, 36h, 14d.");
  }
  return Number(match[1]) * UNITS[match[2] as keyof typeof UNITS];
}

/** For people: `4 m 30 s`. */
export function formatDuration(ms: number): string {
  const seconds = Math.round(ms / UNITS.s);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} m ${seconds % 60} s`;
}

/** Whole days from `now` until `instant`; negative when it has passed. */
export function daysUntil(instant: string | Date, now: Date): number {
  return Math.floor((new Date(instant).getTime() - now.getTime()) / UNITS.d);
}

/** For people: `in 12 days`, `today`, `3 days ago`. */
export function formatDays(instant: string | Date, now: Date): string {
  const ms = new Date(instant).getTime() - now.getTime();
  const days = Math.floor(Math.abs(ms) / UNITS.d);
  if (days === 0) return ms < 0 ? "less than a day ago" : "in less than a day";
  const count = days === 1 ? "1 day" : `${days} days`;
  return ms < 0 ? `${count} ago` : `in ${count}`;
}

/** The day in the time of this machine: `2027-04-16`. */
export function formatDate(instant: string | Date): string {
  return new Intl.DateTimeFormat("sv-SE").format(new Date(instant));
}

/** In the time of this machine, with its zone: `2027-04-16 02:00 GMT+2`. */
export function formatLocalTime(instant: string | Date): string {
  if (Number.isNaN(new Date(instant).getTime())) return "an unknown time";
  // Sweden writes dates as ISO 8601 does, and so can anybody read them.
  const format = new Intl.DateTimeFormat("sv-SE", {
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    timeZoneName: "short",
  });
  return format.format(new Date(instant));
}
