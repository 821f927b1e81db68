import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import type { CallerOptions } from "../../local-azure/local-azure";
import { pretendGitHub, subjectOn, TRUST_IN_MAIN } from "../../rehearsal/chapters/pretended-github";
import { type Engine, obtainEngine } from "../../rehearsal/engine/engine";
import type { UpResult } from "../../rehearsal/engine/session";
import { runCommand } from "../cli/command";
import { withoutLogin } from "../clients/sandbox";
import { useShared } from "../support/shared";
import { asAdmin, openOwnWorld, PROJECT, requestToken, requireEngine, withFolder } from "./support";

/** Messages that other tests produce: they need two tenants, two stacks, or a stack with a passphrase. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  "The tenants of the azuread and the azure-native provider must be the same":
    "test/component/invalid-args.test.ts",
  "does not have secrets delete permission on key vault": "test/rehearsal/key-vault.test.ts",
  RoleAssignmentExists: "test/rehearsal/shared-application.test.ts",
  "passphrase must be set": "test/examples/pasted-pages.test.ts",
};

const CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c";
const MAY_REGISTER: Partial<CallerOptions> = { graphPermissions: ["Application.ReadWrite.OwnedBy"] };

describe("docs/messages.md: each message, its remedy, and a pipeline that logs in afterwards", function () {
  this.timeout(120_000);
  const world = useShared(openOwnWorld);
  let engine: Engine;
  let outputs: UpResult["outputs"];
  const shown: string[] = [];

  before(async function () {
    this.timeout(900_000);
    engine = await requireEngine(this);
  });

  const configure = (settings: Record<string, string | undefined>) => world.session.configure(settings);
  const asEverybody = () => world.session.logIn(world.azure.direct);

  /** Somebody who may do this and no more runs Pulumi from now on. */
  async function logInAs(options: Partial<CallerOptions>): Promise<void> {
    const caller = world.azure.control.createCaller({ displayName: randomUUID(), ...options });
    await world.session.logIn({
      ...world.azure.direct,
      ARM_CLIENT_ID: caller.clientId,
      ARM_CLIENT_SECRET: caller.clientSecret,
      AZURE_CLIENT_ID: caller.clientId,
      AZURE_CLIENT_SECRET: caller.clientSecret,
    });
  }

  /** What `himl-sp verify` finds in a pipeline that has these variables. */
  async function verify(variables: Readonly<Record<string, unknown>> = outputs) {
    const env = Object.entries(variables).filter(([name]) => name.startsWith("HIML_"));
    const { stdout } = await runCommand(["verify", "--from", "environment", "--json"], {
      env: { ...withoutLogin(world.azure.public), ...(Object.fromEntries(env) as Record<string, string>) },
    });
    const { ok, code } = JSON.parse(stdout) as { ok: boolean; code?: string };
    return { ok, ...(code !== undefined && { code }) };
  }

  /** What `pulumi up` says when it fails. */
  const failUp = async (messages: readonly string[]) => {
    const error = await world.session.up().then(
      () => assert.fail(`must fail with: ${messages.join(", ")}`),
      (failure: Error) => failure.message,
    );
    for (const message of messages)
      for (const part of message.split("…"))
        if (part !== ": N problems") assert.ok(error.includes(part.trim()), error);
  };

  /** Messages come when `pulumi up` runs, the remedy helps, and a pipeline logs in. */
  function onUp(messages: readonly string[], cause: () => unknown, remedy: () => unknown): void {
    shown.push(...messages);
    it(messages.join(", "), async () => {
      await cause();
      await failUp(messages);
      await remedy();
      ({ outputs } = await world.session.up());
      assert.deepEqual(await verify(), { ok: true });
    });
  }

  /** A code that a pipeline gets; gives how it logs in after the remedy. */
  function inPipeline(code: string, cause: () => Promise<unknown>, remedy: () => Promise<unknown>): void {
    shown.push(code);
    it(code, async () => {
      const variables = outputs;
      await cause();
      assert.deepEqual(await verify(variables), { ok: false, code });
      await remedy();
      assert.deepEqual(await verify(), { ok: true });
    });
  }

  const applications = () => world.azure.control.state().applications.filter(({ initial }) => !initial);
  const up = async () => ({ outputs } = await world.session.up());
  const NO_POLICY = {
    passwordAddition: "allowed",
    maxPasswordLifetimeDays: null,
    requireServiceManagementReference: false,
  } as const;

  it("each row of the page is here", () => {
    const page = readFileSync(path.join(PROJECT, "docs/messages.md"), "utf8");
    const rows = [...page.matchAll(/^\| (`[^|]*`) +\|/gm)].map(([, cell]) => cell!);
    const messages = rows.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, message]) => message!));
    for (const [message, test] of Object.entries(ELSEWHERE))
      assert.ok(readFileSync(path.join(PROJECT, test), "utf8").includes(message.replace(/ …$/, "")), test);
    assert.deepEqual(messages.sort(), [...shown, ...Object.keys(ELSEWHERE)].sort());
  });

  const NO_ENGINE = "The rehearsal needs a Pulumi engine, and none could be obtained";
  shown.push(NO_ENGINE);
  it(NO_ENGINE, () =>
    withFolder(async (cacheFolder) => {
      await assert.rejects(obtainEngine({ download: false, env: {}, cacheFolder }), new RegExp(NO_ENGINE));
      // With one on PATH, as after an installation of Pulumi.
      const env = { PATH: path.dirname(engine.path) };
      assert.equal((await obtainEngine({ download: false, env, cacheFolder })).source, "PATH");
    }),
  );

  onUp(
    ["Authorization_RequestDenied", "Insufficient privileges to complete the operation"],
    () => logInAs({ role: "Owner" }),
    asEverybody,
  );

  const MAY_NOT_ASSIGN = "AuthorizationFailed … roleAssignments/write";
  shown.push(MAY_NOT_ASSIGN);
  it(MAY_NOT_ASSIGN, async () => {
    await world.session.destroy();
    await logInAs({ ...MAY_REGISTER, role: "Reader" });
    await failUp([MAY_NOT_ASSIGN]);
    await configure({ roles: "[]" });
    await up();
    // The command for somebody who may, word by word.
    const { administratorCommand } = outputs["details"] as { administratorCommand: string };
    const words = /--assignee-object-id (\S+) .*--role (\S+) --scope "?([^" ]+)"?$/.exec(
      administratorCommand,
    );
    const [, principalId, role, scope] = words ?? assert.fail(administratorCommand);
    assert.equal(role, "Contributor");
    const { subscriptionId } = world.azure;
    const roleDefinitionId = `/subscriptions/${subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${CONTRIBUTOR}`;
    const properties = { principalId, principalType: "ServicePrincipal", roleDefinitionId };
    const at = `${scope!}/providers/Microsoft.Authorization/roleAssignments/${randomUUID()}?api-version=2022-04-01`;
    const call = (method: "PUT" | "DELETE", body?: Record<string, unknown>) =>
      asAdmin(world.azure, (admin) =>
        admin.callResourceManager({ method, path: at, ...(body && { body }) }, []),
      );
    assert.equal((await call("PUT", { properties })).status, 201);
    assert.deepEqual(await verify(), { ok: true });

    await call("DELETE");
    await asEverybody();
    await configure({ roles: undefined });
    await up();
  });

  onUp(
    ["Settings of stack …: N problems"],
    () => configure({ renewSecretsEveryDays: "0", displayName: "x".repeat(130) }),
    () => configure({ renewSecretsEveryDays: undefined, displayName: undefined }),
  );
  onUp(
    ["The workspace (Azure: ResourceNotFound) must exist …"],
    () => configure({ workspaceName: "ws-typo" }),
    () => configure({ workspaceName: world.azure.workspaceName }),
  );
  onUp(
    ["The workspace (Azure: AuthorizationFailed) must be readable …"],
    () => logInAs(MAY_REGISTER),
    asEverybody,
  );
  onUp(
    ["The subscription of the workspace must be the one that the azure-native provider uses"],
    async () => {
      const { direct, subscriptionId, otherSubscriptionId: other } = world.azure;
      await configure({ subscriptionId });
      await world.session.logIn({ ...direct, ARM_SUBSCRIPTION_ID: other, AZURE_SUBSCRIPTION_ID: other });
    },
    asEverybody,
  );
  onUp(
    ["… provider must be logged in to Azure"],
    () => world.session.logIn(withoutLogin(world.azure.direct)),
    asEverybody,
  );
  onUp(
    ["ServiceManagementReference field is required"],
    async () => {
      world.azure.control.setPolicy({ ...NO_POLICY, requireServiceManagementReference: true });
      await configure({ displayName: "another name" });
    },
    () => configure({ serviceManagementReference: "4711" }),
  );

  inPipeline(
    "AADSTS7000215",
    async () => {
      await configure({ secretGeneration: "2" });
      await up();
    },
    // The outputs have the current password.
    () => Promise.resolve(),
  );
  inPipeline("AADSTS7000222", () => Promise.resolve(world.azure.control.advanceClock({ days: 200 })), up);
  inPipeline(
    "AADSTS700016",
    () =>
      asAdmin(world.azure, (admin) =>
        admin.callGraph({ method: "DELETE", path: `/applications/${applications()[0]!.id}` }, []),
      ),
    () => refreshAndUp(),
  );

  const refreshAndUp = async () => {
    await world.session.refresh();
    await up();
  };
  inPipeline(
    "AADSTS7000229",
    () => {
      const { appId } = applications()[0]!;
      const principal = world.azure.control.state().servicePrincipals.find((one) => one.appId === appId)!;
      return asAdmin(world.azure, (admin) =>
        admin.callGraph({ method: "DELETE", path: `/servicePrincipals/${principal.id}` }, []),
      );
    },
    refreshAndUp,
  );
  inPipeline(
    "AuthorizationFailed",
    () => {
      const { id } = world.azure.control.state().roleAssignments.find(({ initial }) => !initial)!;
      return asAdmin(world.azure, (admin) =>
        admin.callResourceManager({ method: "DELETE", path: `${id}?api-version=2022-04-01` }, []),
      );
    },
    refreshAndUp,
  );

  const GONE = "Removing password credential … from Application";
  shown.push(GONE);
  it(GONE, async () => {
    const { id, passwords } = applications()[0]!;
    const byHand = (method: "POST" | "DELETE", at: string, body?: Record<string, unknown>) =>
      asAdmin(world.azure, (admin) => admin.callGraph({ method, path: at, ...(body && { body }) }, []));
    for (const { keyId } of passwords) await byHand("POST", `/applications/${id}/removePassword`, { keyId });
    await configure({ secretGeneration: "3" });
    await failUp([GONE]);
    await refreshAndUp();
    assert.deepEqual(await verify(), { ok: true });

    await byHand("DELETE", `/applications/${id}`);
    await assert.rejects(world.session.destroy(), /Removing password credential .* from Application/);
    await world.session.refresh();
    await world.session.destroy();
    const { roleAssignments } = world.azure.control.state();
    assert.deepEqual(
      [...applications(), ...roleAssignments].filter(({ initial }) => !initial),
      [],
    );
    await up();
    assert.deepEqual(await verify(), { ok: true });
  });

  onUp(
    ["CredentialInvalidLifetimeAsPerAppPolicy"],
    () => {
      world.azure.control.setPolicy({ ...NO_POLICY, maxPasswordLifetimeDays: 60 });
      world.azure.control.advanceClock({ days: 90 });
    },
    () => configure({ renewSecretsEveryDays: "30" }),
  );

  const NO_SECRETS = "CredentialTypeNotAllowedAsPerAppPolicy";
  shown.push(NO_SECRETS);
  it(NO_SECRETS, async () => {
    world.azure.control.setPolicy({ ...NO_POLICY, passwordAddition: "forbidden" });
    world.azure.control.advanceClock({ days: 30 });
    await failUp([NO_SECRETS]);
    await configure({ authentication: "federated", federatedCredentials: TRUST_IN_MAIN });
    await up();
    const issueToken = await pretendGitHub(world.azure);
    const { access_token, error_description } = await requestToken(
      world.azure,
      String(outputs["HIML_SERVICE_PRINCIPAL_ID"]),
      { client_assertion: await issueToken(subjectOn("main")) },
    );
    assert.ok(access_token, error_description);
  });
});
