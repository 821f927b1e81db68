import { MisuseError } from "../errors";
import type { Io } from "../io";
import { AzureDevOpsTarget, type AzureDevOpsOptions } from "../push/azure-devops";
import { GithubTarget, type GithubOptions } from "../push/github";
import { planSteps, push, type Target } from "../push/push";
import { readStackOutputs } from "../stack/outputs";
import type { StackSelection } from "../stack/pulumi";

interface PushOptions extends StackSelection {
  dryRun?: boolean;
}

/** `himl-sp push github`: secret and variables of a repository, or of one of its environments. */
export async function runPushGithub(io: Io, options: PushOptions & GithubOptions): Promise<void> {
  if (!/^([\w.-]+\/)?[\w.-]+\/[\w.-]+$/.test(options.repo)) {
    throw new MisuseError(
      "INVALID_REPOSITORY",
      `--repo must be OWNER/NAME. Received ${JSON.stringify(options.repo)}.`,
      "For a GitHub server of your own, HOST/OWNER/NAME.",
    );
  }
  await runPush(io, options, new GithubTarget(io, options));
}

/** `himl-sp push azure-devops`: a variable group. */
export async function runPushAzureDevOps(io: Io, options: PushOptions & AzureDevOpsOptions): Promise<void> {
  if (!/^https:\/\/[^\s/]+/.test(options.organization)) {
    throw new MisuseError(
      "INVALID_ORGANIZATION",
      `--organization must be the address of the organization. Received ${JSON.stringify(options.organization)}.`,
      "For example: https://dev.azure.com/contoso",
    );
  }
  await runPush(io, options, new AzureDevOpsTarget(io, options));
}

async function runPush(io: Io, options: PushOptions, target: Target): Promise<void> {
  // The tool first: whether it is there and logged in is known sooner than the outputs are read.
  const holdings = await target.inspect();
  const { variables, details } = await readStackOutputs(io, options, !options.dryRun);
  const isFederated = details.authentication === "federated";
  if (isFederated) io.stderr.write("The stack is federated: there is no password to push.\n");
  const steps = planSteps(isFederated, holdings);

  if (options.dryRun) {
    for (const { name, action, isSecret } of steps) {
      io.stdout.write(`${action}\t${isSecret ? "secret" : "variable"}\t${name}\t${target.description}\n`);
    }
    return;
  }
  await push(io, target, steps, variables);
}
