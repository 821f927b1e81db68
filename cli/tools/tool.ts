import { command } from "../../components/plan/commands";
import { CliError } from "../errors";
import { isNotFound, lastLines, run, type RunOptions } from "./process";

/** A program of the user that has a login which this command does not have. */
export interface Tool {
  program: string;
  notFound: CliError;
  /** The error for an exit code and what the program printed; undefined for an unknown failure. */
  explain: (exitCode: number | undefined, stderr: string) => CliError | undefined;
}

/** Runs the tool, and returns its standard output. No argument may be a secret: other users see them. */
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
