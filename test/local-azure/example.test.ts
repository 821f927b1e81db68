import assert from "node:assert/strict";
import { ClientSecretCredential } from "@azure/identity";
import { type LocalAzure, type Snapshot, startLocalAzure } from "../../local-azure/local-azure";

describe("a login of mine", () => {
  let azure: LocalAzure;
  let fresh: Snapshot;

  before(async () => {
    azure = await startLocalAzure();
    fresh = azure.control.snapshot();
  });
  afterEach(() => azure.control.restore(fresh));
  after(() => azure.close());

  function createCredential(): ClientSecretCredential {
    const caller = azure.control.createCaller({ displayName: "ci", role: "Reader" });
    return new ClientSecretCredential(azure.tenantId, caller.clientId, caller.clientSecret, {
      authorityHost: azure.url,
      disableInstanceDiscovery: true,
      tlsOptions: { ca: azure.caPem },
    });
  }

  it("works", async () => {
    assert.ok(await createCredential().getToken("https://management.azure.com/.default"));
  });

  it("survives a token service that is busy twice", async () => {
    const token = { method: "POST", path: "/oauth2/v2.0/token$" };
    azure.control.addFault({ match: token, times: 2, answer: 503, retryAfter: 0 });
    assert.ok(await createCredential().getToken("https://management.azure.com/.default"));
    assert.equal(azure.control.requests().filter(({ status }) => status === 503).length, 2);
  });

  it("is refused when the tenant blocks it", async () => {
    const credential = createCredential();
    const blockedClientIds = azure.control.state().applications.map(({ appId }) => appId);
    azure.control.setPolicy({ blockedClientIds });
    await assert.rejects(credential.getToken("https://management.azure.com/.default"), /AADSTS53003/);
  });
});
