import assert from "node:assert/strict";
import { SERVICES } from "../../local-azure/services";
import { ok, useRig } from "./rig";

/** What a PATCH, PUT or POST of any kind may try to take away. */
const BODIES: readonly object[] = [
  {},
  { accountEnabled: false },
  { displayName: "gone", tags: [], description: null },
  { passwordCredentials: [], keyCredentials: [] },
  { properties: {}, tags: {}, location: "nowhere" },
];

describe("local Azure: no single request makes the world unusable", () => {
  const rig = useRig();
  const routes = [SERVICES.graph, SERVICES.arm].flatMap((service) => service.routes);

  /** Every ID that the world starts with, by the name of the parameter that can hold it. */
  function initialIds(): Readonly<Record<string, readonly string[]>> {
    const { applications, servicePrincipals, roleAssignments, appRoleAssignments } =
      rig.azure.control.state();
    const { subscriptionId, otherSubscriptionId, resourceGroup, workspaceName } = rig.azure;
    const ids = [...applications, ...servicePrincipals].map(({ id }) => id);
    return {
      id: ids,
      member: ids,
      user: ids,
      grant: appRoleAssignments.map(({ id }) => id),
      assignment: roleAssignments.map(({ name }) => name),
      subscription: [subscriptionId, otherSubscriptionId],
      group: [resourceGroup],
      workspace: [workspaceName],
      vault: ["kv-ml"],
    };
  }

  /** All paths of a route with initial IDs in it. */
  function pathsWith(path: string, ids: Readonly<Record<string, readonly string[]>>): string[] {
    const [, name] = /:(\w+)/.exec(path) ?? [];
    if (name === undefined) return [path];
    return (ids[name] ?? ["x"]).flatMap((id) => pathsWith(path.replace(`:${name}`, id), ids));
  }

  async function assertAlive(what: string): Promise<void> {
    const { admin, subscriptionId } = rig.azure;
    for (const scope of ["https://graph.microsoft.com/.default", "https://management.azure.com/.default"]) {
      const { access_token: token } = ok(await rig.logIn(admin, scope));
      const isGraph = scope.includes("graph");
      const path = isGraph ? "/v1.0/applications" : `/subscriptions/${subscriptionId}?api-version=2022-12-01`;
      assert.equal((await rig.call("GET", path, { token })).status, 200, `${what}, then ${path}`);
      if (!isGraph) {
        const assignments = `/subscriptions/${subscriptionId}/providers/Microsoft.Authorization/roleAssignments`;
        const all = ok(await rig.call("GET", `${assignments}?api-version=2022-04-01`, { token })).value;
        assert.ok(all.length > 0, `${what}, then role assignments`);
      }
    }
    const { admin: login } = rig.azure;
    const made = await rig.graph("POST", "/applications", { displayName: "after" }, login);
    assert.equal(made.status, 201, `${what}, then POST /applications: ${made.text}`);
  }

  for (const method of ["DELETE", "PATCH", "PUT", "POST"] as const)
    it(`${method} of everything that is there from the start`, async () => {
      for (const route of routes.filter((one) => one.method === method)) {
        const scoped = route.path.replace("{scope}", "/subscriptions/:subscription");
        for (const path of pathsWith(scoped, initialIds())) {
          for (const json of method === "DELETE" ? [undefined] : BODIES) {
            const { status } = await (route.api === "graph"
              ? rig.graph(method, path, json)
              : rig.arm(method, path, json));
            const what = `${method} ${path} ${JSON.stringify(json)} (${status})`;
            if (status < 300) {
              await assertAlive(what);
              rig.reset();
            }
            assert.ok(status < 500 || status === 501, what);
          }
        }
      }
    }).timeout(120_000);

  it("the administrator cannot be shut out by removing its first secret", async () => {
    const { applications } = rig.azure.control.state();
    const { id, passwords } = applications.find(({ appId }) => appId === rig.azure.admin.clientId)!;
    const body = { keyId: passwords[0]!.keyId };
    assert.equal((await rig.graph("POST", `/applications/${id}/removePassword`, body)).status, 403);
    await assertAlive("removePassword");
  });
});
