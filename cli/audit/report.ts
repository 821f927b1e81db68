import type { Io, Output } from "../io";
import { printable, printableJson } from "../terminal/printable";
import { wrap } from "../status/life";
import { type Access, type AccessEntry, sumUpAccess } from "./access";
import type { Audit } from "./audit";
import { type Finding, type Level, needsAction } from "./findings";
import type { Unanswered } from "./read-azure";

const LEVELS: Record<Level, { label: string; color: number }> = {
  danger: { label: "DANGER", color: 31 },
  broken: { label: "BROKEN", color: 33 },
  leftover: { label: "LEFT", color: 36 },
  notice: { label: "notice", color: 90 },
};

/** For programs. Codes and fields are stable: new ones may be added, none change. */
export function formatAsJson(io: Io, audit: Audit): string {
  const { record, answers, findings, unanswered, instanceIds, askedAs } = audit;
  const report = {
    version: 1,
    ok: !needsAction(findings),
    instanceIds,
    askedAs,
    findings: findings.map(({ action, ...finding }) => ({
      ...finding,
      repair: action?.kind ?? null,
    })),
    unanswered,
    access: sumUpAccess(record, answers, io.now()),
  };
  return printableJson(report);
}

/** For people: first what to do, worst first, then who can log in and what they may do. */
export function formatAsText(io: Io, audit: Audit): string {
  const { findings, unanswered, record, answers, askedAs } = audit;
  const parts = [
    findings.length === 0
      ? NOTHING[unanswered.length === 0 ? "is wrong" : "was found"]
      : formatFindings(findings, io.stdout),
    ...sumUpAccess(record, answers, io.now()).map((access) => formatAccess(access, io.stdout)),
    ...(unanswered.length > 0 ? [formatUnanswered(unanswered, askedAs, io.stdout)] : []),
  ];
  return parts.join("\n");
}

const NOTHING = {
  "is wrong": "Nothing is missing and nothing is left over: Azure has exactly what the stack records.\n",
  "was found":
    "Nothing missing and nothing left over was found. Not every question could be answered: see below.\n",
};

/** A terminal wraps lines in the middle of a word, and into the first column. */
const NARROWEST_TEXT = 48;

export function formatFindings(findings: readonly Finding[], output: Output): string {
  const codeWidth = Math.max(...findings.map(({ code }) => code.length));
  const textColumn = 8 + codeWidth + 2;
  const columns = output.columns ?? Infinity;
  const isNarrow = columns < textColumn + NARROWEST_TEXT;
  return findings
    .map(({ level, code, what, detail, remedy }) => {
      const { label, color } = LEVELS[level];
      const indent = isNarrow ? 2 : textColumn;
      const [first = "", ...others] = [what, detail].flatMap((text) =>
        wrap(printable(text), columns, indent),
      );
      const heading = `${paint(label.padEnd(6), color, output)}  ${code}`;
      const top = isNarrow
        ? [heading, first]
        : [`${heading}${" ".repeat(codeWidth - code.length)}  ${first.trimStart()}`];
      // In one piece: a command is to be copied.
      return [...top, ...others, `${" ".repeat(indent)}-> ${printable(remedy)}`, ""].join("\n");
    })
    .join("");
}

function formatAccess({ displayName, clientId, logins, rights }: Access, { columns }: Output): string {
  const list = (entries: readonly AccessEntry[]) =>
    entries.length === 0
      ? ["  nothing"]
      : entries.flatMap(({ kind, what, isRecorded }) => {
          const text = `${printable(what)}${isRecorded ? "" : "  (not of this stack)"}`;
          const [first = "", ...others] = wrap(text, columns ?? Infinity, KIND_COLUMN);
          return [`  ${KINDS[kind].padEnd(KIND_COLUMN - 2)}${first.trimStart()}`, ...others];
        });
  return [
    `Who can log in as ${printable(displayName)} (client ID ${clientId}):`,
    ...list(logins),
    "What it may do:",
    ...list(rights),
    "",
  ].join("\n");
}

const KIND_COLUMN = 18;
const KINDS: Record<AccessEntry["kind"], string> = {
  secret: "secret",
  certificate: "certificate",
  trust: "trust in",
  role: "role",
  group: "group",
  directoryRole: "directory role",
  permission: "permission",
};

export function formatUnanswered(
  unanswered: readonly Unanswered[],
  askedAs: string,
  { columns }: Output,
): string {
  const lines = unanswered.flatMap(({ question, code, right }) =>
    wrap(printable(`${question} (${code}) It takes ${right}.`), columns ?? Infinity, 2),
  );
  return [`Not answered to ${printable(askedAs)}:`, ...lines, ""].join("\n");
}

function paint(text: string, color: number, { hasColor }: Output): string {
  return hasColor ? `\u001b[${color}m${text}\u001b[39m` : text;
}
