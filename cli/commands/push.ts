import { answer } from "../answer";
import type { Io } from "../io";
import { AzureDevOpsTarget, type AzureDevOpsOptions } from "../push/azure-devops";
import { GithubTarget, type GithubOptions } from "../push/github";
import { checkCarried, planSteps, push, type Target } from "../push/push";
import { checkAzureDevOpsOptions, checkGithubOptions } from "../push/targets";
import { printable } from "../terminal/printable";
import { type PrincipalSelection, readStackOutputs } from "../stack/outputs";

interface PushOptions extends PrincipalSelection {
  dryRun?: boolean;
  json?: boolean;
}

/** `himl-sp push github`: secret and variables of a repository, or of one of its environments. */
export async function runPushGithub(io: Io, options: PushOptions & GithubOptions): Promise<void> {
  checkGithubOptions(options);
  await runPush(io, options, new GithubTarget(io, options));
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
