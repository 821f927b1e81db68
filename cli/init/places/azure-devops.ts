import { CliError } from "../../errors";
import type { Io } from "../../io";
import { parseJson } from "../../tools/process";
import { checkAzureDevOpsOptions } from "../../push/targets";
import { azDevOpsOf, runAzDevOps } from "../../tools/az";
import type { Asker } from "../../terminal/asker";
import type { InitOptions } from "../options";
import type { GitRepository } from "../../tools/git";
import type { Place, TrustChoice } from "./place";
import { AS_GIVEN, askTrust } from "./trust";

type AzureDevOpsPlace = Extract<Place, { name: "azure-devops" }>;

/** A service connection, as `az devops service-endpoint list` shows it. */
interface ServiceEndpoint {
  name: string;
  type: string;
  authorization: {
    scheme: string;
    parameters?: {
      workloadIdentityFederationIssuer?: string;
      workloadIdentityFederationSubject?: string;
    };
  };
}

/** Asks for organisation and project. @param before the answers of an earlier run. */
export async function askAzureDevOps(
  io: Io,
  asker: Asker,
  options: InitOptions,
  git: GitRepository | undefined,
  before: Partial<AzureDevOpsPlace>,
): Promise<AzureDevOpsPlace> {
  const remote = git?.remotes.find((one) => one.place === "azure-devops");
  // Not what `az devops configure` keeps: that may be of other work.
  const ofFolder = remote?.place === "azure-devops" ? remote : undefined;
  const readyOrganization = before.organization ?? ofFolder?.organization;
  const organization =
    options.organization ??
    (await asker.type({
      option: "--organization URL",
      message: "Organization of Azure DevOps",
      ...(readyOrganization !== undefined && { ready: readyOrganization }),
      check: (text) => text.startsWith("https://") || "Such as: https://dev.azure.com/contoso",
    }));
  checkAzureDevOpsOptions({ organization, project: options.project ?? "any", group: "any" });
  return {
    name: "azure-devops",
    organization,
    project: await askProject(io, asker, options, organization, before.project ?? ofFolder?.project),
  };
}

async function askProject(
  io: Io,
  asker: Asker,
  options: InitOptions,
  organization: string,
  ready: string | undefined,
): Promise<string> {
  if (options.project !== undefined) return options.project;
  const names = await listProjects(io, organization);
  const only = names.length === 1 ? names[0] : undefined;
  const known = names.find((name) => name === ready) ?? only;
  return asker.choose({
    option: "--project NAME",
    message: "Which project?",
    choices: names.map((name) => ({ value: name, name })),
    ...(known !== undefined && { ready: known }),
  });
}

/** All pages. */
async function listProjects(io: Io, organization: string): Promise<string[]> {
  const names: string[] = [];
  for (;;) {
    const page = [`--top=${PAGE_SIZE}`, `--skip=${names.length}`];
    const json = await runAzDevOps(io, ["devops", "project", "list", ...page, ...azDevOpsOf(organization)]);
    const { value } = parseJson<{ value: { name: string }[] }>(json, "az");
    names.push(...value.map(({ name }) => name));
    if (value.length < PAGE_SIZE) return names;
  }
}

const PAGE_SIZE = 100;
const BY_HAND = "another one, or a draft: I give issuer and subject";

/** The trust in a service connection, with issuer and subject as Azure DevOps itself says them. */
export async function chooseAzureDevOpsTrust(
  io: Io,
  asker: Asker,
  options: InitOptions,
  place: AzureDevOpsPlace,
  before: Partial<AzureDevOpsPlace>,
): Promise<{ serviceConnection?: string; choice: TrustChoice }> {
  if (options.issuer !== undefined && options.subject !== undefined) {
    const choice = createChoice(options.issuer, options.subject, AS_GIVEN);
    return { ...(options.serviceConnection && { serviceConnection: options.serviceConnection }), choice };
  }
  const federated = (await listFederated(io, place)).filter(
    ({ name }) => options.serviceConnection === undefined || name === options.serviceConnection,
  );
  if (options.serviceConnection !== undefined && federated.length === 0) {
    throw new CliError(
      "NO_SUCH_SERVICE_CONNECTION",
      `${options.serviceConnection} must be a service connection of ${place.project} with workload identity federation. There is none of that name.`,
      "The project settings list the service connections. A draft is not listed: copy --issuer and --subject from its page.",
    );
  }
  const ready =
    federated.find(({ name }) => name === before.serviceConnection) ??
    (federated.length === 1 ? federated[0] : undefined);
  const chosen =
    options.serviceConnection === undefined
      ? await asker.choose<ServiceEndpoint | undefined>({
          option: "--service-connection NAME",
          message: "Which service connection?",
          choices: [
            ...federated.map((one) => ({ value: one, name: one.name })),
            {
              value: undefined,
              name: BY_HAND,
              description:
                "Project settings, service connections: Azure Resource Manager, App registration (manual), workload identity federation; keep it as a draft.",
            },
          ],
          ...(ready !== undefined && { ready }),
        })
      : federated[0];
  if (chosen === undefined) return askByHand(asker, options);
  const { workloadIdentityFederationIssuer: issuer, workloadIdentityFederationSubject: subject } =
    chosen.authorization.parameters!;
  return {
    serviceConnection: chosen.name,
    choice: createChoice(
      issuer!,
      subject!,
      `Issuer and subject are those of the service connection ${chosen.name}.`,
    ),
  };
}

async function askByHand(asker: Asker, options: InitOptions) {
  const { issuer, subject } = await askTrust(asker, options);
  const serviceConnection = await asker.type({ option: "--service-connection NAME", message: "Its name" });
  return { serviceConnection, choice: createChoice(issuer, subject, AS_GIVEN) };
}

function createChoice(issuer: string, subject: string, note: string): TrustChoice {
  return { trust: { azureDevOps: { issuer, subject } }, issuer, subject, notes: [note] };
}

async function listFederated(
  io: Io,
  { organization, project }: AzureDevOpsPlace,
): Promise<ServiceEndpoint[]> {
  const json = await runAzDevOps(io, [
    "devops",
    "service-endpoint",
    "list",
    ...azDevOpsOf(organization, project),
  ]);
  return parseJson<ServiceEndpoint[]>(json, "az").filter(
    ({ type, authorization: { scheme, parameters } }) =>
      type.toLowerCase() === "azurerm" &&
      scheme === "WorkloadIdentityFederation" &&
      parameters?.workloadIdentityFederationIssuer !== undefined &&
      parameters.workloadIdentityFederationSubject !== undefined,
  );
}
