import { audit, type AuditOptions } from "../audit/audit";
import { needsAction } from "../audit/findings";
import { formatAsJson, formatAsText } from "../audit/report";
import { CliError } from "../errors";
import type { Io } from "../io";
import { tellIfSlow } from "../terminal/progress";
import { printable } from "../terminal/printable";

interface AuditCommandOptions extends AuditOptions {
  json?: boolean;
}

/** `himl-sp audit`: compares the stack's record with Azure, and says who can log in and what they may do. */
export async function runAudit(io: Io, { json, ...options }: AuditCommandOptions): Promise<void> {
  const result = await tellIfSlow(io, "Asking Azure what there is", audit(io, options));
  if (result.otherLogin !== undefined) io.stderr.write(`${printable(result.otherLogin)}\n`);
  io.stdout.write(json ? formatAsJson(io, result) : formatAsText(io, result));
  if (!needsAction(result.findings)) return;
  const open = result.findings.filter(({ level }) => level !== "notice");
  const repairable = open.filter(({ action }) => action !== undefined).length;
  throw new CliError(
    "FINDINGS",
    `${open.length === 1 ? "One thing is" : `${open.length} things are`} not as the stack declares.`,
    repairable === open.length
      ? "`himl-sp repair` shows what it would do, and asks."
      : repairable === 0
        ? "You decide: each finding above says what to do."
        : `\`himl-sp repair\` does ${repairable} of them. You decide on the others: each says above what to do.`,
  );
}
