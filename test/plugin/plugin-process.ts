import { once } from "node:events";
import path from "node:path";
import { start } from "../../cli/tools/process";
import { PROJECT } from "../rehearsal/support";

/** The plugin as an engine starts it, waiting for one. */
export interface PluginProcess {
  /** `name:port`, for a session. */
  readonly attached: string;
  close(): Promise<void>;
}

/** Starts the plugin of a folder by Pulumi's own runner, as its language host for Node does. */
export async function startPlugin(
  folder = path.join(PROJECT, "plugin"),
  cwd = path.join(PROJECT, "plugin"),
): Promise<PluginProcess> {
  const runner = require.resolve("@pulumi/pulumi/cmd/run-plugin", { paths: [folder] });
  // The address of an engine: one that attaches tells another.
  const child = start(process.execPath, [runner, folder, "127.0.0.1:1"], {
    cwd,
    env: { ...process.env, PULUMI_NODEJS_TYPESCRIPT: "true" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stderr = "";
  child.stderr!.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const ended = once(child, "exit");
  const port = await Promise.race([
    once(child.stdout!.setEncoding("utf8"), "data").then(([text]) => String(text).trim()),
    ended.then(() => undefined),
  ]);
  if (port === undefined || !/^\d+$/.test(port))
    throw new Error(`The plugin must start. Received ${port ?? "nothing"}:\n${stderr}`);
  // Whatever it prints later, nobody reads; a full pipe would stop it.
  child.stdout!.resume();
  return {
    attached: `himl-service-principal:${port}`,
    close: async () => {
      child.kill();
      await ended;
    },
  };
}
