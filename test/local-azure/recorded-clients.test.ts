import assert from "node:assert/strict";
import {
  type Answer,
  ARM_SCOPE,
  CONTRIBUTOR,
  inDays,
  type Json,
  NOT_FOUND,
  ok,
  refused,
  useRig,
} from "./rig";

/** What azuread and az were seen to do, call by call, where the clients themselves cannot be run. */

describe("local Azure: the calls of the azuread provider", () => {
  const rig = useRig();
  const caller = () => `${rig.azure.url}/v1.0/directoryObjects/${rig.azure.admin.objectId}`;

  async function createApplication(retries = 0): Promise<Json> {
    const application = ok(
      await rig.graph("POST", "/applications", {
        "@odata.type": "#microsoft.graph.application",
        displayName: "pul-full",
        groupMembershipClaims: null,
        "owners@odata.bind": [caller()],
        tags: ["instance"],
      }),
      201,
    );
    const path = `/applications/${application.id}`;
    for (const displayName of ["TERRAFORM_UPDATE_1", "pul-full"])
      await until(() => rig.graph("PATCH", path, { displayName }), 204, [404, 409], retries);
    ok(await rig.graph("DELETE", `${path}/owners/${rig.azure.admin.objectId}/$ref`), 204);
    const read = ok(await rig.graph("GET", path));
    assert.equal(read.displayName, "pul-full");
    assert.deepEqual(ok(await rig.graph("GET", `${path}/owners`)).value, []);
    return read;
  }

  async function createPrincipal(appId: string, retries = 0): Promise<Json> {
    const filter = `/servicePrincipals?$filter=appId+eq+'${appId}'`;
    assert.deepEqual(ok(await rig.graph("GET", filter)).value, []);
    const body = {
      "@odata.type": "#microsoft.graph.servicePrincipal",
      accountEnabled: true,
      alternativeNames: [],
      appId,
      appRoleAssignmentRequired: false,
      description: "TERRAFORM_UPDATE_1",
      loginUrl: null,
      notes: null,
      notificationEmailAddresses: [],
      "owners@odata.bind": [caller()],
      preferredSingleSignOnMode: null,
      samlSingleSignOnSettings: {},
      tags: [],
    };
    const created = await until(() => rig.graph("POST", "/servicePrincipals", body), 201, [400], retries);
    const path = `/servicePrincipals/${created.body.id}`;
    ok(
      await rig.graph("PATCH", path, {
        "@odata.type": "#microsoft.graph.servicePrincipal",
        description: null,
      }),
      204,
    );
    ok(await rig.graph("DELETE", `${path}/owners/${rig.azure.admin.objectId}/$ref`), 204);
    const read = ok(await rig.graph("GET", path));
    assert.equal(read.description, null);
    const token = await rig.token("https://graph.microsoft.com/.default");
    ok(await rig.call("GET", `/beta${path}?$select=samlMetadataUrl`, { token }));
    return read;
  }

  /** Repeats a refused call with the directory's clock a second on, as the provider does with its own. */
  async function until(
    call: () => Promise<Answer>,
    status: number,
    retried: readonly number[],
    most: number,
  ): Promise<Answer> {
    for (let attempt = 0; ; attempt++) {
      const answer = await call();
      if (answer.status === status) return answer;
      assert.ok(retried.includes(answer.status) && attempt < most, answer.text);
      rig.azure.control.advanceClock({ seconds: 1 });
    }
  }

  it("creates application, principal, secret and trust, and finds each five times in a row", async () => {
    const application = await createApplication();
    await createPrincipal(application.appId);
    const path = `/applications/${application.id}`;
    const passwordCredential = { endDateTime: inDays(180) };
    const password = ok(await rig.graph("POST", `${path}/addPassword`, { passwordCredential }));
    const trust = {
      "@odata.type": "#microsoft.graph.federatedIdentityCredential",
      audiences: ["api://AzureADTokenExchange"],
      description: "",
      issuer: "https://token.actions.githubusercontent.com",
      name: "github",
      subject: "repo:o/r:ref:refs/heads/main",
    };
    const credential = ok(await rig.graph("POST", `${path}/federatedIdentityCredentials`, trust), 201);
    for (let poll = 0; poll < 5; poll++) {
      const { passwordCredentials } = ok(await rig.graph("GET", path));
      assert.deepEqual(
        passwordCredentials.map(({ keyId, endDateTime }) => [keyId, endDateTime]),
        [[password.keyId, passwordCredential.endDateTime]],
      );
      assert.equal(
        ok(await rig.graph("GET", `${path}/federatedIdentityCredentials/${credential.id}`)).description,
        "",
      );
    }
  });

  it("destroys in its order and sees each thing gone five times in a row", async () => {
    const application = await createApplication();
    const principal = await createPrincipal(application.appId);
    const path = `/applications/${application.id}`;
    const { keyId } = ok(await rig.graph("POST", `${path}/addPassword`, {}));
    ok(await rig.graph("POST", `${path}/removePassword`, { keyId }), 204);
    ok(await rig.graph("DELETE", `/servicePrincipals/${principal.id}`), 204);
    for (let poll = 0; poll < 5; poll++) {
      assert.deepEqual(ok(await rig.graph("GET", path)).passwordCredentials, []);
      refused(await rig.graph("GET", `/servicePrincipals/${principal.id}`), NOT_FOUND);
    }
    ok(await rig.graph("DELETE", path), 204);
    for (let poll = 0; poll < 5; poll++) refused(await rig.graph("GET", path), NOT_FOUND);
  });

  it("fails on a principal that went with its application, unless it knows of that", async () => {
    const application = await createApplication();
    const principal = await createPrincipal(application.appId);
    ok(await rig.graph("DELETE", `/applications/${application.id}`), 204);
    refused(await rig.graph("DELETE", `/servicePrincipals/${principal.id}`), NOT_FOUND);
  });

  it("survives a replication lag of 10 s by its own retries", async () => {
    rig.azure.control.setReplicationLag(10);
    const application = await createApplication(12);
    rig.azure.control.setReplicationLag({ application: 15 });
    const principal = await createPrincipal(application.appId, 16);
    const path = `/applications/${application.id}`;
    const { keyId } = ok(await rig.graph("POST", `${path}/addPassword`, {}));
    const misses = await countMisses(async () => {
      const { passwordCredentials } = ok(await rig.graph("GET", path));
      return passwordCredentials.some((password) => password.keyId === keyId);
    });
    // The provider gives up at the 21st miss in a row.
    assert.ok(misses > 0 && misses <= 20, String(misses));
    ok(await rig.assign(principal.id, CONTRIBUTOR), 201);
  });

  async function countMisses(isThere: () => Promise<boolean>): Promise<number> {
    let misses = 0;
    while (!(await isThere())) {
      misses += 1;
      rig.azure.control.advanceClock({ seconds: 1 });
    }
    return misses;
  }
});

describe("local Azure: the calls of az ad sp create-for-rbac", () => {
  const rig = useRig();

  /** Returns the secret, as the command prints it. */
  async function createForRbac(name: string, expectedAssignment: number): Promise<Json> {
    const principals = ok(
      await rig.graph("GET", `/servicePrincipals?$filter=displayName%20eq%20'${name}'`),
    ).value;
    const applications = ok(
      await rig.graph("GET", `/applications?$filter=startswith(displayName,'${name}')`),
    ).value;
    let application = applications.find(({ displayName }) => displayName === name);
    if (application === undefined)
      application = ok(
        await rig.graph("POST", "/applications", { displayName: name, keyCredentials: [] }),
        201,
      );
    else {
      ok(await rig.graph("PATCH", `/applications/${application.id}`, { displayName: name }), 204);
      const { passwordCredentials } = ok(await rig.graph("GET", `/applications/${application.id}`));
      for (const { keyId } of passwordCredentials)
        ok(await rig.graph("POST", `/applications/${application.id}/removePassword`, { keyId }), 204);
    }
    const secret = ok(
      await rig.graph("POST", `/applications/${application.id}/addPassword`, {
        passwordCredential: { displayName: "rbac", endDateTime: inDays(365) },
      }),
    );
    const { appId } = application;
    const principal =
      principals[0] ??
      ok(await rig.graph("POST", "/servicePrincipals", { appId, accountEnabled: true }), 201);
    const roles = `${rig.group}/providers/Microsoft.Authorization/roleDefinitions`;
    const token = await rig.token(ARM_SCOPE);
    const query = "api-version=2022-05-01-preview&$filter=roleName%20eq%20'Contributor'";
    const [role] = ok(await rig.call("GET", `${roles}?${query}`, { token })).value;
    const answer = await rig.arm(
      "PUT",
      `${rig.group}/providers/Microsoft.Authorization/roleAssignments/${secret.keyId}`,
      {
        properties: {
          roleDefinitionId: role!.id,
          principalId: principal.id,
          principalType: "ServicePrincipal",
        },
      },
    );
    assert.equal(answer.status, expectedAssignment, answer.text);
    if (answer.status === 409) assert.equal(answer.body.error.code, "RoleAssignmentExists");
    return { ...secret, appId };
  }

  it("gives a login that reads the workspace; a second run with the name revokes the first", async () => {
    const first = await createForRbac("ci", 201);
    const login = { clientId: first.appId, clientSecret: first.secretText };
    ok(await rig.arm("GET", rig.workspace, undefined, login));
    const second = await createForRbac("ci", 409);
    assert.equal(second.appId, first.appId);
    assert.deepEqual((await rig.logIn(login)).body.error_codes, [7000215]);
    ok(await rig.logIn({ clientId: second.appId, clientSecret: second.secretText }));
  });
});
