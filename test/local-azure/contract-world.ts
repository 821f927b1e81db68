import assert from "node:assert/strict";
import type { DeclaredIssuer } from "../../local-azure/local-azure";
import {
  ARM_SCOPE,
  GRAPH_SCOPE,
  inDays,
  type Json,
  ok,
  READER,
  type Rig,
  UNKNOWN_ID,
  VAULT_SCOPE,
} from "./rig";

const ISSUER = "https://issuer.example";
const SUBJECT = "repo:contoso/ml:ref:refs/heads/main";
const AUDIENCE = "api://AzureADTokenExchange";
const IDENTITIES = "providers/Microsoft.ManagedIdentity/userAssignedIdentities";
const FOREIGN_ISSUER = "https://foreign.example";

/** What stands before an exchange, and what `{name}` means in its texts. */
export class ContractWorld {
  readonly known: Record<string, string>;
  private issuer: DeclaredIssuer | undefined;

  constructor(private readonly rig: Rig) {
    const { url, tenantId, subscriptionId, admin } = rig.azure;
    this.known = {
      url,
      tenant: tenantId,
      subscription: subscriptionId,
      group: rig.group,
      workspace: rig.workspace,
      admin: admin.objectId,
      unknown: UNKNOWN_ID,
      end: inDays(400),
      domain: "contosorehearsal.onmicrosoft.com",
      issuer: ISSUER,
      subject: SUBJECT,
      SUBJECT: SUBJECT.toUpperCase(),
    };
    this.know("unknown", UNKNOWN_ID);
  }

  /** Carries out one step of `before`: a name, and what is special about it. */
  async prepare(step: string): Promise<void> {
    const [name = "", ...more] = step.split(" ");
    const special = Object.fromEntries(more.map((part) => part.split("=", 2) as [string, string]));
    const make = this.steps[name];
    assert.ok(make, `the step ${name} must be one that contract-world.ts knows`);
    await make(special);
  }

  /** The token of who asks, for the service that a path belongs to. */
  async tokenOf(who: string, path: string): Promise<string | undefined> {
    if (who === "none") return undefined;
    const isVault = /^\/(deleted)?(secrets|keys)\b/.test(path);
    const scope = isVault ? VAULT_SCOPE : /^\/(v1\.0|beta)\//.test(path) ? GRAPH_SCOPE : ARM_SCOPE;
    if (who === "armToken") return this.rig.token(ARM_SCOPE);
    if (who === "admin") return this.rig.token(scope);
    if (who === "person") {
      const { control } = this.rig.azure;
      const person = control.createPerson({
        displayName: "Ada L",
        directoryRoles: ["Application Developer"],
      });
      return person.tokenFor(scope.replace("/.default", ""));
    }
    const options = {
      nobody: {},
      reader: { role: "Reader" },
      officer: { role: "Key Vault Secrets Officer" },
      user: { role: "Key Vault Secrets User" },
      keyOfficer: { role: "Key Vault Crypto Officer" },
      keyUser: { role: "Key Vault Crypto User" },
      writer: { graphPermissions: ["Application.ReadWrite.All"] },
      ownedBy: { graphPermissions: ["Application.ReadWrite.OwnedBy"], ownsApplications: true },
    } as const;
    const caller = this.rig.azure.control.createCaller({
      displayName: who,
      ...options[who as keyof typeof options],
    });
    this.known[`${who}Client`] = caller.clientId;
    this.known[`${who}Object`] = caller.objectId;
    return this.rig.token(scope, caller);
  }

  private know(name: string, id: string): void {
    this.known[name] = id;
    this.known[`${name}32`] = id.replaceAll("-", "");
  }

  private async application(more: object = {}): Promise<void> {
    const made = await this.rig.createApplication("contract", more);
    this.know("application", made.id);
    this.know("appId", made.appId);
  }

  private post(path: string, json: object): Promise<Json> {
    return this.rig.graph("POST", path, json).then((answer) => ok(answer, answer.status === 200 ? 200 : 201));
  }

  private trust(name: string, subject = SUBJECT): Promise<Json> {
    const body = { name, issuer: ISSUER, subject, audiences: [AUDIENCE] };
    return this.post(`/applications/${this.known.application}/federatedIdentityCredentials`, body);
  }

  private person(): string {
    const { objectId, userPrincipalName } = this.rig.azure.control.createPerson({ displayName: "Ada L" });
    this.known.upn = userPrincipalName;
    this.know("person", objectId);
    return objectId;
  }

  private readonly steps: Readonly<
    Record<string, (special: Record<string, string>) => Promise<void> | void>
  > = {
    application: () => this.application(),
    taggedApplication: () => this.application({ tags: ["himl"] }),
    applicationWithUri: () => this.application({ identifierUris: ["api://contract"] }),
    applicationWithRole: () =>
      this.application({
        appRoles: [
          {
            id: UNKNOWN_ID,
            allowedMemberTypes: ["User"],
            description: "d",
            displayName: "d",
            isEnabled: true,
            value: "v",
          },
        ],
      }),
    principal: async () => {
      this.know("principal", (await this.post("/servicePrincipals", { appId: this.known.appId })).id);
      const filter = "appId eq '00000003-0000-0000-c000-000000000000'";
      const { value } = ok(
        await this.rig.graph("GET", `/servicePrincipals?$filter=${encodeURIComponent(filter)}`),
      );
      this.know("graph", value[0]!.id);
    },
    secret: async () => {
      const made = await this.post(`/applications/${this.known.application}/addPassword`, {});
      this.know("keyId", made.keyId);
      this.known.secret = made.secretText;
    },
    trust: async () => this.know("trust", (await this.trust("main")).id),
    twentyTrusts: async () => {
      for (let index = 1; index <= 20; index++) await this.trust(`trust-${index}`, `subject-${index}`);
    },
    assignment: async () => {
      const name = "33333333-3333-4333-8333-333333333333";
      const type = { principalType: "ServicePrincipal" };
      ok(await this.rig.assign(this.known.principal!, READER, this.rig.group, type, name), 201);
      this.know("assignment", name);
    },
    deleted: async () => {
      ok(await this.rig.graph("DELETE", `/applications/${this.known.application}`), 204);
    },
    person: () => void this.person(),
    personOwner: async () => {
      const link = { "@odata.id": `${this.rig.azure.url}/v1.0/directoryObjects/${this.person()}` };
      ok(await this.rig.graph("POST", `/applications/${this.known.application}/owners/$ref`, link), 204);
    },
    ownedByOwner: () => undefined,
    principalOwner: async () => {
      const link = { "@odata.id": `${this.rig.azure.url}/v1.0/directoryObjects/${this.known.admin}` };
      ok(await this.rig.graph("POST", `/servicePrincipals/${this.known.principal}/owners/$ref`, link), 204);
    },
    lentPermission: () => {
      const { principal: clientId, graph: resourceId } = this.known;
      const lent = { consentType: "AllPrincipals", principalId: null, scope: "User.Read" } as const;
      const grant = { ...lent, clientId: clientId!, resourceId: resourceId! };
      this.know("lent", this.rig.azure.control.lendPermissions(grant).id);
    },
    group: () => {
      const group = { displayName: "ml-team", members: [this.known.principal!] };
      this.know("groupId", this.rig.azure.control.createGroup(group).objectId);
    },
    groupOfPerson: () => {
      const group = { displayName: "ml-team", members: [this.known.person!] };
      this.know("groupId", this.rig.azure.control.createGroup(group).objectId);
    },
    ownedGroup: async () => {
      const owner = `${this.rig.azure.url}/v1.0/directoryObjects/${this.known.person}`;
      const group = {
        displayName: "owned",
        mailNickname: "owned",
        mailEnabled: false,
        securityEnabled: true,
      };
      this.know("groupId", (await this.post("/groups", { ...group, "owners@odata.bind": [owner] })).id);
    },
    directoryRole: async () => {
      this.rig.azure.control.giveDirectoryRole(this.known.principal!, "Directory Readers");
      const { value } = ok(await this.rig.graph("GET", "/directoryRoles"));
      this.know("directoryRole", value.find(({ displayName }) => displayName === "Directory Readers")!.id);
    },
    grant: async () => {
      const { principal: principalId, graph: resourceId } = this.known;
      const appRoleId = "18a4783c-866b-4cc7-a460-3d5e5662c884";
      const path = `/servicePrincipals/${principalId}/appRoleAssignments`;
      this.know("grant", (await this.post(path, { principalId, resourceId, appRoleId })).id);
    },
    identity: async () => {
      const path = `${this.rig.group}/${IDENTITIES}/id-contract`;
      const { properties } = ok(await this.rig.arm("PUT", path, { location: "westeurope" }), 201);
      this.know("identityPrincipal", String(properties.principalId));
      this.know("identityClient", String(properties.clientId));
    },
    identityCredential: async () => {
      const path = `${this.rig.group}/${IDENTITIES}/id-contract/federatedIdentityCredentials/main`;
      const properties = { issuer: ISSUER, subject: SUBJECT, audiences: [AUDIENCE] };
      ok(await this.rig.arm("PUT", path, { properties }), 201);
    },
    lag: () => this.rig.azure.control.setReplicationLag(60),
    keyVault: ({ rbac, firewall, protected: purgeProtection }) => {
      const { id } = this.rig.azure.control.createKeyVault({
        name: "kv-contract",
        softDeleteRetentionInDays: 7,
        rbac: rbac !== "no",
        firewall: firewall === "yes",
        purgeProtection: purgeProtection === "yes",
      });
      this.know("vault", id);
    },
    vaultSecret: async ({ enabled }) => {
      const properties = { value: "one", attributes: { enabled: enabled !== "no" } };
      const made = ok(await this.rig.arm("PUT", `${this.known.vault}/secrets/password`, { properties }), 201);
      this.know("version", String(made.properties.secretUriWithVersion).split("/").at(-1)!);
    },
    vaultSecretDeleted: async () => {
      const role = "Key Vault Secrets Officer";
      const officer = this.rig.azure.control.createCaller({ displayName: "officer", role });
      ok(await this.rig.vault("DELETE", "/secrets/password", undefined, officer, "kv-contract"));
    },
    vaultKey: async ({ enabled, operations, deleted }) => {
      const role = "Key Vault Crypto Officer";
      const officer = this.rig.azure.control.createCaller({ displayName: "keyOfficer", role });
      const send = (method: string, path: string, json?: object) =>
        this.rig.vault(method, path, json, officer, "kv-contract");
      const made = ok(
        await send("POST", "/keys/state/create", {
          kty: "RSA",
          attributes: { enabled: enabled !== "no" },
          ...(operations === undefined ? {} : { key_ops: operations.split(",") }),
        }),
      );
      this.know(
        "keyVersion",
        String((made.key as { kid: unknown }).kid)
          .split("/")
          .at(-1)!,
      );
      const text = { alg: "RSA-OAEP-256", value: "b25l" };
      const encrypted = await send("POST", "/keys/state/encrypt", text);
      this.know("encrypted", encrypted.status === 200 ? (encrypted.body.value as unknown as string) : "");
      if (deleted === "yes") ok(await send("DELETE", "/keys/state"));
    },
    later: () => this.rig.azure.control.advanceClock({ days: 800 }),
    policyNoSecrets: () => this.rig.azure.control.setPolicy({ passwordAddition: "forbidden" }),
    policyShortSecrets: () => this.rig.azure.control.setPolicy({ maxPasswordLifetimeDays: 30 }),
    policyReference: () => this.rig.azure.control.setPolicy({ requireServiceManagementReference: true }),
    assertion: async ({ iss, sub = SUBJECT, aud = AUDIENCE, exp = "300", key }) => {
      const { control } = this.rig.azure;
      this.issuer = await control.declareIssuer(ISSUER);
      const signer = key === "foreign" ? await control.declareIssuer(FOREIGN_ISSUER) : this.issuer;
      const claims = { sub: sub === "{SUBJECT}" ? SUBJECT.toUpperCase() : sub, aud };
      const assertion = await signer.sign(claims, { issuer: iss ?? ISSUER, expiresInSeconds: Number(exp) });
      this.known.assertion = assertion;
      const header = JSON.parse(Buffer.from(assertion.split(".")[0]!, "base64url").toString()) as {
        kid: string;
      };
      this.known.foreignKey = header.kid;
    },
  };
}
