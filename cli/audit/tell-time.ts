import { formatLocalTime } from "../terminal/durations";

/** In the local time zone. An unknown time stays unknown. */
export function tellTime(instant: string): string {
  return Number.isNaN(Date.parse(instant)) ? "an unknown time" : formatLocalTime(instant);
}
