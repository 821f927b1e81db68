import { STATUS_CODES } from "node:http";
import type { AzureAnswer, AzureCall, AzureConnection } from "../azure-connection";
import { isObject, type Properties } from "../property-values";
import { ProviderError } from "../provider-error";

// The real provider doubles its pauses in the same way, but goes on to the deadline of the operation (5 to 15 minutes).
const RETRY_DELAYS = [1, 2, 4, 8, 16];

/** Calls Microsoft Graph; any status but those expected is an error that begins with `action`, as the real one's does. */
export async function callGraph(
  connection: AzureConnection,
  action: string,
  call: AzureCall,
  expected: readonly number[] = [200, 201, 204],
): Promise<AzureAnswer> {
  const answer = await connection.callGraph(call, RETRY_DELAYS);
  if (expected.includes(answer.status)) return answer;
  const error = answer.json["error"];
  const reason = isObject(error)
    ? `error: ${String(error["code"])}: ${String(error["message"])}`
    : `response: ${answer.text}`;
  const status = `${answer.status} (${answer.status} ${STATUS_CODES[answer.status] ?? ""})`;
  throw new ProviderError(
    "AZURE_REFUSED",
    `${action}: unexpected status ${status} with ${reason}`,
    answer.status,
  );
}

/** Reads an object; undefined where there is none. */
export async function readObject(
  connection: AzureConnection,
  action: string,
  path: string,
  graphVersion: "v1.0" | "beta" = "v1.0",
): Promise<Properties | undefined> {
  const answer = await callGraph(connection, action, { method: "GET", path, graphVersion }, [200, 404]);
  return answer.status === 404 ? undefined : answer.json;
}

/** The members of a list; these lists fit on one page. */
export async function listObjects(
  connection: AzureConnection,
  action: string,
  path: string,
): Promise<Properties[]> {
  const { json } = await callGraph(connection, action, { method: "GET", path });
  return Array.isArray(json["value"]) ? json["value"].filter(isObject) : [];
}

/** Reads an application or a service principal with its owners; undefined if there is none. */
export async function readOwned(
  connection: AzureConnection,
  path: string,
  names: Readonly<Record<string, string>>,
): Promise<Properties | undefined> {
  const object = await readObject(connection, `Retrieving ${path}`, path);
  return object && { ...fromGraph(names, object), owners: await readOwners(connection, path) };
}

/** The object IDs of the owners of an application or a principal, in a stable order. */
export async function readOwners(connection: AzureConnection, path: string): Promise<string[]> {
  const owners = await listObjects(connection, `Could not retrieve owners for ${path}`, `${path}/owners`);
  return owners.map((owner) => String(owner["id"])).sort();
}

/** Adds and removes owners until they are those wanted, if any are. Adds first: the caller may only be allowed as an owner. */
export async function updateOwners(
  connection: AzureConnection,
  path: string,
  { owners }: Properties,
): Promise<void> {
  if (!Array.isArray(owners)) return;
  const wanted = owners.map(String);
  const present = await readOwners(connection, path);
  for (const id of wanted.filter((owner) => !present.includes(owner))) {
    const body = { "@odata.id": connection.directoryObjectUrl(id) };
    await callGraph(connection, `Could not add owners to ${path}`, {
      method: "POST",
      path: `${path}/owners/$ref`,
      body,
    });
  }
  for (const id of present.filter((owner) => !wanted.includes(owner))) {
    await callGraph(connection, `Could not add owners to ${path}`, {
      method: "DELETE",
      path: `${path}/owners/${id}/$ref`,
    });
  }
}

/** The owners which an object is created with, as one part of the body. */
export function bindOwners(connection: AzureConnection, inputs: Properties): Properties {
  const owners = inputs["owners"];
  if (!Array.isArray(owners) || owners.length === 0) return {};
  return { "owners@odata.bind": owners.map((owner) => connection.directoryObjectUrl(String(owner))) };
}

/** Inputs under the names that Graph has for them; `null`, which clears, for those in `cleared` that are not set. */
export function toGraph(
  names: Readonly<Record<string, string>>,
  inputs: Properties,
  cleared = false,
): Properties {
  const body: Properties = {};
  for (const [input, property] of Object.entries(names)) {
    if (inputs[input] !== undefined) body[property] = inputs[input];
    else if (cleared) body[property] = null;
  }
  return body;
}

/** What Graph answers, under the names of the inputs and outputs. */
export function fromGraph(names: Readonly<Record<string, string>>, object: Properties): Properties {
  return Object.fromEntries(
    Object.entries(names)
      .map(([name, property]) => [name, object[property]] as const)
      .filter(([, value]) => value !== undefined && value !== null),
  );
}

/** An ID such as `/applications/<id>`, checked. */
export function checkObjectPath(collection: string, id: unknown): string {
  return `/${collection}/${parseObjectPath(collection, id)}`;
}

/** The object ID in an ID such as `/applications/<id>`. */
export function parseObjectPath(collection: string, id: unknown): string {
  const match = new RegExp(`^/${collection}/([0-9a-f-]{36})$`, "i").exec(String(id));
  if (match?.[1] === undefined) {
    throw new ProviderError(
      "NOT_SUPPORTED",
      `The ID must be of the form /${collection}/<object ID>. Received ${String(id)}.`,
    );
  }
  return match[1];
}

/** The parts of an ID such as `<application>/password/<key>`. */
export function parseCredentialId(kind: string, id: string): { applicationId: string; keyId: string } {
  const [applicationId, found, keyId] = id.split("/");
  if (applicationId === undefined || found !== kind || keyId === undefined) {
    throw new ProviderError(
      "NOT_SUPPORTED",
      `The ID must be of the form <application>/${kind}/<id>. Received ${id}.`,
    );
  }
  return { applicationId, keyId };
}
