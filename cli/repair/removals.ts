import type { Audit } from "../audit/audit";
import { isSameId } from "../audit/record";
import type { RepairAction } from "../audit/findings";
import { AzureRefusal } from "../azure/service";
import type { Azure } from "../audit/read-azure";

/** Carries out one removal. It is no failure if the thing is gone already. */
export async function remove({ azure, answers }: Audit, action: RepairAction): Promise<void> {
  const { graph, arm } = azure;
  switch (action.kind) {
    case "removeRole": {
      const path = `${encodeURI(action.id)}?api-version=2022-04-01`;
      return ignoreMissing(arm.send("DELETE", path, "remove a role assignment"));
    }
    case "removeSecret":
      return removeSecret(azure, action.applicationId, action.keyId);
    case "removeTrust": {
      const path = `/v1.0/applications/${action.applicationId}/federatedIdentityCredentials/${action.id}`;
      return ignoreMissing(graph.send("DELETE", path, "remove a trust"));
    }
    case "removePrincipal":
      return ignoreMissing(
        graph.send("DELETE", `/v1.0/servicePrincipals/${action.id}`, "remove a principal"),
      );
    case "removeApplication": {
      // It rests in the recycle bin for 30 days, and must not come back with a secret.
      const found = answers.taggedApplications?.find(({ objectId }) => isSameId(objectId, action.id));
      for (const { keyId } of found?.secrets ?? []) await removeSecret(azure, action.id, keyId);
      return ignoreMissing(graph.send("DELETE", `/v1.0/applications/${action.id}`, "remove an application"));
    }
    case "purge": {
      for (const id of action.ids) {
        const path = `/v1.0/directory/deletedItems/${id}`;
        await ignoreMissing(graph.send("DELETE", path, "delete from the recycle bin"));
      }
      return;
    }
    default:
      throw new Error(`${action.kind} removes nothing.`);
  }
}

async function removeSecret({ graph }: Azure, applicationId: string, keyId: string): Promise<void> {
  const path = `/v1.0/applications/${applicationId}`;
  try {
    await ignoreMissing(graph.send("POST", `${path}/removePassword`, "remove a secret", { keyId }));
  } catch (error) {
    if (!(error instanceof AzureRefusal && error.status === 400)) throw error;
    // Of a secret that is gone Azure says no more than that the request is bad.
    const application = await graph.find<{ passwordCredentials: { keyId: string }[] }>(
      `${path}?$select=passwordCredentials`,
      "read the application",
    );
    if (application?.passwordCredentials.some((secret) => isSameId(secret.keyId, keyId))) throw error;
  }
}

async function ignoreMissing(sending: Promise<unknown>): Promise<void> {
  try {
    await sending;
  } catch (error) {
    if (!(error instanceof AzureRefusal && error.status === 404)) throw error;
  }
}
