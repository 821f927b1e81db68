import type { StackDetails } from "../../stack/contract";
import { formatDate, formatDays } from "../terminal/durations";

/** A secret as the contract of the outputs has it; how it is drawn needs no more. */
type Secret = Pick<StackDetails["secrets"][number], "slot" | "ends" | "current"> & { starts?: string };

/** What of `details` is drawn. */
export type LifeDetails = Pick<StackDetails, "nextRenewal"> & { secrets: readonly Secret[] };

/** A part of a secret's life. */
export interface Stretch {
  /** Handed out by the stack; or only valid still, for whoever fetched it before the next one. */
  kind: "handed-out" | "valid";
  from: Date;
  to: Date;
}

export interface SecretLife {
  slot: string;
  current: boolean;
  ends: Date;
  stretches: Stretch[];
}

/** The secrets of a stack on one axis of time, for whoever draws it. */
export interface Life {
  /** The ends of the axis. */
  from: Date;
  to: Date;
  today: Date;
  /** When the next secret is due, which may be in the past. */
  renewal: Date | undefined;
  /** In the order of time. */
  secrets: SecretLife[];
}

/** When the next secret is due: what the stack says, or when the secret before ends, which is the same instant. */
export function nextRenewalOf({ nextRenewal, secrets }: LifeDetails): string | undefined {
  return nextRenewal ?? secrets.find(({ current }) => !current)?.ends;
}

/** @returns undefined where the stack has no secret. */
export function layOutLife(details: LifeDetails, now: Date): Life | undefined {
  if (details.secrets.length === 0) return undefined;
  const renewalText = nextRenewalOf(details);
  const renewal = renewalText === undefined ? undefined : new Date(renewalText);
  const current = details.secrets.find((secret) => secret.current);
  const currentStarts = current && startOf(current, details);

  const secrets = details.secrets.map((secret): SecretLife => {
    const starts = startOf(secret, details);
    const ends = new Date(secret.ends);
    // Overdue, the same secret is handed out until somebody runs `up`.
    const handedOutUntil = secret.current ? latest(renewal ?? ends, now) : (currentStarts ?? ends);
    const change = earliest(latest(handedOutUntil, starts), ends);
    const stretches: Stretch[] = [
      { kind: "handed-out", from: starts, to: change },
      { kind: "valid", from: change, to: ends },
    ];
    return {
      slot: secret.slot,
      current: secret.current,
      ends,
      stretches: stretches.filter(({ from, to }) => from < to),
    };
  });
  secrets.sort((a, b) => a.ends.getTime() - b.ends.getTime());

  const starts = details.secrets.map((secret) => startOf(secret, details));
  const from = starts.reduce(earliest, now);
  const to = secrets.map(({ ends }) => ends).reduce(latest, latest(now, renewal ?? now));
  return { from, to, today: now, renewal, secrets };
}

/** A secret lives for two periods, and the next renewal is one period before the current one ends. */
function startOf({ starts, ends }: Secret, details: LifeDetails): Date {
  if (starts !== undefined) return new Date(starts);
  const end = new Date(ends).getTime();
  const current = details.secrets.find((secret) => secret.current);
  const renewal = nextRenewalOf(details);
  if (current === undefined || renewal === undefined) return new Date(end);
  return new Date(end - 2 * (new Date(current.ends).getTime() - new Date(renewal).getTime()));
}

function earliest(a: Date, b: Date): Date {
  return a < b ? a : b;
}

function latest(a: Date, b: Date): Date {
  return a > b ? a : b;
}

export interface Canvas {
  /** In columns. */
  width: number;
  /** Whether other characters than ASCII can be shown. */
  hasUnicode: boolean;
  hasColor: boolean;
}

const UNICODE = { "handed-out": "█", valid: "░", today: "│", above: "▼", below: "▲" } as const;
/** No `#`: two of them and a bracket are a command to runners. */
const ASCII = { "handed-out": "=", valid: "-", today: "|", above: "v", below: "^" } as const;

/** Of SGR: https://www.ecma-international.org/publications-and-standards/standards/ecma-48 */
const COLORS = { "handed-out": 32, valid: 36, today: 1, due: 31 } as const;

const LABEL = 5;
/** Below that, what ends when stands on a line of its own. */
const NARROWEST_CHART = 24;

export const LEGEND: Record<Stretch["kind"], string> = {
  "handed-out": "handed out",
  valid: "still valid for jobs that have it",
};

/** For the end of a secret's line. */
export function describeEnd({ ends }: SecretLife, now: Date): string {
  return `${ends <= now ? "ended" : "ends"} ${formatDate(ends)}, ${formatDays(ends, now)}`;
}

/** For the mark of the next renewal. */
export function describeRenewal(renewal: Date, now: Date): string {
  const what = renewal <= now ? "renewal due since" : "next renewal";
  return `${what} ${formatDate(renewal)}, ${formatDays(renewal, now)}`;
}

/** One line for each secret, from its start to its end, between the marks of today and of the next renewal. */
export function drawLife(life: Life, canvas: Canvas): string[] {
  const characters = canvas.hasUnicode ? UNICODE : ASCII;
  const { width } = canvas;
  const ends = life.secrets.map((secret) => describeEnd(secret, life.today));
  const beside = width - LABEL - 2 - Math.max(...ends.map((text) => text.length));
  const isBeside = beside >= NARROWEST_CHART;
  const chart = isBeside ? beside : width - LABEL - 1;
  const columnOf = (instant: Date) => Math.min(chart - 1, Math.floor(positionOf(instant, life) * chart));
  const paint = (text: string, color: keyof typeof COLORS) =>
    canvas.hasColor && text.trim() !== "" ? `\u001b[${COLORS[color]}m${text}\u001b[0m` : text;

  const lines = mark(LABEL + columnOf(life.today), characters.above, "today", width).map((line) =>
    paint(line, "today"),
  );
  life.secrets.forEach((secret, i) => {
    const bar = drawBar(secret, life, chart, columnOf(life.today), (kind, text) =>
      paint(kind === undefined ? text : characters[kind].repeat(text.length), kind ?? "today"),
    );
    const label = `  ${secret.slot}`.padEnd(LABEL);
    lines.push(isBeside ? `${label}${bar}  ${ends[i]}` : `${label}${bar}`.trimEnd());
    if (!isBeside) lines.push(...wrap(ends[i]!, width, LABEL));
  });
  if (life.renewal !== undefined) {
    const isDue = life.renewal <= life.today;
    const text = describeRenewal(life.renewal, life.today);
    lines.push(
      ...mark(LABEL + columnOf(life.renewal), characters.below, text, width).map((line) =>
        isDue ? paint(line, "due") : line,
      ),
    );
  }
  const legend = (["handed-out", "valid"] as const).map((kind) => [kind, LEGEND[kind]] as const);
  const entries = legend.map(([kind, text]) => `${characters[kind]} ${text}`);
  const oneLine = `${" ".repeat(LABEL)}${entries.join("   ")}`;
  lines.push(...(oneLine.length <= width ? [oneLine] : entries.flatMap((text) => wrap(text, width, LABEL))));
  return lines;

  /** Cells of one kind are painted together; the kind of the cell of today is undefined. */
  function drawBar(
    { stretches }: SecretLife,
    axis: Life,
    cells: number,
    today: number,
    draw: (kind: Stretch["kind"] | undefined, text: string) => string,
  ): string {
    const first = columnOf(stretches[0]?.from ?? axis.to);
    const last = columnOf(new Date((stretches.at(-1)?.to ?? axis.to).getTime() - 1));
    const kinds = Array.from({ length: cells }, (_, cell) => {
      if (cell < first || cell > last) return " ";
      const middle = axis.from.getTime() + ((cell + 0.5) / cells) * (axis.to.getTime() - axis.from.getTime());
      return (stretches.find(({ to }) => middle < to.getTime()) ?? stretches.at(-1))?.kind ?? " ";
    });
    let bar = "";
    for (let cell = 0; cell < cells;) {
      const kind = cell === today ? "today" : kinds[cell]!;
      let end = cell + 1;
      while (kind !== "today" && end < cells && end !== today && kinds[end] === kind) end++;
      const text = " ".repeat(end - cell);
      if (kind === "today") bar += draw(undefined, characters.today);
      else bar += kind === " " ? text : draw(kind, text);
      cell = end;
    }
    return bar;
  }
}

function positionOf(instant: Date, { from, to }: Life): number {
  const length = to.getTime() - from.getTime();
  return length === 0 ? 0 : (instant.getTime() - from.getTime()) / length;
}

/** A mark and its text: on its right, or on its left, or below where neither has room. */
function mark(column: number, character: string, text: string, width: number): string[] {
  const right = `${" ".repeat(column)}${character} ${text}`;
  if (right.length <= width) return [right];
  const left = `${text} ${character}`;
  if (left.length <= column + 1) return [left.padStart(column + 1)];
  return [`${" ".repeat(column)}${character}`, ...wrap(text, width, LABEL)];
}

/** Lines of at most `width` columns: broken after a space, `/`, `:` or `&` where that is possible. */
export function wrap(text: string, width: number, indent: number): string[] {
  const room = Math.max(8, width - indent);
  const lines: string[] = [];
  let rest = [...text];
  while (widthOf(rest) > room) {
    let count = 0;
    for (let used = 0; count < rest.length; count++) {
      used += widthOf([rest[count]!]);
      if (used > room) break;
    }
    const breakable = rest.slice(0, count).findLastIndex((character) => /[ /:&]/.test(character));
    const end = breakable >= room / 4 ? breakable + 1 : count;
    lines.push(rest.slice(0, end).join("").trimEnd());
    rest = rest.slice(end);
  }
  return [...lines, rest.join("")].map((line) => `${" ".repeat(indent)}${line}`);
}

/** In columns of a terminal: East Asian characters and emoji take two, combining marks none. */
export function widthOf(characters: readonly string[]): number {
  return characters.reduce((sum, character) => {
    if (/^\p{M}$/u.test(character)) return sum;
    const isWide =
      /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\u3000-\u303f\uff01-\uff60]$/u;
    return sum + (isWide.test(character) ? 2 : 1);
  }, 0);
}
