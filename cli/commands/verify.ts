import type { CliError } from "../errors";
import type { Io, Output } from "../io";
import { printable, printableJson } from "../terminal/printable";
import { readStackOutputs } from "../stack/outputs";
import type { StackSelection } from "../tools/pulumi";
import { PASSWORD, VARIABLE_NAMES, type Variables } from "../variables";
import { type CheckResult, verify } from "../verify/checks";
import { verifyRefused } from "../verify/refusal";
import { TOKENS_GIVEN_BEFORE } from "../verify/what-remains";

interface VerifyCommandOptions extends StackSelection {
  /** @default the environment where it has one of the variables and no stack is named, else the stack */
  from?: "stack" | "environment";
  /** @default accepted */
  expect?: Expected;
  wait?: number;
  readOnly?: boolean;
  json?: boolean;
}

/** What `--expect` may be. */
export type Expected = "accepted" | "refused";

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
      ? await verifyRefused(io, variables, options, report)
      : await verify(io, variables, { ...options, ...(passwordEnds && { passwordEnds }) }, report);
  if (options.json) {
    io.stdout.write(printableJson(asJson(source, expected, results, failure)));
  }
  if (failure !== undefined) throw failure;
  if (expected === "refused") io.stderr.write(`No new token is issued. ${TOKENS_GIVEN_BEFORE}\n`);
}

function asJson(
  from: "stack" | "environment",
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

function chooseSource(io: Io, { stack, cwd, expect }: VerifyCommandOptions): "stack" | "environment" {
  if (stack !== undefined || cwd !== undefined) return "stack";
  // After `pulumi destroy` a stack has no outputs.
  if (expect === "refused") return "environment";
  return VARIABLE_NAMES.some((name) => io.env[name]) ? "environment" : "stack";
}

async function readVariables(
  io: Io,
  options: VerifyCommandOptions,
  source: "stack" | "environment",
): Promise<{ variables: Variables; passwordEnds?: string }> {
  if (source === "environment") {
    return {
      variables: Object.fromEntries(
        VARIABLE_NAMES.flatMap((name) => (io.env[name] === undefined ? [] : [[name, io.env[name]]])),
      ),
    };
  }
  const { variables, details } = await readStackOutputs(io, options, true);
  const passwordEnds = details.secrets.find(({ current }) => current)?.ends;
  return {
    variables,
    ...(variables[PASSWORD] !== undefined && passwordEnds !== undefined && { passwordEnds }),
  };
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
