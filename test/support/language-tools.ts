import { createHash, randomUUID } from "node:crypto";
import { access, mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import path from "node:path";
import envPaths from "env-paths";
import { isNotFound, lastLines, run } from "../../cli/tools/process";
import { ClientUnavailableError } from "../clients/availability";

const MODULES = path.join(__dirname, "languages");
const SUFFIX = process.platform === "win32" ? ".exe" : "";

/** What each tool is built from, in the Go module of its name: pulumi-yaml does not compile with the engine's packages of 3.224. */
const PACKAGES = {
  "pulumi-language-yaml": "github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml",
  "generate-sdks": ".",
  gh: "github.com/cli/cli/v2/cmd/gh",
};

type LanguageTool = keyof typeof PACKAGES;

/** A tool of Pulumi's, built once from its Go module and kept in the user's cache folder. */
export async function obtainLanguageTool(tool: LanguageTool): Promise<string> {
  const module = path.join(MODULES, tool);
  const sources = (await readdir(module)).sort().map((file) => readFile(path.join(module, file), "utf8"));
  const key = createHash("sha256")
    .update((await Promise.all(sources)).join().replaceAll("\r\n", "\n"))
    .digest("hex")
    .slice(0, 16);
  const folder = path.join(envPaths("himl-service-principal", { suffix: "" }).cache, "languages", key);
  const file = path.join(folder, `${tool}${SUFFIX}`);
  if (await exists(file)) return file;

  await mkdir(folder, { recursive: true });
  const unfinished = path.join(folder, `${tool}-${randomUUID()}`);
  process.stderr.write(`    building ${tool} from its Go module, once (1 to 4 minutes)\n`);
  try {
    const build = await run(
      "go",
      ["build", "-trimpath", "-ldflags", "-s -w", "-o", unfinished, PACKAGES[tool]],
      {
        cwd: module,
        // A workspace or vendoring of the user's would change what is built.
        env: { ...process.env, GOWORK: "off", GOFLAGS: "-mod=readonly", CGO_ENABLED: "0" },
      },
    );
    if (build.exitCode !== 0)
      throw new ClientUnavailableError(`${tool} cannot be built: ${lastLines(build.stderr, 3)}`);
    await rename(unfinished, file);
  } catch (error) {
    if (!isNotFound(error)) throw error;
    throw new ClientUnavailableError(`${tool} is built with Go 1.25 or later, which is not installed`);
  } finally {
    await rm(unfinished, { force: true });
  }
  return file;
}

/** The SDKs for all languages, as `pulumi package gen-sdk` makes them, each in a folder of the target. */
export async function generateSdks(target: string): Promise<void> {
  const tool = await obtainLanguageTool("generate-sdks");
  const schema = path.join(__dirname, "../../plugin/schema.json");
  const { exitCode, stderr } = await run(tool, [schema, target], { env: process.env });
  if (exitCode !== 0) throw new Error(`The SDKs must be generated. Received:\n${stderr}`);
}

function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
