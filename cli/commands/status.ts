import type { StackDetails } from "../../stack/contract";
import { CliError } from "../errors";
import { daysUntil, formatDays, formatLocalTime } from "../durations";
import type { Io } from "../io";
import { readStackOutputs } from "../stack/outputs";
import type { StackSelection } from "../stack/pulumi";

export interface StatusOptions extends StackSelection {
  json?: boolean;
  /** Milliseconds: fails where the password ends within that time. */
  failWithin?: number;
}

/** `himl-sp status`: what the stack holds, without decrypting anything. */
export async function runStatus(io: Io, options: StatusOptions): Promise<void> {
  const { details } = await readStackOutputs(io, options, false);
  const now = io.now();
  io.stdout.write(options.json ? `${JSON.stringify(asJson(details, now), null, 2)}\n` : asText(details, now));
  if (options.failWithin !== undefined) checkEnd(details, options.failWithin, now);
}

/** When the next secret is due: what the stack says, and an old one by when the secret before ends, the same instant. */
function nextRenewalOf(details: StackDetails): string | undefined {
  return details.nextRenewal ?? details.secrets.find(({ current }) => !current)?.ends;
}

function asJson(details: StackDetails, now: Date) {
  const nextRenewal = nextRenewalOf(details);
  return {
    version: 1,
    authentication: details.authentication,
    secrets: details.secrets.map((secret) => ({ ...secret, daysLeft: daysUntil(secret.ends, now) })),
    nextRenewal: nextRenewal ?? null,
    renewalIsDue: nextRenewal === undefined ? null : isPast(nextRenewal, now),
    trusts: details.trusts,
    roles: details.roles,
    administratorCommand: details.administratorCommand ?? null,
  };
}

function asText(details: StackDetails, now: Date): string {
  const lines = [`Authentication: ${details.authentication}`];

  if (details.secrets.length > 0) lines.push("Secrets");
  for (const { slot, ends, current } of details.secrets) {
    const verb = isPast(ends, now) ? "ended" : "ends";
    const holder = current ? "handed out" : "the one before, for those who still hold it";
    lines.push(`  ${slot}  ${verb} ${formatLocalTime(ends)} (${formatDays(ends, now)}): ${holder}`);
  }
  const nextRenewal = nextRenewalOf(details);
  if (nextRenewal !== undefined) {
    const when = `${formatLocalTime(nextRenewal)} (${formatDays(nextRenewal, now)})`;
    lines.push(
      isPast(nextRenewal, now)
        ? `Renewal is due since ${when}: run \`pulumi up\`, then push the variables`
        : `Next renewal: ${when}, by the first \`pulumi up\` after that`,
    );
  }

  lines.push(details.trusts.length > 0 ? "Trusts" : "Trusts: none");
  for (const { issuer, subject } of details.trusts) lines.push(`  ${subject} of ${issuer}`);
  lines.push(details.roles.length > 0 ? "Roles" : "Roles: none");
  for (const { role, scope } of details.roles) lines.push(`  ${role} on ${scope}`);
  if (details.administratorCommand !== undefined) {
    lines.push(`  Somebody who may assign roles has to run: ${details.administratorCommand}`);
  }
  return `${lines.join("\n")}\n`;
}

function checkEnd(details: StackDetails, withinMs: number, now: Date): void {
  const secret = details.secrets.find(({ current }) => current);
  if (secret === undefined || new Date(secret.ends).getTime() - now.getTime() > withinMs) return;
  const when = `${formatLocalTime(secret.ends)} (${formatDays(secret.ends, now)})`;
  throw isPast(secret.ends, now)
    ? new CliError(
        "SECRET_EXPIRED",
        `The password ended ${when}.`,
        "Run `pulumi up`, then push the variables.",
      )
    : new CliError(
        "SECRET_ENDS_SOON",
        `The password ends ${when}.`,
        "Run `pulumi up`, then push the variables; see why the schedule that does so did not.",
      );
}

function isPast(instant: string, now: Date): boolean {
  return new Date(instant) <= now;
}
