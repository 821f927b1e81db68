import { command } from "../../components/plan/commands";
import { answer } from "../answer";
import { tellRemainingLogins } from "../audit/remaining-logins";
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
  json?: boolean;
}

/** The options, with the stack by its name: another one may be selected while this runs. */
type NamedOptions = RotateOptions & { stack: string };

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
  await answer(io, options, async () => rotate(io, { ...options, stack: await nameOfStack(io, options) }));
}

async function rotate(io: Io, options: NamedOptions): Promise<object> {
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

  await watch(io, options, options.yes ? ["up", "--yes"] : ["up", "--yes", "--skip-preview"], raised);
  await checkNewPassword(io, options, before.secrets, raised);
  const refused = await proveRefusal(io, former, options.wait);
  const remaining = await tellRemainingLogins(io, selectionOf(options));
  const lastTokenEnds = new Date(io.now().getTime() + LONGEST_TOKEN_MS);
  const { stack } = options;
  io.stderr.write(
    [
      "The new password works.",
      `Entra refuses the previous password (${refused.code}): tried, and refused after ${refused.after}.`,
      ...remaining,
      `${TOKENS_GIVEN_BEFORE} The last one expires ${formatLocalTime(lastTokenEnds)}. To end it at once, remove the role: ${command`pulumi config set roles "[]" --stack ${stack}`} and ${command`pulumi up --stack ${stack}`}.`,
      `  1. ${describeHandOver(before.keyVault)}`,
      `  2. Keep the setting: commit the stack's settings file, in which ${SETTING} is ${raised}. With a lower number, the next \`up\` rotates again.`,
      "",
    ].join("\n"),
  );
  return {
    stack,
    [SETTING]: raised,
    refused: refused.code,
    lastTokenEnds: lastTokenEnds.toISOString(),
    remaining,
  };
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

/** Logs in with the former password until Entra refuses it. @returns the code of the refusal, and when it came. */
async function proveRefusal(io: Io, former: Variables, waitMs: number) {
  const start = Date.now();
  let code = "";
  const failure = await verifyRefused(io, former, { wait: waitMs, isHandedOut: () => true }, (result) => {
    if (result.check === "login") code = result.code ?? "";
  });
  if (failure === undefined) return { code, after: formatDuration(Date.now() - start) };
  io.stderr.write(
    "Every secret was replaced, and the new one works. It is not proved that Entra refuses the previous one:\n",
  );
  throw failure;
}

function selectionOf({ stack, cwd }: NamedOptions): StackSelection {
  return { stack, ...(cwd !== undefined && { cwd }) };
}

async function readGeneration(io: Io, selection: NamedOptions): Promise<number> {
  let text: string;
  try {
    text = (await runPulumi(io, ["config", "get", SETTING], selectionOf(selection))).trim();
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
    command`pulumi config set ${SETTING} ${FIRST_GENERATION} --stack ${selection.stack}`,
  );
}

async function setGeneration(io: Io, selection: NamedOptions, generation: number): Promise<void> {
  await runPulumi(io, ["config", "set", SETTING, String(generation)], selectionOf(selection));
}

async function isWanted(io: Io, selection: NamedOptions, raised: number): Promise<boolean> {
  await watch(io, selection, ["preview"], raised);
  try {
    const answer = await io.ask("Replace every secret now? Jobs that use one fail from then on. [yes/no] ");
    return /^y(es)?$/i.test(answer.trim());
  } catch (error) {
    if (io.signal.aborted) throw unfinished("It was interrupted.", selection.stack, raised);
    throw error;
  }
}

/** Pulumi, for a person to watch. Whatever happens to it, the raised generation stays: that is how it can go on. */
async function watch(
  io: Io,
  selection: NamedOptions,
  args: readonly string[],
  raised: number,
): Promise<void> {
  const exitCode = await watchPulumi(io, args, selectionOf(selection));
  if (io.signal.aborted) throw unfinished("It was interrupted.", selection.stack, raised);
  if (exitCode !== 0)
    throw unfinished(
      `${command`pulumi ${args[0]}`} ended with exit code ${exitCode ?? "none"}.`,
      selection.stack,
      raised,
    );
}

// With --refresh: where Azure has removed a former secret and the answer was lost, the provider fails to remove it once
// more, at each `up`, until a refresh notices.
function unfinished(reason: string, stack: string, raised: number): CliError {
  return new CliError(
    "ROTATION_UNFINISHED",
    `The rotation is not finished. ${reason} ${SETTING} stays ${raised}.`,
    `Run ${command`pulumi up --refresh --stack ${stack}`} until it succeeds: you can repeat it at any point. Then ${command`himl-sp verify --stack ${stack} --wait 5m`}, and push.`,
  );
}

async function checkNewPassword(
  io: Io,
  options: NamedOptions,
  former: StackDetails["secrets"],
  raised: number,
): Promise<void> {
  const { variables, details } = await readStackOutputs(io, options, true);
  const current = details.secrets.find((secret) => secret.current);
  if (details.secrets.some(({ keyId }) => former.some((secret) => secret.keyId === keyId))) {
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
