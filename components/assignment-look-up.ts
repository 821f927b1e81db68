import {
  createDefaultHttpClient,
  createHttpHeaders,
  createPipelineFromOptions,
  createPipelineRequest,
} from "@azure/core-rest-pipeline";
import { getClientToken } from "@pulumi/azure-native/authorization/getClientToken";
import * as pulumi from "@pulumi/pulumi";
import { askOnce } from "./look-ups";
import { messageOf } from "./problems";

// Loaded only if a role is new to a principal that exists already: the HTTP client takes 70 ms to load.

/** A role assignment of Azure's. */
export interface AzureAssignment {
  /** Resource ID. */
  id: string;
  /** The last part of the ID. */
  name: string;
}

/** What an assignment gives. */
export interface AssignmentKey {
  principalId: string;
  roleDefinitionId: string;
  scope: string;
}

/**
 * The assignments of exactly this principal, role and scope: Azure has one at most. None where Azure cannot be asked: then
 * the preview goes on, and `pulumi up` fails where one is there.
 *
 * azure-native has no function that lists assignments, so its login is used for a request.
 */
export async function listAssignments(
  wanted: AssignmentKey,
  parent: pulumi.Resource,
): Promise<AzureAssignment[]> {
  try {
    const token = "azure-native:authorization:getClientToken";
    const login = await askOnce(parent, token, "", () => getClientToken({}, { parent }));
    const { scope, principalId } = wanted;
    const listed = await askOnce(parent, token, `${scope} ${principalId}`, () => list(login.token, wanted));
    return listed.filter(({ properties }) => isSame(properties, wanted));
  } catch (error) {
    void pulumi.log.debug(`The role assignments of the principal are not known: ${messageOf(error)}`, parent);
    return [];
  }
}

type Listed = AzureAssignment & { properties: AssignmentKey };

function isSame(one: AssignmentKey, other: AssignmentKey): boolean {
  const keyOf = ({ principalId, roleDefinitionId, scope }: AssignmentKey) => {
    const roleId = roleDefinitionId.slice(roleDefinitionId.lastIndexOf("/") + 1);
    return [principalId, roleId, scope.replace(/\/+$/, "")].join("|").toLowerCase();
  };
  return keyOf(one) === keyOf(other);
}

const TIMEOUT_MS = 10_000;

async function list(token: string, { scope, principalId }: AssignmentKey): Promise<Listed[]> {
  const origin = originOf(token);
  const pipeline = createPipelineFromOptions({ retryOptions: { maxRetries: 1 } });
  const client = createDefaultHttpClient();
  const filter = encodeURIComponent(`principalId eq '${principalId}'`);
  const found: Listed[] = [];
  const abortSignal = AbortSignal.timeout(TIMEOUT_MS);
  let next: string | undefined =
    `${encodeURI(scope)}/providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01&$filter=${filter}`;
  while (next !== undefined) {
    const { status, bodyAsText } = await pipeline.sendRequest(
      client,
      createPipelineRequest({
        url: `${origin}${next}`,
        headers: createHttpHeaders({ authorization: `Bearer ${token}`, accept: "application/json" }),
        abortSignal,
        // No connection that is kept open holds up the end of the program.
        disableKeepAlive: true,
      }),
    );
    if (status !== 200) throw new Error(`HTTP status ${status}`);
    const page = JSON.parse(bodyAsText ?? "") as { value: Listed[]; nextLink?: string };
    found.push(...page.value);
    next = page.nextLink ? pathOf(page.nextLink) : undefined;
  }
  return found;
}

/** The token goes to no other host. */
function pathOf(link: string): string {
  const { pathname, search } = new URL(link);
  return `${pathname}${search}`;
}

const PUBLIC_AUDIENCE =
  /^(?:https:\/\/management\.(?:core\.windows\.net|azure\.com)|797f4846-ba00-4fd7-ba43-dac1f8f63013)$/i;

/** Where the token is for: nothing else tells which Azure Resource Manager a provider uses. */
function originOf(token: string): string {
  const claims = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as {
    aud: string;
  };
  const audience = claims.aud.replace(/\/+$/, "");
  if (PUBLIC_AUDIENCE.test(audience)) return "https://management.azure.com";
  if (/^https:\/\/[^/?#@]+$/.test(audience)) return audience;
  throw new Error("the token is not for Azure Resource Manager");
}
