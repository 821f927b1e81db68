import { command } from "../../components/commands";
import { CliError } from "../errors";
import { isNotFound, lastLines, run, type RunOptions } from "../processes";

/** A program of the user's that is asked for what only it is logged in to. */
export interface Tool {
  program: string;
  notFound: CliError;
  /** The error for a refusal, by its exit code and what it printed. */
  explain: (exitCode: number | undefined, stderr: string) => CliError | undefined;
}

/** Runs the tool, and gives what it printed on stdout. No argument may be a secret: other users see them. */
export async function runTool(tool: Tool, args: readonly string[], options: RunOptions): Promise<string> {
  let finished;
  try {
    finished = await run(tool.program, args, options);
  } catch (error) {
    throw isNotFound(error) ? tool.notFound : error;
  }
  if (finished.exitCode === 0) return finished.stdout;
  const said = lastLines(finished.stderr, 3);
  throw (
    tool.explain(finished.exitCode, finished.stderr) ??
    new CliError(
      "TOOL_FAILED",
      `${command`${tool.program} ${args.slice(0, 3)}`} ended with exit code ${finished.exitCode ?? "none"}: ${said}`,
      "Its message may say what is missing, for example rights on the target.",
    )
  );
}
