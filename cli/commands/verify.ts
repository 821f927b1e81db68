import { fingerprintOf } from "../../components/plan/fingerprint";
import { CliError } from "../errors";
import type { Io, Output } from "../io";
import { printable, printableJson } from "../terminal/printable";
import { type PrincipalSelection, readStackOutputs } from "../stack/outputs";
import { PASSWORD, type Variables, variablesOf } from "../variables";
import { type CheckResult, verify } from "../verify/checks";
import { WRONG_PASSWORD } from "../verify/explanations";
import { TOKENS_GIVEN_BEFORE, verifyRefused } from "../verify/refusal";

interface VerifyCommandOptions extends PrincipalSelection {
  /** @default the environment where it has one of the variables and no stack is named, else the stack */
  from?: Source;
  /** @default accepted */
  expect?: Expected;
  wait?: number;
  readOnly?: boolean;
  json?: boolean;
}

type Source = "stack" | "environment";

/** What `--expect` may be. */
type Expected = "accepted" | "refused";

/** `himl-sp verify`: logs in as hi-ml does, and reports check by check. */
export async function runVerify(io: Io, options: VerifyCommandOptions): Promise<void> {
  const source = options.from ?? chooseSource(io, options);
  const expected = options.expect ?? "accepted";
  const { variables, passwordEnds } = await readVariables(io, options, source);
  const from = source === "stack" ? "the outputs of the stack" : "the variables of the environment";
  io.stderr.write(
    expected === "refused"
      ? `Checking that the login with ${from} is refused\n`
      : `Checking ${from}, as hi-ml uses them\n`,
  );

  const results: CheckResult[] = [];
  const report = (result: CheckResult) => {
    results.push(result);
    if (!options.json) io.stdout.write(formatResult(result, io.stdout));
  };
  const failure =
    expected === "refused"
      ? await verifyRefused(
          io,
          variables,
          { ...options, isHandedOut: () => source === "stack" || isHandedOut(io, options, variables) },
          report,
        )
      : aboutSource(
          source,
          await verify(io, variables, { ...options, ...(passwordEnds && { passwordEnds }) }, report),
        );
  if (options.json) {
    io.stdout.write(printableJson(asJson(source, expected, results, failure)));
  }
  if (failure !== undefined) throw failure;
  if (expected === "refused") io.stderr.write(`No new token is issued. ${TOKENS_GIVEN_BEFORE}\n`);
}

function asJson(
  from: Source,
  expected: Expected,
  results: readonly CheckResult[],
  failure: CliError | undefined,
) {
  const workspace = results.find((result) => result.workspace !== undefined)?.workspace;
  return {
    version: 1,
    ok: failure === undefined,
    from,
    expected,
    ...(failure && { code: failure.code, message: failure.message, remedy: failure.remedy }),
    ...(workspace && { workspace }),
    checks: results.map(({ workspace: _, ...result }) => result),
  };
}

function chooseSource(io: Io, { stack, cwd, principal, expect }: VerifyCommandOptions): Source {
  if ([stack, cwd, principal].some((given) => given !== undefined)) return "stack";
  // After `pulumi destroy` a stack has no outputs.
  if (expect === "refused") return "environment";
  return Object.values(variablesOf(io.env)).some(Boolean) ? "environment" : "stack";
}

async function readVariables(
  io: Io,
  options: VerifyCommandOptions,
  source: Source,
): Promise<{ variables: Variables; passwordEnds?: string }> {
  if (source === "environment") return { variables: variablesOf(io.env) };
  const { variables, details } = await readStackOutputs(io, options, true);
  const passwordEnds = details.secrets.find(({ current }) => current)?.ends;
  return {
    variables,
    ...(variables[PASSWORD] !== undefined && passwordEnds !== undefined && { passwordEnds }),
  };
}

/** Whether the password is one that the stack hands out or has handed out, by the marks that it keeps of them. */
async function isHandedOut(io: Io, selection: PrincipalSelection, variables: Variables): Promise<boolean> {
  const password = variables[PASSWORD];
  if (password === undefined) return false;
  try {
    const { details } = await readStackOutputs(io, selection, false);
    return [...details.secrets, ...(details.formerSecrets ?? [])].some(
      ({ keyId, fingerprint }) => fingerprint === fingerprintOf(password, keyId),
    );
  } catch (error) {
    // Without a stack nothing is known of it.
    if (error instanceof CliError && !io.signal.aborted) return false;
    throw error;
  }
}

/** What a stack hands out has been pushed already, or soon will be: to push it again would change nothing. */
function aboutSource(source: Source, failure: CliError | undefined): CliError | undefined {
  if (source === "environment" || failure?.code !== WRONG_PASSWORD) return failure;
  return new CliError(
    failure.code,
    "Entra does not accept the password that the stack hands out: somebody removed it, or it is not known everywhere yet.",
    "If the stack was updated just now, add --wait 5m. Otherwise run `himl-sp audit`, which shows what Azure has and what to do; in a hurry, `himl-sp rotate` replaces it.",
  );
}

/** A failure's sentence and remedy follow on stderr. */
export function formatResult({ check, ok, detail, code }: CheckResult, output: Output): string {
  const mark = ok ? paint("ok  ", 32, output) : paint("FAIL", 31, output);
  const told = ok ? (code === undefined ? detail : `${code}: ${detail}`) : code;
  return `${mark}  ${check.padEnd(13)}  ${printable(told ?? "")}\n`;
}

function paint(text: string, color: number, { hasColor }: Output): string {
  return hasColor ? `\u001b[${color}m${text}\u001b[39m` : text;
}
