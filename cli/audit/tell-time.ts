import { formatLocalTime } from "../durations";

/** In the time of this machine; what Azure or a file does not tell, is not made up. */
export function tellTime(instant: string): string {
  return Number.isNaN(Date.parse(instant)) ? "an unknown time" : formatLocalTime(instant);
}
