import assert from "node:assert/strict";
import { instanceTag, PROGRAM_TAG, secretDisplayName } from "../../components/plan/ownership";
import { CONTRIBUTOR, ok, READER } from "../local-azure/rig";
import { IDS, SOON } from "./audit-fixture";
import { formatDate } from "../../cli/terminal/durations";
import { useAuditStage } from "./audit-stage";
import { addOwnSecret } from "./own-things";

const NAME = "10000000-0000-4000-8000-000000000001";

describe("himl-sp audit", function () {
  this.timeout(60_000);
  const stage = useAuditStage();

  it("nothing to do: exit 0, and who can log in and what they may do", async () => {
    const { exitCode, stdout, stderr } = await stage.run(["audit"]);
    assert.deepEqual({ exitCode, stderr }, { exitCode: 0, stderr: "" });
    assert.match(stdout, /^Nothing is missing and nothing is left over: /);
    assert.match(stdout, /^Who can log in as himl-ws-ml-dev \(client ID [0-9a-f-]{36}\):$/m);
    assert.ok(
      stdout.includes(`  secret          slot a (himl ${IDS.instance}), until ${formatDate(SOON)} `),
      stdout,
    );
    assert.match(stdout, /^ {2}trust in {8}repo:o\/r:ref:refs\/heads\/main of https:/m);
    assert.match(stdout, /^ {2}role {12}Contributor on \/subscriptions\/.*\/resourceGroups\/rg-ml$/m);
    assert.deepEqual(await stage.changes(), []);
  });

  it("what came by hand: each with what it lets somebody do, the worst first", async () => {
    const { rig, ids } = stage;
    const { control } = rig.azure;
    const secret = ok(
      await rig.graph("POST", `/applications/${ids.application}/addPassword`, {
        passwordCredential: { displayName: "portal \u001b[2J" },
      }),
    );
    ok(
      await rig.graph("POST", `/applications/${ids.application}/federatedIdentityCredentials`, {
        name: "mine",
        issuer: "https://token.actions.githubusercontent.com",
        subject: "repo:somebody/else:ref:refs/heads/main",
        audiences: ["api://AzureADTokenExchange"],
      }),
      201,
    );
    const subscription = `/subscriptions/${rig.azure.subscriptionId}`;
    ok(await rig.assign(ids.principal, READER, subscription, undefined, NAME), 201);
    control.createGroup({ displayName: "Data", members: [ids.principal] });
    const graph = ok(await rig.graph("GET", "/servicePrincipals?$filter=displayName eq 'Microsoft Graph'"))
      .value[0]!;
    const permission = (graph["appRoles"] as { id: string; value: string }[]).find(
      ({ value }) => value === "Application.ReadWrite.All",
    )!;
    ok(
      await rig.graph("POST", `/servicePrincipals/${ids.principal}/appRoleAssignments`, {
        principalId: ids.principal,
        resourceId: graph.id,
        appRoleId: permission.id,
      }),
      201,
    );
    const eve = control.createPerson({ displayName: "Eve" });
    const owner = { "@odata.id": `https://graph.microsoft.com/v1.0/directoryObjects/${eve.objectId}` };
    assert.equal(
      (await rig.graph("POST", `/applications/${ids.application}/owners/$ref`, owner)).status,
      204,
    );

    const { exitCode, stdout, stderr, findings, access } = await stage.audit();
    assert.equal(exitCode, 1);
    assert.match(stderr, /^himl-sp: FINDINGS: 6 things are not as the stack declares\.\n {2}You decide: /);
    assert.deepEqual(
      findings.map(({ code, repair }) => [code, repair]),
      [
        ["UNMANAGED_ROLE", null],
        ["UNMANAGED_API_PERMISSION", null],
        ["UNMANAGED_SECRET", null],
        ["UNMANAGED_TRUST", null],
        ["UNMANAGED_OWNER", null],
        ["UNMANAGED_GROUP", null],
      ],
    );
    assert.equal(findings[0]!.what, `role Reader on ${subscription}`);
    assert.equal(findings[1]!.what, "permission Application.ReadWrite.All of Microsoft Graph");
    assert.match(findings[4]!.what, /^user Eve /);
    assert.equal(access[0]!.logins.filter(({ isRecorded }) => !isRecorded).length, 2);
    assert.equal(access[0]!.rights.length, 4);
    assert.ok(!stdout.includes(secret.secretText), "the text of a secret is shown");
    // Somebody else gave the name.
    assert.ok(!(await stage.run(["audit"])).stdout.includes("\u001b"));

    // Nothing of it is ever touched.
    const before = JSON.stringify(control.state());
    const repaired = await stage.run(["repair", "--yes"]);
    assert.equal(repaired.exitCode, 0, repaired.stderr);
    assert.match(repaired.stderr, /^There is nothing to repair\.\nLeft to you:\nDANGER {2}/);
    assert.equal(JSON.stringify(control.state()), before);
    assert.deepEqual(await stage.changes(), []);
  });

  it("what is missing or changed is to be refreshed, and nothing else", async () => {
    const { rig, ids } = stage;
    await rig.graph("POST", `/applications/${ids.application}/removePassword`, { keyId: ids.secret });
    await rig.arm("DELETE", `${rig.group}/providers/Microsoft.Authorization/roleAssignments/${ids.role}`);
    assert.deepEqual(await stage.codes(), ["SECRET_MISSING", "ROLE_MISSING"]);
    await stage.run(["repair", "--yes", "--wait", "0s"]);
    const [refresh, up] = await stage.changes();
    assert.match(
      refresh!,
      /^refresh --yes --skip-preview --target \S+::himl-secret-a --target \S+::himl-role-Contributor-on-resourceGroup$/,
    );
    assert.equal(up, "up --yes --skip-preview");
  });

  it("what is ours and not recorded goes, and only that", async () => {
    const { rig, ids } = stage;
    const { control } = rig.azure;
    const foreign = await rig.createApplication("elsewhere", { tags: [PROGRAM_TAG, instanceTag(IDS.other)] });
    const orphan = await rig.createApplication("lost", { tags: [PROGRAM_TAG, instanceTag(IDS.instance)] });
    await rig.graph("POST", `/applications/${orphan.id}/addPassword`, {});
    await addOwnSecret(rig, ids.application, "b");
    await rig.graph("POST", `/applications/${ids.application}/addPassword`, {
      passwordCredential: { displayName: "portal" },
    });
    assert.deepEqual(await stage.codes(), [
      "UNMANAGED_SECRET",
      "ORPHAN_SECRET",
      "ORPHAN_APPLICATION",
      "OTHER_INSTANCE",
    ]);
    const { exitCode, stderr } = await stage.run(["repair", "--yes"]);
    assert.equal(exitCode, 0, stderr);
    const { applications, deletedItems } = control.state();
    const names = applications.filter(({ initial }) => !initial).map(({ displayName }) => displayName);
    assert.deepEqual(names.sort(), ["elsewhere", "himl-ws-ml-dev"]);
    assert.ok(applications.some(({ id }) => id === foreign.id));
    const left = applications.find(({ id }) => id === ids.application)!.passwords;
    assert.deepEqual(left.map(({ displayName }) => displayName).sort(), [
      "portal",
      secretDisplayName(IDS.instance, "a"),
    ]);
    // It may be restored, and must not bring a secret back.
    const bin = deletedItems.filter((item) => item.kind === "application");
    assert.deepEqual(
      bin.map((item) => [item.displayName, "passwords" in item && item.passwords.length]),
      [["lost", 0]],
    );
  });

  it("says which question it could not answer for lack of a right, and answers the others", async () => {
    const { control } = stage.rig.azure;
    const blind = control.createCaller({ displayName: "nobody", graphPermissions: [] });
    const asNobody = { ARM_CLIENT_ID: blind.clientId, ARM_CLIENT_SECRET: blind.clientSecret };
    const none = await stage.audit([], asNobody);
    assert.equal(none.exitCode, 0, none.stderr);
    assert.deepEqual(none.findings, []);
    assert.deepEqual([...new Set(none.unanswered.map(({ code }) => code))].sort(), [
      "AuthorizationFailed",
      "Authorization_RequestDenied",
    ]);
    assert.match(
      (await stage.run(["audit"], asNobody)).stdout,
      /^Nothing missing .* was found\. Not every question .*^Not answered to the application [0-9a-f-]{36}:\n[^\n]*\(Authorization_RequestDenied\) It takes Application\.Read\.All of Microsoft Graph/ms,
    );
    const repaired = await stage.run(["repair", "--yes"], asNobody);
    assert.match(
      repaired.stderr,
      /^Not answered to the application [0-9a-f-]{36}:\n.*nothing to repair, as far as the questions were answered\.\n$/s,
    );

    const reader = control.createCaller({
      displayName: "reader",
      graphPermissions: ["Application.Read.All", "Directory.Read.All"],
      role: "Reader",
      scope: stage.rig.group,
    });
    ok(await stage.rig.assign(stage.ids.principal, READER, stage.rig.group, undefined, NAME), 201);
    const some = await stage.audit([], {
      ARM_CLIENT_ID: reader.clientId,
      ARM_CLIENT_SECRET: reader.clientSecret,
    });
    assert.deepEqual(
      some.findings.map(({ code }) => code),
      ["UNMANAGED_ROLE"],
    );
    assert.deepEqual(
      some.unanswered.map(({ question }) => question.replace(/[0-9a-f-]{36}/, "S")),
      ["Which roles are there in the subscription S?"],
    );
  });

  it("the stack itself: pending operations", async () => {
    const resource = stage.deployment.resources!.find(({ urn }) => urn.endsWith("::himl-secret-a"))!;
    await stage.answer([], { ...stage.deployment, pending_operations: [{ resource, type: "creating" }] });
    const { findings } = await stage.audit();
    assert.deepEqual(
      findings.map(({ code, what, repair }) => [code, what, repair]),
      [["PENDING_OPERATIONS", "the stack's state: creating himl-secret-a", "clearPending"]],
    );
    await stage.run(["repair", "--yes"]);
    const imported = (await stage.tools.calls("pulumi")).find(({ args }) => args[1] === "import")!;
    assert.deepEqual(JSON.parse(imported.stdin), { version: 3, deployment: stage.deployment });
  });

  it("another tenant than the stack's is an error: all would be taken for missing", async () => {
    const text = JSON.stringify(stage.deployment).replaceAll(stage.rig.azure.tenantId, IDS.tenant);
    await stage.answer([], JSON.parse(text) as typeof stage.deployment);
    const { exitCode, stdout, stderr } = await stage.audit();
    assert.deepEqual({ exitCode, stdout }, { exitCode: 1, stdout: "" });
    assert.match(stderr, /^himl-sp: OTHER_TENANT: .*\n {2}`az login --tenant /);
  });

  it("no secret is an argument of a process, and each is only where it is needed", async () => {
    const { rig, ids } = stage;
    const secrets = {
      HIML_SERVICE_PRINCIPAL_PASSWORD: "password-of-a-job",
      PULUMI_CONFIG_PASSPHRASE: "passphrase-of-the-stack",
      ARM_OIDC_TOKEN: "token-of-the-runner",
      GH_TOKEN: "token-of-github",
    };
    await rig.graph("POST", `/applications/${ids.application}/removePassword`, { keyId: ids.secret });
    const resource = stage.deployment.resources!.find(({ urn }) => urn.endsWith("::himl-secret-a"))!;
    await stage.answer([], { ...stage.deployment, pending_operations: [{ resource, type: "creating" }] });
    await stage.run(["repair", "--yes", "--wait", "0s"], secrets);
    const calls = await stage.tools.calls();
    const who = (secret: string) => {
      assert.ok(!calls.some(({ args, stdin }) => JSON.stringify([args, stdin]).includes(secret)), secret);
      const having = calls.filter(({ env }) => Object.values(env).includes(secret));
      return [...new Set(having.map(({ args }) => args.slice(0, 2).join(" ").replace(/ --.*/, "")))].sort();
    };
    const running = ["refresh", "stack export", "stack import", "up"];
    assert.deepEqual(who(secrets.HIML_SERVICE_PRINCIPAL_PASSWORD), []);
    assert.deepEqual(who(secrets.GH_TOKEN), []);
    assert.deepEqual(who(secrets.PULUMI_CONFIG_PASSPHRASE), running);
    assert.deepEqual(who(secrets.ARM_OIDC_TOKEN), running);
    const reading = calls.filter(({ args }) => args[1] === "history");
    assert.ok(reading.length > 0 && reading.every(({ env }) => env["PULUMI_CONFIG_PASSPHRASE"] === ""));
  });

  it("an instance ID that is none is misuse", async () => {
    const { exitCode, stderr } = await stage.run(["audit", "--instance", "me"]);
    assert.equal(exitCode, 2);
    assert.match(stderr, /^himl-sp: INVALID_INSTANCE: /);
  });

  it("a role that Azure calls by name, of which this program knows only the GUID", async () => {
    ok(await stage.rig.assign(stage.ids.principal, CONTRIBUTOR, stage.rig.workspace, undefined, NAME), 201);
    const { findings } = await stage.audit();
    assert.match(findings[0]!.what, /^role Contributor on .*\/workspaces\/ws-ml$/);
  });
});
