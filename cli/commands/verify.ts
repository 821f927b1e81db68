import type { Io, Output } from "../io";
import { readStackOutputs } from "../stack/outputs";
import type { StackSelection } from "../stack/pulumi";
import { PASSWORD, VARIABLE_NAMES, type Variables } from "../variables";
import { type CheckResult, verify } from "../verify/checks";

export interface VerifyCommandOptions extends StackSelection {
  /** @default the environment where it has one of the variables and no stack is named, else the stack */
  from?: "stack" | "environment";
  wait?: number;
  readOnly?: boolean;
  json?: boolean;
}

/** `himl-sp verify`: logs in as hi-ml does, and reports check by check. */
export async function runVerify(io: Io, options: VerifyCommandOptions): Promise<void> {
  const source = options.from ?? chooseSource(io, options);
  const { variables, passwordEnds } = await readVariables(io, options, source);
  const from = source === "stack" ? "the outputs of the stack" : "the variables of the environment";
  io.stderr.write(`Checking ${from}, as hi-ml uses them\n`);

  const results: CheckResult[] = [];
  const failure = await verify(
    io,
    variables,
    { ...options, ...(passwordEnds && { passwordEnds }) },
    (result) => {
      results.push(result);
      if (!options.json) io.stdout.write(formatResult(result, io.stdout));
    },
  );
  if (options.json) {
    io.stdout.write(
      `${JSON.stringify({ ok: failure === undefined, from: source, checks: results }, null, 2)}\n`,
    );
  }
  if (failure !== undefined) throw failure;
}

function chooseSource(io: Io, { stack, cwd }: StackSelection): "stack" | "environment" {
  const hasVariables = VARIABLE_NAMES.some((name) => io.env[name]);
  return hasVariables && stack === undefined && cwd === undefined ? "environment" : "stack";
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
  return `${mark}  ${check.padEnd(13)}  ${ok ? detail : code}\n`;
}

function paint(text: string, color: number, { hasColor }: Output): string {
  return hasColor ? `\u001b[${color}m${text}\u001b[39m` : text;
}
