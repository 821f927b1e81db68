import assert from "node:assert/strict";
import { resolveTrusts } from "../../components/plan/trusts";
import { canonicalArgument, checkArgument, type CheckedArgument } from "../../components/plan/rules";
import { resolveRole } from "../../components/plan/roles";
import { canonicalScope } from "../../components/plan/scopes";

const SUBSCRIPTION = "00000000-0000-4000-8000-0000000000AB";
const lower = SUBSCRIPTION.toLowerCase();
const GROUP = `/subscriptions/${lower}/resourceGroups/rg-ml`;
const WORKSPACE = `${GROUP}/providers/Microsoft.MachineLearningServices/workspaces/ws-ml`;
const CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c";
const DEFINITION = `/subscriptions/${SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/${CONTRIBUTOR}`;
const GITHUB = "https://token.actions.githubusercontent.com";

/** The subject, or what the refusal advises. */
function trust(args: object): string {
  const { trusts, problems } = resolveTrusts("federatedCredentials", [args]);
  return trusts[0]?.subject ?? problems.map(({ remedy }) => remedy).join(" ");
}

describe("What people paste is understood", () => {
  const group = `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg-ml`;
  const workspace = `${group}/providers/Microsoft.MachineLearningServices/workspaces/ws-ml`;
  const scopes: Record<string, string> = {
    [`subscriptions/${SUBSCRIPTION}/resourcegroups/RG-ML`]: GROUP,
    [group.toUpperCase()]: GROUP,
    [` "${group}" `]: GROUP,
    [`/subscriptions/{${SUBSCRIPTION}}/resourceGroups/rg-ml`]: GROUP,
    [`https://portal.azure.com/#@contoso.onmicrosoft.com/resource${group}/overview`]: GROUP,
    [`https://portal.azure.com/#@contoso.com/resource${workspace}/users`]: WORKSPACE,
    [`https://portal.azure.com/?feature.x=1#resource${workspace}`]: WORKSPACE,
    [`portal.azure.com/#@contoso.com/resource${group}/overview`]: GROUP,
    [`http://portal.azure.com/#@contoso.com/resource${group}/overview`]: GROUP,
    [`https://portal.azure.com/#blade/HubsExtension/ResourceMenuBlade/id/${encodeURIComponent(group)}`]:
      GROUP,
    [`https://ml.azure.com/?wsid=${group}/workspaces/ws-ml&tid=x`]: WORKSPACE,
    [`https://ml.azure.com/home?wsid=${encodeURIComponent(workspace)}`]: WORKSPACE,
    [`azureml:/${group}/workspaces/ws-ml`]: WORKSPACE,
    [`https://management.azure.com${workspace}?api-version=2024-04-01`]: WORKSPACE,
    "Resource Group": "resourceGroup",
    resource_group: "resourceGroup",
    "WORKSPACE ": "workspace",
    "workspace/": "workspace",
    [`\u201c${group}\u201d`]: GROUP,
    [`/subscriptions/${SUBSCRIPTION}/`]: `/subscriptions/${lower}`,
  };
  for (const [text, expected] of Object.entries(scopes))
    it(`as a scope: ${text}`, () => assert.equal(canonicalScope(text), expected));

  for (const text of [
    CONTRIBUTOR.toUpperCase(),
    `{${CONTRIBUTOR}}`,
    `"${CONTRIBUTOR}"`,
    "CONTRIBUTOR",
    '"Contributor"',
    DEFINITION,
    `${DEFINITION.toUpperCase()}/`,
    DEFINITION.slice(1),
    `/providers/Microsoft.Authorization/roleDefinitions/${CONTRIBUTOR}`,
    `https://management.azure.com${DEFINITION}?api-version=2022-04-01`,
  ])
    it(`as a role: ${text}`, () => assert.equal(resolveRole(text)?.id, CONTRIBUTOR));

  for (const text of [
    "Azure ML Data Scientist",
    "AzureMLDataScientist",
    "azureml-data-scientist",
    "AzureML  Data\u00a0Scientist (preview)",
    "roleDefinitions/f6c7c914-8db3-469d-8ca1-694a8f32e121",
    "Microsoft.Authorization/roleDefinitions/f6c7c914-8db3-469d-8ca1-694a8f32e121",
  ])
    it(`as a role: ${text}`, () => assert.equal(resolveRole(text)?.label, "AzureML Data Scientist"));

  it("as a role that is privileged, however it is written", () => {
    for (const text of [
      "owner",
      "UserAccessAdministrator",
      "Role-Based Access Control Administrator (Preview)",
    ])
      assert.equal(resolveRole(text)?.isPrivileged, true, text);
  });

  it("as the subscription: the ID of what lies in it", () => {
    for (const text of [
      `/subscriptions/${SUBSCRIPTION}`,
      group,
      workspace,
      `https://portal.azure.com/#@contoso.com/resource${group}/overview`,
    ]) {
      assert.equal(checkArgument("subscriptionId", text), undefined, text);
      assert.equal(canonicalArgument("subscriptionId", text), lower);
    }
  });

  it("or is told in the remedy, where something would be lost: the names in a resource ID, a GUID in a text", () => {
    const rows: [CheckedArgument, string, string][] = [
      ["resourceGroupName", group, "rg-ml"],
      ["resourceGroupName", workspace, "rg-ml"],
      ["resourceGroupName", ' "rg-ml" ', "rg-ml"],
      ["resourceGroupName", "rg-ml/", "rg-ml"],
      ["workspaceName", workspace, "ws-ml"],
      ["workspaceName", "ws-ml ", "ws-ml"],
      ["existingClientId", `api://${SUBSCRIPTION}`, lower],
      ["existingClientId", lower.replaceAll("-", ""), lower],
      ["subscriptionId", `urn:uuid:${SUBSCRIPTION}`, lower],
    ];
    for (const [argument, text, meant] of rows)
      assert.match(checkArgument(argument, text)!.remedy, new RegExp(`^Did you mean ${meant}\\? `), text);
    assert.doesNotMatch(checkArgument("existingClientId", `${lower} ${CONTRIBUTOR}`)!.remedy, /Did you mean/);
  });

  it("as an ID: in braces, in quotes, in capital letters", () => {
    for (const text of [SUBSCRIPTION, `{${SUBSCRIPTION}}`, `"${lower}"`, ` ${SUBSCRIPTION} `])
      for (const argument of ["subscriptionId", "existingClientId"] as const) {
        assert.equal(checkArgument(argument, text), undefined, text);
        assert.equal(canonicalArgument(argument, text), lower);
      }
    assert.deepEqual(canonicalArgument("owners", [`{${SUBSCRIPTION}}`]), [lower]);
    assert.ok(checkArgument("owners", [`{${SUBSCRIPTION}}`, lower]), "the same twice");
  });
});

describe("What can be none is refused", () => {
  for (const text of [
    "",
    "/",
    "rg-ml",
    SUBSCRIPTION,
    "/subscriptions/x/resourceGroups/rg-ml",
    `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg-ml.`,
    `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg ml`,
    `/subscriptions/${SUBSCRIPTION}/resourceGroups/..`,
    ...["..", ".", "", "%2e%2e", "..%2f", "\\\\..", "..;", "\t..", " .."].flatMap((segment) => [
      `${GROUP}/${segment}/rg-x`,
      `${GROUP}/providers/${segment}/${segment}/${segment}`,
      `${GROUP}/providers/Microsoft.Storage/storageAccounts/${segment}`,
      `https://management.azure.com${GROUP}/${segment}/${segment}/x`,
      `https://portal.azure.com/#@x/resource${GROUP}/${segment}/x/y`,
      `https://ml.azure.com/?wsid=${GROUP}/${segment}/workspaces/ws-ml`,
    ]),
    `${GROUP}/providers/Microsoft.Storage/storageAccounts/x/providers/y`,
    `${GROUP}/providers/storage/storageAccounts/x`,
    `x/subscriptions/${SUBSCRIPTION}`,
    encodeURIComponent(GROUP),
    `${WORKSPACE}/computes`,
    `${GROUP}?x=1`,
    `${GROUP}/providers/Microsoft.Authorization/roleAssignments/${CONTRIBUTOR}`,
    `${GROUP}"`,
    "https://portal.azure.com/#view/HubsExtension/BrowseResource",
  ])
    it(`as a scope: ${JSON.stringify(text)}`, () => assert.equal(canonicalScope(text), undefined));

  const issuers: Record<string, string> = {
    "https://token.actions.githubusercontent.com/": GITHUB,
    "https://Token.Actions.GitHubUserContent.com": GITHUB,
    "http://token.actions.githubusercontent.com": GITHUB,
    "token.actions.githubusercontent.com": GITHUB,
    "https://token.action.githubusercontent.com": GITHUB,
    "https://token.actions.github.com": GITHUB,
    "https://github.com": GITHUB,
    "https://github.com/octocat/training": GITHUB,
    "https://token.actions.githubusercontent.com/octo/": `${GITHUB}/octo`,
    " https://gitlab.com": "https://gitlab.com",
    "https://gitlab.com/": "https://gitlab.com",
    "https://g\u0456tlab.com": "https://gitlab.com",
    "https://xn--gtlab-jua.com": "https://gitlab.com",
    "https://app.terraform.io/": "https://app.terraform.io",
    "https://vstoken.dev.azure.com/1f5e/": "https://vstoken.dev.azure.com/1f5e",
    "https://token.actions.acme.ghe.com/": "https://token.actions.acme.ghe.com",
    "https://ghe.example.com/_services/token/": "https://ghe.example.com/_services/token",
    "https://sts.windows.net/t": "https://sts.windows.net/t/",
    "https://westeurope.oic.prod-aks.azure.com/t/x": "https://westeurope.oic.prod-aks.azure.com/t/x/",
  };
  for (const [issuer, meant] of Object.entries(issuers))
    it(`as an issuer: ${issuer}`, () =>
      assert.match(
        trust({ issuer, subject: "job" }),
        new RegExp(`^Did you mean ${meant.replaceAll(".", "\\.")}\\? `),
      ));

  for (const issuer of [
    `${GITHUB}/octo`,
    "https://gitlab.example",
    "https://oidc.example.com:8443/x/",
    "https://sts.windows.net/t/",
    "https://token.actions.acme.ghe.com",
    "https://token.actions.acme.ghe.com/octo",
    "https://ghe.example.com/_services/token",
    "https://westeurope.oic.prod-aks.azure.com/t/x/",
    "https://vstoken.dev.azure.com/7f1c",
    "https://login.microsoftonline.com/7f1c/v2.0",
    "https://github.example.com",
    "https://[2001:db8::1]",
  ])
    it(`but not ${issuer}`, () => assert.equal(trust({ issuer, subject: "repo:o/r:x" }), "repo:o/r:x"));

  for (const host of [
    "localhost",
    "localhost.",
    "gitlab.com..",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
    "metadata.google.internal",
    ...["0.0.0.0", "10.1.2.3", "100.100.100.200", "127.0.0.1", "127.8.9.1", "168.63.129.16"],
    ...["169.254.169.254", "172.16.0.1", "172.31.255.255", "192.168.1.1", "239.1.1.1", "255.255.255.255"],
    ...["2130706433", "0x7f.1", "127.1"],
    ...["[::1]", "[::]", "[fe80::1]", "[fd00:ec2::254]", "[fc00::1]", "[ff02::1]"],
    ...["[::ffff:7f00:1]", "[::ffff:a9fe:a9fe]", "[64:ff9b::a00:1]", "[2002:7f00:1::]"],
  ])
    it(`as an issuer, since Entra cannot reach it: https://${host}`, () => {
      for (const issuer of [`https://${host}`, `https://${host}/x`, `https://${host}:8443`])
        assert.notEqual(trust({ issuer, subject: "job" }), "job", issuer);
    });

  for (const issuer of ["https://172.32.0.1", "https://100.128.0.1", "https://20.0.0.1", "https://[2a00::1]"])
    it(`but not ${issuer}, which is public`, () => assert.equal(trust({ issuer, subject: "job" }), "job"));

  for (const repository of [
    "https://github.com/octocat/training",
    "https://GitHub.com/octocat/training.git",
    "http://www.github.com/octocat/training/",
    "https://github.com/octocat/training/tree/main",
    "https://github.com/octocat/training?tab=readme",
    "git@github.com:octocat/training.git",
    "ssh://git@github.com/octocat/training.git",
    "github.com/octocat/training",
    "octocat/training.git",
    "octocat/training/",
    "/octocat/training",
    " octocat/training ",
    "octocat/training#main",
    "octocat/training@v1",
    "@octocat/training",
  ])
    it(`as a repository: ${repository}`, () =>
      assert.equal(trust({ github: { repository, branch: "main" } }), "Write octocat/training."));

  for (const repository of ["o", "o/..", "o/.", "https://gitlab.com/o/r", "-o/r", "o/r%2f"])
    it(`as a repository, and nobody knows what was meant: ${repository}`, () =>
      assert.equal(
        trust({ github: { repository, branch: "main" } }),
        "As in the address: github.com/OWNER/NAME.",
      ));

  const BY_GIT = /^`git branch --all` and `git tag` list/;
  const refs: [kind: string, text: string, remedy: RegExp][] = [
    ...[
      ...["main:environment:prod", "ref:refs/heads/main", "a..b", "a b", "a~1", "a^", "a\\b", "/a", "a/"],
      ...["a.lock", ".a", "a@{1}", "@", "HEAD", "-a", "https://github.com/o/r/tree/main"],
    ].map((text): [string, string, RegExp] => ["branch", text, BY_GIT]),
    ["tag", "v1:environment:x", BY_GIT],
    ["branch", "x".repeat(600), /^Use a branch, tag or environment with a shorter name\.$/],
    ["branch", "main*", /Entra compares the whole subject/],
    ["branch", "Refs/Tags/v1*", /Entra compares the whole subject/],
    ["environment", "x".repeat(256), /^The page Settings, Environments/],
    ["environment", "2024-01-01 00:00:00 +0000 UTC", /put it in quotes/],
    ["tag", "2024-01-01T00:00:00Z", /put it in quotes/],
    ["branch", "2024-01-01 00:00:00 +0000 UTC", /put it in quotes/],
  ];
  for (const [kind, text, remedy] of refs)
    it(`as a ${kind}: ${text}`, () =>
      assert.match(trust({ github: { repository: "o/r", [kind]: text } }), remedy));

  for (const subjectPrefix of [
    "repo:o/r:ref",
    "repo:o/r:ref:",
    "repo:o/r:environment",
    "repo:o/r:ref:refs/heads/main",
    "repo:o/r:environment:prod",
    "repo:o/r:pull_request",
    "repo: o/r",
    "REPO:o/r",
    "repo:o/r.git",
    "repo:https://github.com/o/r",
    "repo:o@1/r",
  ])
    it(`as a prefix of GitHub's subjects: ${subjectPrefix}`, () =>
      assert.notEqual(
        trust({ github: { repository: "o/r", subjectPrefix, branch: "main" } }),
        `${subjectPrefix}:ref:refs/heads/main`,
      ));
});
