import path from "node:path";
import { answer } from "../answer";
import { CliError, MisuseError } from "../errors";
import type { Io } from "../io";
import { AzureDevOpsTarget, type AzureDevOpsOptions } from "../push/azure-devops";
import { GithubTarget, type GithubOptions } from "../push/github";
import { checkCarried, planSteps, push, type Target } from "../push/push";
import { checkAzureDevOpsOptions, checkGithubOptions } from "../push/targets";
import { printable } from "../terminal/printable";
import { type PrincipalSelection, readStackOutputs } from "../stack/outputs";
import { GITHUB, isKnownHost } from "../tools/gh";
import { findHosts } from "../tools/git";

interface PushOptions extends PrincipalSelection {
  dryRun?: boolean;
  json?: boolean;
}

/** `himl-sp push github`: secret and variables of a repository, or of one of its environments. */
export async function runPushGithub(io: Io, options: PushOptions & GithubOptions): Promise<void> {
  checkGithubOptions(options);
  const hostname = options.hostname ?? (await findHost(io, options));
  await runPush(io, options, new GithubTarget(io, { ...options, hostname }));
}

/** Where the folder's remotes have the repository; else github.com. The password goes to no host that is only guessed. */
async function findHost(io: Io, { cwd = ".", repo }: PushOptions & GithubOptions): Promise<string> {
  let hosts;
  try {
    hosts = await findHosts(io, path.resolve(cwd), repo);
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    if (error.code !== "GIT_NOT_FOUND")
      io.stderr.write(`The host is ${GITHUB}, since git cannot be asked: ${printable(error.message)}\n`);
    return GITHUB;
  }
  const [host = GITHUB, ...others] = hosts;
  if (others.length === 0 && (await isKnownHost(io, host))) return host;
  throw new MisuseError(
    "HOSTNAME_REQUIRED",
    `--hostname must say which ${repo} is meant. Git's remotes have it on ${hosts.join(" and ")}.`,
    `If you trust it: --hostname ${host}`,
  );
}

/** `himl-sp push azure-devops`: a variable group. */
export async function runPushAzureDevOps(io: Io, options: PushOptions & AzureDevOpsOptions): Promise<void> {
  checkAzureDevOpsOptions(options);
  await runPush(io, options, new AzureDevOpsTarget(io, options));
}

async function runPush(io: Io, options: PushOptions, target: Target): Promise<void> {
  await answer(io, options, async () => {
    // Check the target first: this is faster than reading the outputs.
    const existing = await target.inspect();
    const { variables, details } = await readStackOutputs(io, options, !options.dryRun);
    const isFederated = details.authentication === "federated";
    if (isFederated) io.stderr.write("The stack is federated: there is no password to push.\n");
    const steps = planSteps(isFederated, existing);
    if (!options.dryRun) {
      checkCarried(target, steps, variables);
      await push(io, target, steps, variables);
    } else if (!options.json) {
      for (const { name, action, isSecret } of steps) {
        const kind = isSecret ? "secret" : "variable";
        io.stdout.write(`${action}\t${kind}\t${name}\t${printable(target.description)}\n`);
      }
    }
    return { target: target.description, isDryRun: options.dryRun ?? false, steps };
  });
}
