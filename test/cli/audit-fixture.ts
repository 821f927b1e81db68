import assert from "node:assert/strict";
import { assignmentName, instanceTag, PROGRAM_TAG, secretDisplayName } from "../../components/plan/ownership";
import { compareUnmanaged } from "../../cli/audit/compare-unmanaged";
import { compareOrphans } from "../../cli/audit/compare-orphans";
import { compareRecorded } from "../../cli/audit/compare-recorded";
import { compareVaultSecrets } from "../../cli/audit/compare-vault";
import type { Comparison } from "../../cli/audit/comparison";
import { compareState } from "../../cli/audit/compare-state";
import type { AzureAnswers, InstanceAnswers } from "../../cli/audit/read-azure";
import type { Application, Credential, Principal, Role, Trust } from "../../cli/azure/types";
import { type Finding, type FindingCode, sortFindings } from "../../cli/audit/findings";
import type { Deployment } from "../../cli/audit/deployment";
import { readRecord } from "../../cli/audit/record";
import { inDays } from "../local-azure/rig";

export const NOW = new Date();
/** Not used by another thing of the fixture. */
export const STRANGE = "6a4d8c52-0c2c-4c39-9cf3-3a3b1f1f2c77";
export const SOON = inDays(180);
export const PAST = inDays(-24);
export const IDS = {
  instance: "0a4d8c52-0c2c-4c39-9cf3-3a3b1f1f2c11",
  other: "99999999-0c2c-4c39-9cf3-3a3b1f1f2c11",
  tenant: "7d3f1f5c-6f5a-4ac1-9c34-0e2f8b7c9d11",
  subscription: "5f3c1d2e-8a47-4b6c-9e21-7d0a4c8b1f36",
  application: "1b4d8c52-0c2c-4c39-9cf3-3a3b1f1f2c22",
  client: "4c8e3a56-0f5e-4a52-8c9c-25e10ab3b0ad",
  principal: "2c4d8c52-0c2c-4c39-9cf3-3a3b1f1f2c33",
  secret: "3d4d8c52-0c2c-4c39-9cf3-3a3b1f1f2c44",
  trust: "4e4d8c52-0c2c-4c39-9cf3-3a3b1f1f2c55",
  owner: "5f4d8c52-0c2c-4c39-9cf3-3a3b1f1f2c66",
  contributor: "b24988ac-6180-42a0-ab88-20f7382dd24c",
};
export const GROUP = `/subscriptions/${IDS.subscription}/resourceGroups/rg-ml`;
export const ASSIGNMENT = assignmentName({
  instanceId: IDS.instance,
  scope: GROUP,
  principalId: IDS.principal,
  roleId: IDS.contributor,
});
const ROLE_ID = `${GROUP}/providers/Microsoft.Authorization/roleAssignments/${ASSIGNMENT}`;

const URN = "urn:pulumi:dev::himl-service-principal::";
const COMPONENT = "himl-service-principal:index:HimlServicePrincipal";
export const PARENT = `${URN}${COMPONENT}::himl`;

/** URN of a child. */
export function urnOf(type: string, name: string): string {
  return `${URN}${COMPONENT}$${type}::${name}`;
}

type Resource = NonNullable<Deployment["resources"]>[number];

function child(
  type: string,
  name: string,
  id: string,
  outputs: object,
  more: Partial<Resource> = {},
): Resource {
  return { urn: urnOf(type, name), type, id, parent: PARENT, outputs: { ...outputs }, ...more };
}

const APPLICATION = "azuread:index/application:Application";
const SECRET = "azuread:index/applicationPassword:ApplicationPassword";
export const URNS = {
  application: urnOf(APPLICATION, "himl-application"),
  principal: urnOf("azuread:index/servicePrincipal:ServicePrincipal", "himl-service-principal"),
  secret: urnOf(SECRET, "himl-secret-a"),
  trust: urnOf(
    "azuread:index/applicationFederatedIdentityCredential:ApplicationFederatedIdentityCredential",
    "himl-trust-main",
  ),
  role: urnOf("azure-native:authorization:RoleAssignment", "himl-role-Contributor-on-resourceGroup"),
};

/** A state as `pulumi stack export` gives it: one instance with a secret, a trust and a role. */
export function createDeployment(
  change: { external?: boolean; leaving?: keyof typeof URNS } = {},
): Deployment {
  const external = change.external ?? false;
  const resources: Resource[] = [
    {
      urn: `${URN}pulumi:pulumi:Stack::himl-service-principal-dev`,
      type: "pulumi:pulumi:Stack",
      outputs: { HIML_TENANT_ID: IDS.tenant, HIML_SUBSCRIPTION_ID: IDS.subscription },
    },
    { urn: PARENT, type: COMPONENT, outputs: { clientId: IDS.client, tenantId: IDS.tenant } },
    child("random:index/randomUuid:RandomUuid", "himl-instance", IDS.instance, { result: IDS.instance }),
    child(
      APPLICATION,
      "himl-application",
      `/applications/${IDS.application}`,
      { clientId: IDS.client, objectId: IDS.application, displayName: "himl-ws-ml-dev", owners: [IDS.owner] },
      { external },
    ),
    child(
      "azuread:index/servicePrincipal:ServicePrincipal",
      "himl-service-principal",
      `/servicePrincipals/${IDS.principal}`,
      { clientId: IDS.client, objectId: IDS.principal, owners: [IDS.owner] },
      { external },
    ),
    child(SECRET, "himl-secret-a", `${IDS.application}/password/${IDS.secret}`, {
      keyId: IDS.secret,
      applicationId: `/applications/${IDS.application}`,
      displayName: secretDisplayName(IDS.instance, "a"),
      endDate: SOON,
    }),
    child(
      "azuread:index/applicationFederatedIdentityCredential:ApplicationFederatedIdentityCredential",
      "himl-trust-main",
      `${IDS.application}/federatedIdentityCredential/${IDS.trust}`,
      {
        credentialId: IDS.trust,
        applicationId: `/applications/${IDS.application}`,
        displayName: "main",
        issuer: "https://token.actions.githubusercontent.com",
        subject: "repo:o/r:ref:refs/heads/main",
        audiences: ["api://AzureADTokenExchange"],
      },
    ),
    child("azure-native:authorization:RoleAssignment", "himl-role-Contributor-on-resourceGroup", ROLE_ID, {
      scope: GROUP,
      principalId: IDS.principal,
      roleDefinitionId: `/subscriptions/${IDS.subscription}/providers/Microsoft.Authorization/roleDefinitions/${IDS.contributor}`,
    }),
  ];
  const leaving = change.leaving && URNS[change.leaving];
  return { resources: resources.map((one) => (one.urn === leaving ? { ...one, delete: true } : one)) };
}

export const secretFacts = (keyId: string, displayName: string | null, ends = SOON): Credential => ({
  keyId,
  displayName,
  ends,
});
export const trustFacts = (more: Partial<Trust> = {}): Trust => ({
  id: IDS.trust,
  name: "main",
  issuer: "https://token.actions.githubusercontent.com",
  matches: "repo:o/r:ref:refs/heads/main",
  audiences: ["api://AzureADTokenExchange"],
  description: null,
  ...more,
});
export const roleFacts = (more: Partial<Role> = {}): Role => ({
  id: ROLE_ID,
  name: ASSIGNMENT,
  scope: GROUP,
  principalId: IDS.principal,
  roleId: IDS.contributor,
  ...more,
});
export const applicationFacts = (more: Partial<Application> = {}): Application => ({
  objectId: IDS.application,
  clientId: IDS.client,
  displayName: "himl-ws-ml-dev",
  description: "",
  created: "2026-11-25T00:00:00Z",
  deleted: "",
  tags: [PROGRAM_TAG, instanceTag(IDS.instance)],
  secrets: [secretFacts(IDS.secret, secretDisplayName(IDS.instance, "a"))],
  certificates: [],
  ...more,
});
export const principalFacts = (more: Partial<Principal> = {}): Principal => ({
  objectId: IDS.principal,
  clientId: IDS.client,
  displayName: "himl-ws-ml-dev",
  isEnabled: true,
  tags: [],
  secrets: [],
  certificates: [],
  ...more,
});

export const OWN_SECRET = secretFacts(IDS.secret, secretDisplayName(IDS.instance, "a"));

const owner = { id: IDS.owner, type: "user", displayName: "Ada" };

/** The answers that go with the state, with what a case changes. */
export function createComparison(
  change: {
    deployment?: Deployment;
    instance?: Partial<InstanceAnswers>;
    answers?: Partial<AzureAnswers>;
    ownIds?: string[];
  } = {},
): Comparison & { deployment: Deployment } {
  const deployment = change.deployment ?? createDeployment();
  const instance: InstanceAnswers = {
    application: applicationFacts(),
    trusts: [trustFacts()],
    applicationOwners: [owner],
    principal: principalFacts(),
    principalOwners: [owner],
    memberships: [],
    appRoles: [],
    delegations: [],
    ...change.instance,
  };
  const record = readRecord(deployment);
  return {
    deployment,
    record,
    answers: {
      instances: record.instances.map(() => instance),
      roles: [roleFacts()],
      taggedApplications: [applicationFacts()],
      taggedPrincipals: [],
      deletedApplications: [],
      deletedPrincipals: [],
      vaultSecrets: new Map(),
      unanswered: [],
      ...change.answers,
    },
    ownIds: change.ownIds ?? [IDS.instance],
    stack: { project: "himl-service-principal", stack: "dev" },
    now: NOW,
  };
}

export function compare(comparison: Comparison & { deployment: Deployment }): Finding[] {
  return sortFindings([
    ...compareState(comparison.deployment, comparison.answers, comparison.now),
    ...compareRecorded(comparison),
    ...compareVaultSecrets(comparison),
    ...compareUnmanaged(comparison),
    ...compareOrphans(comparison),
  ]);
}

/** What is found, by what differs; and what repair would do, `undefined` where it must not touch it. */
export type Case = [
  what: string,
  change: Parameters<typeof createComparison>[0],
  expected: (Partial<Finding> & { code: FindingCode })[],
];

/** A test for each case: of every finding, what the case names. */
export function testCases(cases: readonly Case[]): void {
  for (const [what, change, expected] of cases) {
    it(what, () => {
      const found = compare(createComparison(change));
      const seen = found.map((finding, i) =>
        Object.fromEntries(
          Object.keys(expected[i] ?? finding).map((key) => [key, finding[key as keyof Finding]]),
        ),
      );
      assert.deepEqual(seen, expected);
      for (const { what: thing, detail, remedy } of found) assert.ok(thing && detail && remedy);
    });
  }
}
