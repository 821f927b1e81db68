import type { StepReport } from "../../rehearsal/story";
import type { Comparison } from "./deviations";

/** The result of a run. */
export interface RunReport {
  readonly ok: boolean;
  readonly engine: string;
  readonly steps: readonly StepReport[];
  readonly comparisons: readonly Comparison[];
  /** Addresses of what could not be removed. */
  readonly left: readonly string[];
}

/** The report as Markdown, without secrets and IDs. `hidden`: other texts that must not appear, such as names. */
export function renderReport(report: RunReport, hidden: readonly string[]): string {
  const { steps, comparisons, engine, left } = report;
  const deviating = distinct(comparisons.filter(({ deviations }) => deviations.length > 0));
  const held = comparisons.filter(({ contract, deviations }) => contract && deviations.length === 0);
  const unknown = [
    ...new Set(comparisons.filter(({ contract }) => !contract).map(({ operation }) => operation)),
  ];
  const lines = [
    "# A run on a real tenant",
    "",
    `${report.ok ? "Every step succeeded." : "**A step failed, or something is left behind.**"} Pulumi ${engine}, Node.js ${process.version}, ${process.platform}.`,
    `${comparisons.length} exchanges with Azure; ${held.length} match a contract, ${deviating.length} different deviations.`,
    "",
    "| step | result |",
    "| --- | --- |",
    ...steps.map(({ name, ok, detail }) => `| ${name} | ${ok ? "" : "**failed** "}${oneLine(detail)} |`),
    "",
    "## Deviations from the contracts",
    "",
    ...(deviating.length === 0 ? ["None."] : deviating.map(describeDeviation)),
    "",
    "## Operations without a contract for the answer",
    "",
    ...(unknown.length === 0 ? ["None."] : unknown.map((operation) => `- ${operation}`)),
    "",
    "## Left behind",
    "",
    ...(left.length === 0
      ? ["Nothing, except what Azure keeps in its recycle bin for 30 days, without secrets."]
      : left.map((line) => `- ${line}`)),
    "",
  ];
  return hide(lines.join("\n"), hidden);
}

function describeDeviation({ operation, status, contract, deviations }: Comparison): string {
  const compared = contract ? ` (contract ${contract})` : "";
  return `- ${operation}, ${status}${compared}: ${deviations.join("; ")}`;
}

function distinct(comparisons: readonly Comparison[]): Comparison[] {
  return [...new Map(comparisons.map((one) => [describeDeviation(one), one])).values()];
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").replaceAll("|", "\\|").slice(0, 400);
}

/** Replaces every ID with `<guid>`, and every text that must not appear with `<hidden>`. */
export function hide(text: string, hidden: readonly string[]): string {
  const longestFirst = hidden.filter((one) => one.length > 2).sort((a, b) => b.length - a.length);
  return longestFirst
    .reduce((rest, one) => rest.replaceAll(one, "<hidden>"), text)
    .replaceAll(/[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}/gi, "<guid>");
}
