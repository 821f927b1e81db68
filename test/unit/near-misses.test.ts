import assert from "node:assert/strict";
import { resolveTrusts } from "../../components/federated-subjects";
import { canonicalArgument, checkArgument } from "../../components/rules";
import { resolveRole } from "../../components/roles";
import { canonicalScope } from "../../components/scopes";

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
    [`/subscriptions/${SUBSCRIPTION}//resourceGroups/rg-ml`]: GROUP,
    [`//subscriptions/${SUBSCRIPTION}/resourceGroups/rg-ml//`]: GROUP,
    [`subscriptions/${SUBSCRIPTION}/resourcegroups/RG-ML`]: GROUP,
    [group.toUpperCase()]: GROUP,
    [` "${group}" `]: GROUP,
    [`/subscriptions/{${SUBSCRIPTION}}/resourceGroups/rg-ml`]: GROUP,
    [encodeURIComponent(group)]: GROUP,
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
    DEFINITION.replaceAll("/", "//"),
    encodeURIComponent(DEFINITION),
    `/providers/Microsoft.Authorization/roleDefinitions/${CONTRIBUTOR}`,
    `https://management.azure.com${DEFINITION}?api-version=2022-04-01`,
  ])
    it(`as a role: ${text}`, () => assert.equal(resolveRole(text)?.id, CONTRIBUTOR));

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
    `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg-ml/../rg-x`,
    `${WORKSPACE}/computes`,
    `${GROUP}?x=1`,
    `${GROUP}"`,
    "https://portal.azure.com/#view/HubsExtension/BrowseResource",
  ])
    it(`as a scope: ${JSON.stringify(text)}`, () => assert.equal(canonicalScope(text), undefined));

  const issuers: Record<string, string> = {
    "https://token.actions.githubusercontent.com/": GITHUB,
    "https://Token.Actions.githubusercontent.com": GITHUB,
    "http://token.actions.githubusercontent.com": GITHUB,
    "token.actions.githubusercontent.com": GITHUB,
    "https:/token.actions.githubusercontent.com": GITHUB,
    "https://https://token.actions.githubusercontent.com": GITHUB,
    "https://token.actions.githubusercontent.com:443": GITHUB,
    "https://token.action.githubusercontent.com": GITHUB,
    "https://token.actions.github.com": GITHUB,
    "https://token.actions.githubusercontent.com/.well-known/openid-configuration": GITHUB,
    "https://user:pw@token.actions.githubusercontent.com": GITHUB,
    "https://token.actions.githubusercontent.com/octo/": `${GITHUB}/octo`,
    "https://GitLab.com": "https://gitlab.com",
    "https://www.gitlab.com": "https://gitlab.com",
    "https://gitlab.com.": "https://gitlab.com",
    "https://g\u0456tlab.com": "https://gitlab.com",
    "https://app.terraform.io/": "https://app.terraform.io",
    "https://gitlab.example/.well-known/openid-configuration": "https://gitlab.example",
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
  ])
    it(`but not ${issuer}`, () => assert.equal(trust({ issuer, subject: "job:x" }), "job:x"));

  for (const repository of [
    "https://github.com/octocat/training",
    "https://GitHub.com/octocat/training.git",
    "http://www.github.com/octocat/training/",
    "https://github.com/octocat/training/tree/main",
    "https://github.com/octocat/training?tab=readme",
    "git@github.com:octocat/training.git",
    "ssh://git@github.com/octocat/training.git",
    "git://github.com/octocat/training",
    "github.com/octocat/training",
    "gh:octocat/training",
    "repo:octocat/training",
    "octocat/training.git",
    "octocat/training/",
    "/octocat/training",
    " octocat/training ",
    "octocat / training",
    "octocat\\training",
    "octocat/training#main",
    "octocat/training@v1",
  ])
    it(`as a repository: ${repository}`, () =>
      assert.equal(trust({ github: { repository, branch: "main" } }), "Write octocat/training."));

  const refs: [kind: string, text: string, remedy: RegExp][] = [
    ["branch", "main:environment:prod", /^Write main;/],
    ["branch", "ref:refs/heads/main", /^Write main\.$/],
    ["branch", "environment:prod", /^Write \{"environment": "prod"\} instead\.$/],
    ["branch", "heads/main", /^Write main; or refs\/heads\/heads\/main, if it is called so\.$/],
    ["branch", "origin/main", /^Write main; or refs\/heads\/origin\/main/],
    ["branch", "remotes/origin/main", /^Write main; or /],
    ["branch", "HEAD", /^Write the name of the branch/],
    ["branch", "main,dev", /^Give each of them a trust of its own/],
    ["branch", "main*", /Entra compares the whole subject/],
    ["tag", "tags/v1", /^Write v1; or refs\/tags\/tags\/v1/],
    ["tag", "v1:environment:x", /^Write v1;/],
    ["environment", "environment:prod", /^Write prod\.$/],
  ];
  for (const [kind, text, remedy] of refs)
    it(`as a ${kind}: ${text}`, () =>
      assert.match(trust({ github: { repository: "o/r", [kind]: text } }), remedy));

  it("but a branch that is really called so can be named in full", () => {
    for (const name of ["origin/main", "heads/main", "main,dev"])
      assert.equal(
        trust({ github: { repository: "o/r", branch: `refs/heads/${name}` } }),
        `repo:o/r:ref:refs/heads/${name}`,
      );
  });

  for (const subject of [
    "Repo:o/r:ref:refs/heads/main",
    "o/r:ref:refs/heads/main",
    "repo:https://github.com/o/r:ref:refs/heads/main",
    "repo:o/r.git:ref:refs/heads/main",
    "repo:o/r:refs/heads/main",
    "repo:o/r:ref:main",
    "repo:o/r:branch:main",
    "repo:o/r:tag:v1",
    "repo:o/r:pull-request",
    "repo:training:ref:refs/heads/main",
  ])
    it(`as a subject of GitHub's: ${subject}`, () =>
      assert.match(trust({ issuer: GITHUB, subject }), /It ends with|ends with ref:refs/));

  for (const subject of [
    "repo:o/r:ref:refs/heads/main",
    "repo:o@1/r@2:environment:prod",
    "repo:o/r:pull_request",
    "repo:o/r",
    "repository_owner_id:1:repository_id:2:ref:refs/heads/main",
    "repo:o/r:ref:refs/heads/main:environment:prod",
    "repo:o/r:job_workflow_ref:o/r/.github/workflows/x.yml@refs/heads/main",
  ])
    it(`but not ${subject}, which GitHub or an organisation writes`, () =>
      assert.equal(trust({ issuer: GITHUB, subject }), subject));
});
