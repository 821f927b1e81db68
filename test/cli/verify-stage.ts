import assert from "node:assert/strict";
import { Agent, fetch } from "undici";
import { type LocalAzure, startLocalAzure } from "../../local-azure/local-azure";
import { buildCommand, type Finished, runCommand } from "./command";
import { StandIns } from "./stand-ins";

export type Caller = ReturnType<LocalAzure["control"]["createCaller"]>;
export type Environment = Record<string, string>;

/** An ID that nothing has. */
export const UNKNOWN_ID = "00000000-0000-4000-8000-000000000000";

/** A local Azure, a service principal in it, and the command in the environment that leads there. */
export class VerifyStage {
  private constructor(
    readonly azure: LocalAzure,
    /** Contributor on the resource group of the workspace. */
    readonly caller: Caller,
    private readonly noTools: StandIns,
    private readonly connections: Agent,
  ) {}

  static async create(running?: LocalAzure): Promise<VerifyStage> {
    await buildCommand();
    const azure = running ?? (await startLocalAzure());
    const scope = `/subscriptions/${azure.subscriptionId}/resourceGroups/${azure.resourceGroup}`;
    const caller = azure.control.createCaller({ displayName: "pipeline", role: "Contributor", scope });
    const connections = new Agent({ connect: { ca: azure.caPem } });
    return new VerifyStage(azure, caller, await StandIns.create({}), connections);
  }

  async close(): Promise<void> {
    await Promise.all([this.connections.close(), this.noTools.remove()]);
    await this.azure.close();
  }

  get group(): string {
    return `/subscriptions/${this.azure.subscriptionId}/resourceGroups/${this.azure.resourceGroup}`;
  }

  get workspaceId(): string {
    return `${this.group}/providers/Microsoft.MachineLearningServices/workspaces/${this.azure.workspaceName}`;
  }

  variables(of: Caller = this.caller) {
    return {
      HIML_SERVICE_PRINCIPAL_ID: of.clientId,
      HIML_SERVICE_PRINCIPAL_PASSWORD: of.clientSecret,
      HIML_TENANT_ID: this.azure.tenantId,
      HIML_SUBSCRIPTION_ID: this.azure.subscriptionId,
      HIML_RESOURCE_GROUP: this.azure.resourceGroup,
      HIML_WORKSPACE_NAME: this.azure.workspaceName,
    };
  }

  /** Without a tool on PATH, unless `env` has one. */
  run(env: Environment, ...args: string[]): Promise<Finished> {
    return runCommand(["verify", ...args], {
      env: { ...this.azure.public, PATH: this.noTools.folder, ...env },
    });
  }

  /** A failure has one plain sentence, the code and the remedy; and the password nowhere. */
  assertFailure(
    { exitCode, stdout, stderr }: Finished,
    code: string,
    sentence: RegExp,
    remedy: RegExp,
  ): void {
    assert.equal(exitCode, 1, stderr);
    assert.match(stdout, new RegExp(`^FAIL  .*  ${code}\n$`, "m"));
    const [, problem = "", advice = "", ...rest] = stderr.split("\n");
    assert.ok(problem.startsWith(`himl-sp: ${code}: `), stderr);
    assert.match(problem, sentence);
    assert.match(advice, remedy);
    assert.deepEqual(rest, [""]);
    assert.ok(!`${stdout}${stderr}`.includes(this.caller.clientSecret));
  }

  /** An access token, as any client gets it. */
  tokenOf(
    { clientId, clientSecret }: Pick<Caller, "clientId" | "clientSecret">,
    resource = "https://management.azure.com",
  ): Promise<string> {
    const login = { grant_type: "client_credentials", client_id: clientId, client_secret: clientSecret };
    return this.requestToken(login, resource);
  }

  /** A person's, as the Azure CLI gets it. */
  tokenOfPerson(
    { userPrincipalName, password }: { userPrincipalName: string; password: string },
    resource: string,
  ): Promise<string> {
    const login = {
      grant_type: "password",
      client_id: "04b07795-8ddb-461a-bbee-02f9e1bf7b46",
      username: userPrincipalName,
      password,
    };
    return this.requestToken(login, resource);
  }

  private async requestToken(login: Record<string, string>, resource: string): Promise<string> {
    const response = await fetch(`${this.azure.url}/${this.azure.tenantId}/oauth2/v2.0/token`, {
      dispatcher: this.connections,
      method: "POST",
      body: new URLSearchParams({ ...login, scope: `${resource}/.default` }),
    });
    const answer = (await response.json()) as { access_token?: string };
    assert.ok(answer.access_token, JSON.stringify(answer));
    return answer.access_token;
  }

  /** What an administrator would do in the portal. */
  async asAdmin(method: string, url: string, body?: unknown): Promise<void> {
    const { origin, pathname, search } = new URL(url);
    const response = await fetch(`${this.azure.url}${pathname}${search}`, {
      dispatcher: this.connections,
      method,
      headers: {
        authorization: `Bearer ${await this.tokenOf(this.azure.admin, origin)}`,
        "content-type": "application/json",
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    assert.ok(response.ok, await response.text());
  }
}
