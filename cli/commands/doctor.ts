import { describeBackend, readBackend } from "../init/backend";
import { AzureLogin } from "../init/azure/login";
import { CliError } from "../errors";
import type { Io } from "../io";
import { printable, printableJson } from "../terminal/printable";
import { AZ } from "../tools/az";
import { ghOf, GITHUB, isLoggedIn } from "../tools/gh";
import { GIT } from "../tools/git";
import { PULUMI, type StackSelection } from "../tools/pulumi";
import { isOlder, type Tool, versionOf } from "../tools/tool";

/** One thing that is as it should be, or not. */
interface Check {
  what: string;
  isOk: boolean;
  found: string;
  remedy?: string;
  /** What only some need. */
  isOptional?: true;
}

/** `himl-sp doctor`: whether this machine and its logins can do the job. */
export async function runDoctor(io: Io, options: StackSelection & { json?: boolean }): Promise<void> {
  const checks: Check[] = [];
  // The Azure CLI takes a second for each answer.
  for (const tool of await Promise.all([PULUMI, AZ, ghOf(GITHUB), GIT].map((one) => checkTool(io, one))))
    checks.push(["gh", "git"].includes(tool.what) ? { ...tool, isOptional: true } : tool);
  checks.push(await checkLogin(io), {
    what: `login of gh to ${GITHUB}`,
    isOptional: true,
    ...((await hasGithubLogin(io))
      ? { isOk: true, found: "there is one" }
      : { isOk: false, found: "there is none", remedy: "Only for GitHub: `gh auth login`" }),
  });
  const backend = await readBackend(io, options.cwd ?? ".", "", options.stack ?? "");
  for (const { what, answer, because, remedy } of describeBackend(backend))
    checks.push({ what, isOk: answer === "may", found: because, ...(remedy !== undefined && { remedy }) });
  const lacking = checks.filter(({ isOk, isOptional }) => !isOk && isOptional === undefined);
  if (options.json) io.stdout.write(printableJson({ ok: lacking.length === 0, checks }));
  for (const { what, isOk, found, remedy } of options.json ? [] : checks)
    io.stdout.write(
      `${isOk ? "ok" : "NO"}  ${what.padEnd(28)} ${printable(found)}\n${isOk || remedy === undefined ? "" : `    ${remedy}\n`}`,
    );
  if (lacking.length === 0) return;
  throw new CliError(
    "NOT_READY",
    `These must be right: ${lacking.map(({ what }) => what).join(", ")}.`,
    "What is wrong with each, and what to do, stands above.",
  );
}

async function checkTool(io: Io, tool: Tool): Promise<Check> {
  const { program: what, oldest, install } = tool;
  try {
    const version = await versionOf(io, tool);
    if (version !== undefined && !isOlder(version, oldest)) return { what, isOk: true, found: version };
    return {
      what,
      isOk: false,
      found: `${version ?? "no version"}, not ${oldest} or newer`,
      remedy: install,
    };
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return { what, isOk: false, found: error.message, remedy: error.remedy };
  }
}

async function checkLogin(io: Io): Promise<Check> {
  const what = "login of az";
  try {
    const subscriptions = await new AzureLogin(io).subscriptions();
    const accounts = [...new Set(subscriptions.map(({ user }) => user?.name ?? "?"))];
    const found = `${accounts.join(", ") || "nobody"}: ${subscriptions.length} subscriptions`;
    return { what, isOk: subscriptions.length > 0, found, remedy: "`az login`" };
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return { what, isOk: false, found: error.message, remedy: error.remedy };
  }
}

async function hasGithubLogin(io: Io): Promise<boolean> {
  return Boolean(io.env["GH_TOKEN"] ?? io.env["GITHUB_TOKEN"]) || (await isLoggedIn(io, GITHUB));
}
