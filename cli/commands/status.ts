import type { StackDetails } from "../../stack/contract";
import { CliError } from "../errors";
import { daysUntil, formatDays, formatLocalTime } from "../terminal/durations";
import type { Io, Output } from "../io";
import { printable, printableJson } from "../terminal/printable";
import { readStackOutputs, type StackOutputs } from "../stack/outputs";
import type { StackSelection } from "../tools/pulumi";
import { type Canvas, drawLife, wrap } from "../status/drawing";
import { layOutLife, nextRenewalOf } from "../status/life";

interface StatusOptions extends StackSelection {
  json?: boolean;
  /** Milliseconds: fails where the password ends within that time. */
  failWithin?: number;
}

const WIDEST = 80;
const NARROWEST = 24;

/** `himl-sp status`: what the stack holds, without decrypting anything. */
export async function runStatus(io: Io, options: StatusOptions): Promise<void> {
  const outputs = await readStackOutputs(io, options, false);
  const now = io.now();
  io.stdout.write(
    options.json ? printableJson(asJson(outputs, now)) : asText(outputs, now, canvasOf(io.stdout)),
  );
  if (options.failWithin !== undefined) checkEnd(outputs, options.failWithin, now);
}

function canvasOf({ columns = WIDEST, hasUnicode = false, hasColor }: Output): Canvas {
  // A terminal that does not know its size reports 0.
  const width = Math.max(NARROWEST, Math.min(WIDEST, columns || WIDEST));
  return { width, hasUnicode, hasColor };
}

function asJson({ details, hidden }: StackOutputs, now: Date) {
  const nextRenewal = nextRenewalOf(details);
  return {
    version: 1,
    authentication: details.authentication,
    secretsSince: details.secretsSince ?? null,
    secrets: details.secrets.map((secret) => ({ ...secret, daysLeft: daysUntil(secret.ends, now) })),
    nextRenewal: nextRenewal ?? null,
    renewalIsDue: nextRenewal === undefined ? null : isPast(nextRenewal, now),
    // Null: the stack keeps them secret.
    trusts: hidden.includes("trusts") ? null : details.trusts,
    roles: hidden.includes("roles") ? null : details.roles,
    // Null, too, where the stack keeps it secret.
    keyVault: details.keyVault ?? null,
    administratorCommand: details.administratorCommand ?? null,
  };
}

/** The picture and the lists below it, at most as wide as the canvas; a command to paste is left in one piece. */
export function asText({ details, hidden }: StackOutputs, now: Date, canvas: Canvas): string {
  const lines = [`Authentication: ${details.authentication}`];
  const life = layOutLife(details, now);
  if (life !== undefined) lines.push("Secrets", ...drawLife(life, canvas));
  if (life?.renewal !== undefined) {
    const what =
      life.renewal <= now
        ? `Renewal is due: ${renewalOf(details, hidden)}`
        : `The first \`pulumi up\` after ${formatLocalTime(life.renewal)} renews.`;
    lines.push(...wrap(what, canvas.width, 2));
  }

  const list = (title: string, name: "trusts" | "roles" | "keyVault", items: string[][]) => {
    if (hidden.includes(name)) {
      lines.push(
        ...wrap(`${title}: secret. \`pulumi stack output --show-secrets\` shows them.`, canvas.width, 0),
      );
    } else lines.push(items.length > 0 ? title : `${title}: none`, ...items.flatMap(listItem));
  };
  const listItem = ([what = "", where = ""]: string[]) => {
    const one = wrap(`${what} ${where}`.trimEnd(), canvas.width, 2);
    return one.length === 1 ? one : [...wrap(what, canvas.width, 2), ...wrap(where, canvas.width, 4)];
  };
  list(
    "Trusts",
    "trusts",
    details.trusts.map(({ issuer, subject, claimsMatchingExpression }) => [
      `${shown(subject ?? claimsMatchingExpression ?? "")} of`,
      shown(issuer),
    ]),
  );
  list(
    "Roles",
    "roles",
    details.roles.map(({ role, scope }) => [`${shown(role)} on`, shown(scope)]),
  );
  if (details.administratorCommand !== undefined) {
    lines.push("  Somebody who may assign roles must run:", `  ${shown(details.administratorCommand)}`);
  }
  if (details.keyVault !== undefined || hidden.includes("keyVault")) {
    const { vaultId = "", secrets = [] } = details.keyVault ?? {};
    const vault = shown(vaultId.slice(vaultId.lastIndexOf("/") + 1));
    list(
      `Key Vault ${vault}`.trim(),
      "keyVault",
      secrets.map((secret) => [shown(secret)]),
    );
  }
  return `${lines.join("\n")}\n`;
}

/** Breaks lines so that no new line begins with a command of a runner. */
function shown(text: string): string {
  return printable(text).replaceAll("::", ":\\u{3a}");
}

/** What has to be done to renew: a program that delivers to a Key Vault leaves nothing to push. */
function renewalOf({ keyVault }: StackDetails, hidden: StackOutputs["hidden"] = []): string {
  const delivers = keyVault !== undefined || hidden.includes("keyVault");
  return delivers ? "run `pulumi up`." : "run `pulumi up`, then push the variables.";
}

function checkEnd({ details, hidden }: StackOutputs, withinMs: number, now: Date): void {
  const secret = details.secrets.find(({ current }) => current);
  if (secret === undefined || new Date(secret.ends).getTime() - now.getTime() > withinMs) return;
  const when = `${formatLocalTime(secret.ends)} (${formatDays(secret.ends, now)})`;
  const remedy = renewalOf(details, hidden).replace("run", "Run");
  throw isPast(secret.ends, now)
    ? new CliError("SECRET_EXPIRED", `The password ended ${when}.`, remedy)
    : new CliError(
        "SECRET_ENDS_SOON",
        `The password ends ${when}.`,
        `${remedy} Find out why the schedule did not do it.`,
      );
}

function isPast(instant: string, now: Date): boolean {
  return new Date(instant) <= now;
}
