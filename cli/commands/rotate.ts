import { command } from "../../components/plan/commands";
import { tellRemainingLogins } from "../azure/remaining-logins";
import { formatDuration, formatLocalTime } from "../terminal/durations";
import { CliError, MisuseError } from "../errors";
import type { Io } from "../io";
import type { StackDetails } from "../../stack/contract";
import { printable } from "../terminal/printable";
import { nameOfStack, type PrincipalSelection, readStackOutputs } from "../stack/outputs";
import { runPulumi, type StackSelection, watchPulumi } from "../tools/pulumi";
import type { Variables } from "../variables";
import { verify } from "../verify/checks";
import { TOKENS_GIVEN_BEFORE, verifyRefused } from "../verify/refusal";
import { formatResult } from "./verify";

interface RotateOptions extends PrincipalSelection {
  /** Do not ask. */
  yes?: boolean;
  /** Milliseconds for which the new password may be unknown to parts of Entra. */
  wait: number;
  /** The role of the service principal is not meant to let it submit jobs. */
  readOnly?: boolean;
}

const SETTING = "secretGeneration";
/** The default of the setting: what it is where nobody has set it. */
const FIRST_GENERATION = 1;

/** `himl-sp rotate`: after a leak, every secret is replaced at once. */
export async function runRotate(io: Io, options: RotateOptions): Promise<void> {
  if (!options.yes && !io.canAsk) {
    throw new MisuseError(
      "NOBODY_TO_ASK",
      "Without a terminal, rotate must be given --yes.",
      "From then on, all jobs that use the current password fail until you push the new one.",
    );
  }
  // With the password: without the previous one, nobody can prove that it is refused.
  const { variables: former, details: before } = await readStackOutputs(io, options, true);
  if (before.authentication === "federated") {
    throw new CliError(
      "NOTHING_TO_ROTATE",
      "The stack must have a password. It is federated, and has none.",
      "If you no longer trust a pipeline, remove its trust from `federatedCredentials` and run `pulumi up`.",
    );
  }

  const generation = await readGeneration(io, options);
  const raised = generation + 1;
  // Before anything else: from here on, an `up` by anybody completes the rotation.
  await setGeneration(io, options, raised);
  io.stderr.write(`${SETTING} is ${raised} now (it was ${generation}).\n`);

  if (!options.yes && !(await isWanted(io, options, raised))) {
    await setGeneration(io, options, generation);
    throw new CliError(
      "DECLINED",
      `Nothing was changed: ${SETTING} is ${generation} again.`,
      "Answer yes to rotate.",
    );
  }

  const up = options.yes ? ["up", "--yes"] : ["up", "--yes", "--skip-preview"];
  await watch(io, options, up, raised);
  await checkNewPassword(
    io,
    options,
    before.secrets.map(({ keyId }) => keyId),
    raised,
  );

  const refused = await proveRefusal(io, former, options.wait);

  io.stderr.write(
    [
      "The new password works.",
      refused,
      ...(await tellRemainingLogins(io, selectionOf(options))),
      `${TOKENS_GIVEN_BEFORE} The last one expires ${formatLocalTime(new Date(io.now().getTime() + LONGEST_TOKEN_MS))}. To end it at once, remove the role: \`pulumi config set roles "[]"\` and \`pulumi up\`.`,
      `  1. ${describeHandOver(before.keyVault)}`,
      `  2. Keep the setting: commit the stack's settings file, in which ${SETTING} is ${raised}. With a lower number, the next \`up\` rotates again.`,
      "",
    ].join("\n"),
  );
}

/** How jobs come to the new password; the Key Vault of the stack, if it has one, got it by `up`. */
export function describeHandOver(keyVault: StackDetails["keyVault"]): string {
  const push =
    "`himl-sp push github …` or `himl-sp push azure-devops …`. Jobs with the old one fail until then.";
  if (keyVault === undefined) return `Push it: ${push}`;
  const vault = printable(keyVault.vaultId.slice(keyVault.vaultId.lastIndexOf("/") + 1));
  return `Jobs that read it in Key Vault ${vault} have it when they start. If others have it elsewhere, push it there: ${push}`;
}

/** See TOKENS_GIVEN_BEFORE. */
const LONGEST_TOKEN_MS = 90 * 60_000;

/** Logs in with the former password until Entra refuses it. @returns what to say of it. */
async function proveRefusal(io: Io, former: Variables, waitMs: number): Promise<string> {
  const start = Date.now();
  let code = "";
  const failure = await verifyRefused(io, former, { wait: waitMs, isHandedOut: () => true }, (result) => {
    if (result.check === "login") code = result.code ?? "";
  });
  if (failure !== undefined) {
    io.stderr.write(
      "Every secret was replaced, and the new one works. It is not proved that Entra refuses the previous one:\n",
    );
    throw failure;
  }
  return `Entra refuses the previous password (${code}): tried, and refused after ${formatDuration(Date.now() - start)}.`;
}

function selectionOf({ stack, cwd }: StackSelection): StackSelection {
  return { ...(stack !== undefined && { stack }), ...(cwd !== undefined && { cwd }) };
}

async function readGeneration(io: Io, selection: StackSelection): Promise<number> {
  let text: string;
  try {
    text = (await runPulumi(io, ["config", "get", SETTING], selection)).trim();
  } catch (error) {
    if (error instanceof CliError && /configuration key .* not found/.test(error.message))
      return FIRST_GENERATION;
    throw error;
  }
  const generation = Number(text);
  if (Number.isInteger(generation) && generation >= FIRST_GENERATION) return generation;
  throw new CliError(
    "INVALID_GENERATION",
    `The setting ${SETTING} must be a whole number from ${FIRST_GENERATION}. Received ${JSON.stringify(text)}.`,
    command`pulumi config set ${SETTING} ${FIRST_GENERATION}`,
  );
}

async function setGeneration(io: Io, selection: StackSelection, generation: number): Promise<void> {
  await runPulumi(io, ["config", "set", SETTING, String(generation)], selection);
}

async function isWanted(io: Io, selection: StackSelection, raised: number): Promise<boolean> {
  await watch(io, selection, ["preview"], raised);
  try {
    const answer = await io.ask("Replace every secret now? Jobs that use one fail from then on. [yes/no] ");
    return /^y(es)?$/i.test(answer.trim());
  } catch (error) {
    if (io.signal.aborted) throw unfinished("It was interrupted.", raised);
    throw error;
  }
}

/** Pulumi, for a person to watch. Whatever happens to it, the raised generation stays: that is how it can go on. */
async function watch(
  io: Io,
  selection: StackSelection,
  args: readonly string[],
  raised: number,
): Promise<void> {
  const exitCode = await watchPulumi(io, args, selection);
  if (io.signal.aborted) throw unfinished("It was interrupted.", raised);
  if (exitCode !== 0)
    throw unfinished(`${command`pulumi ${args[0]}`} ended with exit code ${exitCode ?? "none"}.`, raised);
}

// With --refresh: where Azure has removed a former secret and the answer was lost, the provider fails to remove it once
// more, at each `up`, until a refresh notices.
function unfinished(reason: string, raised: number): CliError {
  return new CliError(
    "ROTATION_UNFINISHED",
    `The rotation is not finished. ${reason} ${SETTING} stays ${raised}.`,
    "Run `pulumi up --refresh` until it succeeds: you can repeat it at any point. Then `himl-sp verify --wait 5m`, and push.",
  );
}

async function checkNewPassword(
  io: Io,
  options: RotateOptions,
  formerKeyIds: readonly string[],
  raised: number,
): Promise<void> {
  const { variables, details } = await readStackOutputs(io, options, true);
  const current = details.secrets.find((secret) => secret.current);
  if (details.secrets.some(({ keyId }) => formerKeyIds.includes(keyId))) {
    throw new CliError(
      "ROTATION_WITHOUT_EFFECT",
      `The setting ${SETTING} must replace every secret. It is ${raised} now, and a previous secret is still there.`,
      `Your own program must pass the setting to HimlServicePrincipal as its argument ${SETTING}.`,
    );
  }
  const failure = await verify(
    io,
    variables,
    {
      wait: options.wait,
      ...(options.readOnly && { readOnly: true }),
      ...(current && { passwordEnds: current.ends }),
    },
    (result) => io.stderr.write(formatResult(result, io.stderr)),
  );
  if (failure === undefined) return;
  io.stderr.write("Every secret was replaced, but the check of the new one failed:\n");
  throw failure;
}
