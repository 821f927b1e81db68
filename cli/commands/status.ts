import type { StackDetails } from "../../stack/contract";
import { CliError } from "../errors";
import { daysUntil, formatDays, formatLocalTime } from "../terminal/durations";
import type { Io, Output } from "../io";
import { printable, printableJson } from "../terminal/printable";
import { nameOfStack, type PrincipalSelection, readStackOutputs, type StackOutputs } from "../stack/outputs";
import { type Canvas, drawLife, layOutLife, nextRenewalOf, wrap } from "../status/life";
import { isPast } from "../status/fleet";

interface StatusOptions extends PrincipalSelection {
  json?: boolean;
  /** Milliseconds: fails where the password ends within that time. */
  failWithin?: number;
}

const WIDEST = 80;
const NARROWEST = 24;

/** `himl-sp status`: what the stack holds, without decrypting anything. */
export async function runStatus(io: Io, options: StatusOptions): Promise<void> {
  const [outputs, stack] = await Promise.all([
    readStackOutputs(io, options, false),
    nameOfStack(io, options),
  ]);
  const now = io.now();
  io.stdout.write(
    options.json
      ? printableJson(asJson(stack, outputs, now))
      : asText(stack, outputs, now, canvasOf(io.stdout)),
  );
  if (options.failWithin !== undefined) checkEnd(outputs, options.failWithin, now);
}

function canvasOf({ columns = WIDEST, hasUnicode = false, hasColor }: Output): Canvas {
  // A terminal that does not know its size reports 0.
  const width = Math.max(NARROWEST, Math.min(WIDEST, columns || WIDEST));
  return { width, hasUnicode, hasColor };
}

function asJson(stack: string, { variables, details }: StackOutputs, now: Date) {
  const nextRenewal = nextRenewalOf(details);
  return {
    version: 1,
    stack,
    clientId: variables.HIML_SERVICE_PRINCIPAL_ID,
    applicationName: details.applicationName ?? null,
    tenantId: variables.HIML_TENANT_ID,
    workspace: {
      name: variables.HIML_WORKSPACE_NAME,
      resourceGroup: variables.HIML_RESOURCE_GROUP,
      subscriptionId: variables.HIML_SUBSCRIPTION_ID,
    },
    authentication: details.authentication,
    secretsSince: details.secretsSince ?? null,
    secrets: details.secrets.map((secret) => ({ ...secret, daysLeft: daysUntil(secret.ends, now) })),
    nextRenewal: nextRenewal ?? null,
    renewalIsDue: nextRenewal === undefined ? null : isPast(nextRenewal, now),
    trusts: details.trusts,
    roles: details.roles,
    keyVault: details.keyVault ?? null,
    administratorCommand: details.administratorCommand ?? null,
  };
}

/** The picture and the lists around it, at most as wide as the canvas; a command to paste is left in one piece. */
export function asText(
  stack: string,
  { variables, details }: StackOutputs,
  now: Date,
  canvas: Canvas,
): string {
  const lines: string[] = [];
  const say = (text: string, indent = 0) => lines.push(...wrap(shown(text), canvas.width, indent));
  const sayPair = (what: string, where: string) => {
    if (wrap(shown(`${what} ${where}`), canvas.width, 2).length === 1) say(`${what} ${where}`, 2);
    else {
      say(what, 2);
      say(where, 4);
    }
  };
  const list = (title: string, items: readonly unknown[]) => say(items.length > 0 ? title : `${title}: none`);

  say(`Stack: ${stack}`);
  if (details.applicationName !== undefined) say(`Application: ${details.applicationName}`);
  say(`Client ID: ${variables.HIML_SERVICE_PRINCIPAL_ID}`);
  say(`Workspace: ${variables.HIML_WORKSPACE_NAME} in ${variables.HIML_RESOURCE_GROUP}`);
  say(`Authentication: ${details.authentication}`);
  const life = layOutLife(details, now);
  if (life !== undefined) lines.push("Secrets", ...drawLife(life, canvas));
  if (life?.renewal !== undefined) {
    say(
      life.renewal <= now
        ? `Renewal is due: ${renewalOf(details)}`
        : `The first \`pulumi up\` after ${formatLocalTime(life.renewal)} renews.`,
      2,
    );
  }
  list("Trusts", details.trusts);
  for (const { issuer, subject, claimsMatchingExpression } of details.trusts)
    sayPair(`${subject ?? claimsMatchingExpression ?? ""} of`, issuer);
  list("Roles", details.roles);
  for (const { role, scope } of details.roles) sayPair(`${role} on`, scope);
  if (details.administratorCommand !== undefined) {
    lines.push("  Somebody who may assign roles must run:", `  ${shown(details.administratorCommand)}`);
  }
  if (details.keyVault !== undefined) {
    const { vaultId, secrets } = details.keyVault;
    list(`Key Vault ${vaultId.slice(vaultId.lastIndexOf("/") + 1)}`, secrets);
    for (const secret of secrets) say(secret, 2);
  }
  return `${lines.join("\n")}\n`;
}

/** Breaks lines so that no new line begins with a command of a runner. */
function shown(text: string): string {
  return printable(text).replaceAll("::", ":\\u{3a}");
}

/** What has to be done to renew: a program that delivers to a Key Vault leaves nothing to push. */
function renewalOf({ keyVault }: StackDetails): string {
  return keyVault === undefined ? "run `pulumi up`, then push the variables." : "run `pulumi up`.";
}

function checkEnd({ details }: StackOutputs, withinMs: number, now: Date): void {
  const secret = details.secrets.find(({ current }) => current);
  if (secret === undefined || new Date(secret.ends).getTime() - now.getTime() > withinMs) return;
  const when = `${formatLocalTime(secret.ends)} (${formatDays(secret.ends, now)})`;
  const remedy = renewalOf(details).replace("run", "Run");
  throw isPast(secret.ends, now)
    ? new CliError("SECRET_EXPIRED", `The password ended ${when}.`, remedy)
    : new CliError(
        "SECRET_ENDS_SOON",
        `The password ends ${when}.`,
        `${remedy} Find out why the schedule did not do it.`,
      );
}
