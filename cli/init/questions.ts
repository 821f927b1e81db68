import { CliError } from "../errors";
import type { Io } from "../io";
import { printable } from "../terminal/printable";
import type { Asker, Choice } from "../terminal/asker";
import type { AzureLogin, Subscription } from "./azure/login";
import {
  findWorkspaceConfig,
  isSameWorkspace,
  listWorkspaces,
  matchWorkspaces,
  type Workspace,
} from "./azure/workspaces";
import type { InitOptions } from "./options";
import { askAzureDevOps, chooseAzureDevOpsTrust } from "./places/azure-devops";
import {
  askGithub,
  chooseGithubTrust,
  type ChosenGithub,
  describeJob,
  spellRepository,
  suggestGithub,
  findRepositories,
} from "./places/github";
import type { GitRepository } from "../tools/git";
import type { Place, PlaceName, TrustChoice } from "./places/place";
import { AS_GIVEN, askTrust } from "./places/trust";

/** Options that stand for the questions that everybody is asked. */
export function missingOptions(options: InitOptions): string[] {
  return [
    ...(options.workspace === undefined ? ["--workspace NAME"] : []),
    ...(options.pipeline === undefined ? ["--pipeline github|azure-devops|other"] : []),
    ...(options.password === undefined ? ["--password or --no-password"] : []),
  ];
}

/** Which workspace? Those that the login can see, that of hi-ml's `config.json` first. */
export async function askWorkspace(
  io: Io,
  asker: Asker,
  login: AzureLogin,
  options: InitOptions,
  folder: string,
  git: GitRepository | undefined,
  before: Workspace | undefined,
): Promise<Workspace> {
  const subscriptions = await login.subscriptions();
  io.stderr.write(`Looking for workspaces in ${subscriptions.length} subscriptions …\n`);
  const { workspaces, unread } = await listWorkspaces(login, subscriptions);
  for (const reason of unread) io.stderr.write(`${printable(`Not searched: ${reason}`)}\n`);
  const configured = findWorkspaceConfig(io, folder, git?.workspaceConfigs ?? []);
  const named = [before, configured].filter((one) => one !== undefined);
  const all = [
    ...named.map((one) => ({ ...workspaces.find((other) => isSameWorkspace(one, other)), ...one })),
    ...workspaces.filter((one) => !named.some((other) => isSameWorkspace(one, other))),
  ]
    .filter((one, index, list) => list.findIndex((other) => isSameWorkspace(one, other)) === index)
    .map((one) => withSubscription(one, subscriptions));

  if (options.workspace !== undefined)
    return withSubscription(pickNamed(all, options.workspace), subscriptions);
  if (all.length === 0) throw noWorkspace(subscriptions);
  const ready = named.length > 0 || all.length === 1 ? all[0] : undefined;
  return asker.choose({
    option: "--workspace NAME",
    message: "Which workspace?",
    choices: all.map((value): Choice<Workspace> => ({ value, name: describeWorkspace(value) })),
    ...(ready !== undefined && { ready }),
  });
}

function describeWorkspace({ name, resourceGroup, subscriptionName, subscriptionId, configFile }: Workspace) {
  const from = configFile === undefined ? "" : `, from ${configFile}`;
  return `${name}  (resource group ${resourceGroup}, ${subscriptionName ?? subscriptionId}${from})`;
}

function pickNamed(all: readonly Workspace[], text: string): Workspace {
  const matches = matchWorkspaces(all, text);
  if (matches.length === 1) return matches[0]!;
  const known = matches.length > 1 ? matches : all;
  const list = known
    .slice(0, 10)
    .map(
      ({ resourceGroup, name, subscriptionName }) => `${resourceGroup}/${name} in ${subscriptionName ?? "?"}`,
    );
  throw new CliError(
    matches.length > 1 ? "WORKSPACE_AMBIGUOUS" : "WORKSPACE_NOT_FOUND",
    `--workspace must name one workspace that your login can see. ${JSON.stringify(text)} names ${matches.length || "none"}.`,
    `Give GROUP/NAME or the resource ID. ${matches.length > 1 ? "They are" : "There are"}: ${list.join(", ") || "none"}${known.length > 10 ? ", …" : "."}`,
  );
}

function withSubscription(workspace: Workspace, subscriptions: readonly Subscription[]): Workspace {
  const of = subscriptions.find(({ id }) => id.toLowerCase() === workspace.subscriptionId.toLowerCase());
  return of === undefined
    ? workspace
    : {
        ...workspace,
        subscriptionName: of.name,
        tenantId: of.tenantId,
        ...(of.user && { account: of.user.name }),
      };
}

function noWorkspace(subscriptions: readonly Subscription[]): CliError {
  const searched = subscriptions.map(({ name }) => name).slice(0, 5);
  const more =
    subscriptions.length > searched.length ? ` and ${subscriptions.length - searched.length} more` : "";
  return new CliError(
    "NO_WORKSPACE",
    `Your login must be able to see an Azure ML workspace. It sees none in ${searched.join(", ") || "any subscription"}${more}.`,
    "Ask somebody with the role Owner on the workspace for the role Reader. If it is in another tenant: `az login --tenant TENANT`. Or give --workspace RESOURCE_ID.",
  );
}

/** A place, and the way to the trust in its jobs, which is only looked for where there is no password. */
interface ChosenPlace {
  place: Place;
  chooseTrust: () => Promise<{ place: Place; trust: TrustChoice }>;
}

/** Where do the jobs run? Those of the repository at hand come first. */
export async function askPlace(
  io: Io,
  asker: Asker,
  options: InitOptions,
  git: GitRepository | undefined,
  before: Place | undefined,
): Promise<ChosenPlace> {
  const ofGithub = (chosen: ChosenGithub): ChosenPlace => ({
    place: chosen.place,
    chooseTrust: async () => ({
      place: chosen.place,
      trust: await chooseGithubTrust(asker, options, chosen),
    }),
  });
  const former = before?.name === "github" ? before : {};
  const isOpen = options.pipeline === undefined && options.repo === undefined;
  const nearby =
    isOpen || (options.pipeline === "github" && options.repo === undefined)
      ? await findRepositories(io, options, git, former)
      : [];
  const suggested = isOpen && asker.isPerson ? await suggestGithub(io, nearby, former) : [];
  const choices: Choice<ChosenGithub | PlaceName>[] = [
    ...suggested.map((value) => {
      const { name, description } = describeJob(value.place);
      return {
        value,
        name: `GitHub Actions, ${spellRepository(value.place.host, value.place.repository)}, ${name}`,
        description,
      };
    }),
    { value: "github", name: suggested.length > 0 ? "GitHub Actions, another repository" : "GitHub Actions" },
    { value: "azure-devops", name: "Azure DevOps" },
    { value: "other", name: "somewhere else", description: "A server, cron, another pipeline." },
  ];
  const isAtAzureDevOps = git?.remotes.some(({ place }) => place === "azure-devops") ?? false;
  const ofFolder = nearby.length > 0 ? "github" : isAtAzureDevOps ? "azure-devops" : undefined;
  const nearest = before?.name === "github" ? ofFolder : (before?.name ?? ofFolder);
  const ready = nearest === "github" ? (suggested[0] ?? nearest) : nearest;
  const answer =
    options.pipeline ??
    (options.repo === undefined ? undefined : "github") ??
    (await asker.choose({
      option: "--pipeline github|azure-devops|other",
      message: "Where do the jobs run?",
      choices,
      ...(ready !== undefined && { ready }),
    }));
  switch (answer) {
    case "github":
      return ofGithub(await askGithub(io, asker, options, nearby, former));
    case "azure-devops":
      return askPlaceAtAzureDevOps(io, asker, options, git, before?.name === "azure-devops" ? before : {});
    case "other":
      return { place: { name: answer }, chooseTrust: () => chooseOtherTrust(asker, options) };
    default:
      return ofGithub(answer);
  }
}

async function askPlaceAtAzureDevOps(
  io: Io,
  asker: Asker,
  options: InitOptions,
  git: GitRepository | undefined,
  before: Partial<Extract<Place, { name: "azure-devops" }>>,
): Promise<ChosenPlace> {
  const place = await askAzureDevOps(io, asker, options, git, before);
  return {
    place,
    chooseTrust: async () => {
      const { serviceConnection, choice } = await chooseAzureDevOpsTrust(io, asker, options, place, before);
      return { place: { ...place, ...(serviceConnection && { serviceConnection }) }, trust: choice };
    },
  };
}

async function chooseOtherTrust(
  asker: Asker,
  options: InitOptions,
): Promise<{ place: Place; trust: TrustChoice }> {
  const trust = await askTrust(asker, options);
  return { place: { name: "other" }, trust: { trust, ...trust, notes: [AS_GIVEN] } };
}

/** Without a password? Yes by default where the pipeline can. */
export function askPassword(
  asker: Asker,
  options: InitOptions,
  place: Place,
  before: boolean | undefined,
): Promise<boolean> {
  if (options.password !== undefined) return Promise.resolve(options.password);
  return asker.choose({
    option: "--password or --no-password",
    message: "Without a password?",
    choices: [
      {
        value: false,
        name: "yes, without",
        description:
          "The job logs in with its own token: nothing is stored, nothing expires, nothing can leak.",
      },
      {
        value: true,
        name: "no, with a password",
        description: "A secret that `pulumi up` renews every 90 days. You push it to the pipeline.",
      },
    ],
    ready: before ?? place.name === "other",
  });
}
