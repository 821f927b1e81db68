import { assignmentName, secretDisplayName, trustDescription } from "../../components/plan/ownership";
import { CONTRIBUTOR, ok, type Rig } from "../local-azure/rig";
import { IDS } from "./audit-fixture";

// What the instance of the tests gives its names and marks to, in a local Azure.

/** A secret of a slot; `more` for its other properties. */
export async function addOwnSecret(rig: Rig, applicationId: string, slot: "a" | "b", more: object = {}) {
  const passwordCredential = { displayName: secretDisplayName(IDS.instance, slot), ...more };
  return ok(await rig.graph("POST", `/applications/${applicationId}/addPassword`, { passwordCredential }));
}

export async function addOwnTrust(
  rig: Rig,
  applicationId: string,
  trust: { name: string; issuer: string; subject: string },
) {
  return ok(
    await rig.graph("POST", `/applications/${applicationId}/federatedIdentityCredentials`, {
      ...trust,
      audiences: ["api://AzureADTokenExchange"],
      description: trustDescription(IDS.instance),
    }),
    201,
  );
}

/** Contributor on a scope; gives the assignment's name. */
export async function assignOwnRole(rig: Rig, principalId: string, scope: string): Promise<string> {
  const name = assignmentName({ instanceId: IDS.instance, scope, principalId, roleId: CONTRIBUTOR });
  ok(await rig.assign(principalId, CONTRIBUTOR, scope, { principalType: "ServicePrincipal" }, name), 201);
  return name;
}
