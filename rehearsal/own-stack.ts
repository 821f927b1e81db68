import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { parse } from "yaml";
import { command } from "../components/plan/commands";
import type { WorldOptions } from "../local-azure/local-azure";
import { readWorkspaceConfig } from "../stack/workspace-config";
import type { Chapter } from "./chapters/chapter";
import { describe, listThings, onlySame } from "./operation-text";
import type { Stage, Variables } from "./stage";
import { expect } from "./story";

const DEFAULT_RENEWAL_DAYS = 90;
const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const SETTINGS_FILE = /^Pulumi\.(.+)\.yaml$/;

/** The stack's settings cannot be rehearsed as they are. */
export class OwnStackError extends Error {
  override readonly name = "OwnStackError";
}

/** The stacks of the project that have a file of settings. */
function listOwnStacks(projectFolder: string): string[] {
  return readdirSync(projectFolder).flatMap((file) => SETTINGS_FILE.exec(file)?.[1] ?? []);
}

/**
 * The life of a stack with the settings of its own file, `Pulumi.NAME.yaml`, in an Azure that has a workspace, a
 * subscription and a tenant of the names in it.
 *
 * @throws OwnStackError
 */
export function ownStack(projectFolder: string, name: string): Chapter {
  const { settings, provider } = readSettings(projectFolder, name);
  return {
    name: `stack ${name}`,
    title: `Stack ${name}: its own settings, on this machine`,
    setting: { settings, azure: worldOf(projectFolder, settings, provider) },
    run: (stage) => run(stage, settings),
  };
}

type Texts = Record<string, string>;

function readSettings(projectFolder: string, name: string): { settings: Texts; provider: Texts } {
  const file = path.join(projectFolder, `Pulumi.${name}.yaml`);
  if (!existsSync(file)) {
    const known = listOwnStacks(projectFolder).join(", ") || "none";
    throw new OwnStackError(
      `--stack must name a stack with a file of settings. There is no ${file}. Known: ${known}.`,
    );
  }
  const { config } = readYaml(file);
  const project = String(readYaml(path.join(projectFolder, "Pulumi.yaml"))["name"]);
  const settings: Texts = {};
  const provider: Texts = {};
  for (const [key, value] of Object.entries(isRecord(config) ? config : {})) {
    if (typeof value === "object" && value !== null && "secure" in value) {
      throw new OwnStackError(
        `${key} must not be encrypted: no setting is a secret, and it cannot be read here. ${command`pulumi config set --plaintext ${key} VALUE --stack ${name}`} writes it in plain text.`,
      );
    }
    const text = typeof value === "string" ? value : JSON.stringify(value);
    const at = key.indexOf(":");
    // Without a name before it, it is the project's.
    if (at === -1 || key.startsWith(`${project}:`)) settings[key.slice(at + 1)] = text;
    else provider[key] = text;
  }
  return { settings, provider };
}

function readYaml(file: string): Record<string, unknown> {
  try {
    const value: unknown = parse(readFileSync(file, "utf8"));
    return isRecord(value) ? value : {};
  } catch (error) {
    throw new OwnStackError(`${file} must be YAML. It is not: ${(error as Error).message}`);
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What cannot be a name or an ID is left to the program, which says what is wrong. */
function worldOf(projectFolder: string, settings: Texts, provider: Texts): WorldOptions {
  const file = settings["workspaceConfig"];
  const read = file === undefined ? {} : readWorkspaceConfig(file, projectFolder).values;
  const fromFile = (name: keyof typeof read) => (typeof read[name] === "string" ? read[name] : undefined);
  const subscriptionId =
    settings["subscriptionId"] ?? fromFile("subscriptionId") ?? provider["azure-native:subscriptionId"];
  const tenantId = provider["azure-native:tenantId"] ?? provider["azuread:tenantId"];
  const resourceGroup = settings["resourceGroupName"] ?? fromFile("resourceGroupName");
  const workspaceName = settings["workspaceName"] ?? fromFile("workspaceName");
  return {
    ...(tenantId !== undefined && GUID.test(tenantId) && { tenantId }),
    ...(subscriptionId !== undefined && GUID.test(subscriptionId) && { subscriptionId }),
    ...(resourceGroup !== undefined && resourceGroup !== "" && { resourceGroup }),
    ...(workspaceName !== undefined && workspaceName !== "" && { workspaceName }),
  };
}

async function run(stage: Stage, settings: Texts): Promise<void> {
  addWhatIsNamed(stage, settings);
  await stage.story.step("pulumi preview", async () => {
    const { value, traffic } = await stage.observe(() => stage.session.preview());
    expect(traffic.writes === 0, `It made ${traffic.writes} writes.`);
    return [`${listThings(value)}; nothing written yet`, undefined];
  });
  const first = await up(stage, "pulumi up");
  await stage.story.step("pulumi up again", async () => {
    const { value, traffic } = await stage.observe(() => stage.session.up());
    expect(onlySame(value) && traffic.writes === 0, `It planned ${describe(value)}.`);
    return ["nothing to change, nothing written", undefined];
  });
  const { roles, trusts } = first.details;
  if (roles.length === 0) {
    await stage.story.step("a pipeline's login", () =>
      Promise.resolve(["not tried: the stack assigns no role, so an administrator must", undefined]),
    );
  } else {
    if (first.details.authentication !== "federated")
      await stage.expectLogin("a pipeline with the password", first.variables);
    for (const { issuer, subject } of trusts) await logInWithToken(stage, first.variables, issuer, subject);
  }
  if (first.details.authentication !== "federated") {
    const days = Number(settings["renewSecretsEveryDays"] ?? DEFAULT_RENEWAL_DAYS);
    stage.passDays(days);
    const second = await stage.renewSecrets(`${days} days later: pulumi up`);
    if (roles.length > 0) {
      await stage.expectLogin("the previous password", first.variables);
      await stage.expectLogin("the new password", second);
    }
  }
  await stage.destroyStack();
}

/** People and applications that settings name by their IDs are in the user's tenant: here they have to be made. */
function addWhatIsNamed({ azure }: Stage, settings: Texts): void {
  for (const objectId of guids(settings["owners"]))
    azure.control.createPerson({ displayName: `owner ${objectId.slice(0, 8)}`, objectId });
  for (const clientId of guids(settings["existingClientId"]))
    azure.control.createCaller({ displayName: `application ${clientId.slice(0, 8)}`, clientId });
}

function guids(text = ""): string[] {
  return [...new Set(text.toLowerCase().match(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g) ?? [])];
}

interface Details {
  authentication: string;
  roles: unknown[];
  trusts: { issuer: string; subject?: string }[];
}

async function up(stage: Stage, name: string): Promise<{ variables: Variables; details: Details }> {
  return stage.story.step(name, async () => {
    const { value, traffic } = await stage.observe(() => stage.session.up());
    stage.countFirstUp(traffic);
    const variables = Object.entries(value.outputs).filter(
      (output): output is [string, string] => output[0].startsWith("HIML_") && typeof output[1] === "string",
    );
    const result = { variables: Object.fromEntries(variables), details: value.outputs["details"] as Details };
    return [`${listThings(value)}; ${traffic.writes} writes to Azure`, result];
  });
}

async function logInWithToken(
  stage: Stage,
  variables: Variables,
  issuer: string,
  subject: string | undefined,
): Promise<void> {
  // An expression matches many subjects, and it does not say which.
  if (subject === undefined) return;
  const declared = await stage.azure.control.declareIssuer(issuer);
  const token = await declared.sign({ sub: subject, aud: "api://AzureADTokenExchange" });
  const withoutPassword = Object.entries(variables).filter(([name]) => !name.endsWith("_PASSWORD"));
  await stage.expectLogin(`a job with the subject ${subject}`, Object.fromEntries(withoutPassword), token);
}
