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
    "workspace/": "workspace",
    [`\u201c${group}\u201d`]: GROUP,
    [group.replaceAll("-", "\u2013")]: GROUP,
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
      `//subscriptions/${SUBSCRIPTION}/`,
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
    `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg-ml/../rg-x`,
    `${WORKSPACE}/computes`,
    `${GROUP}?x=1`,
    `${GROUP}/providers/Microsoft.Authorization/roleAssignments/${CONTRIBUTOR}`,
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
    "https//token.actions.githubusercontent.com": GITHUB,
    "//token.actions.githubusercontent.com": GITHUB,
    "<https://token.actions.githubusercontent.com>": GITHUB,
    "https://token.actions.githubusercontent.com:8443": GITHUB,
    "https://github.com": GITHUB,
    "https://github.com/octocat/training": GITHUB,
    "https://actions.githubusercontent.com": GITHUB,
    "https://xn--gtlab-jua.com": "https://gitlab.com",
    "https://gitlab.com:8443": "https://gitlab.com",
    "https://gitlab.example.com/": "https://gitlab.example.com",
    "https://GitLab.Example.com": "https://gitlab.example.com",
    "https://oidc.example.com:443/x": "https://oidc.example.com/x",
    "https://token.actions.acme.ghe.com/": "https://token.actions.acme.ghe.com",
    "https://ghe.example.com/_services/token/": "https://ghe.example.com/_services/token",
    "https://vstoken.dev.azure.com/": "https://vstoken.dev.azure.com/ORGANIZATION_ID",
    "https://login.microsoftonline.com/7f1c": "https://login.microsoftonline.com/TENANT_ID/v2.0",
    "https://oidc.circleci.com": "https://oidc.circleci.com/org/ORGANIZATION_ID",
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
    it(`but not ${issuer}`, () => assert.equal(trust({ issuer, subject: "job:x" }), "job:x"));

  for (const issuer of [
    "https://localhost",
    "https://127.0.0.1",
    "https://[::1]",
    "https://gitlab.com..",
    "https://kubernetes.default.svc.cluster.local",
  ])
    it(`as an issuer, since Entra cannot reach it: ${issuer}`, () =>
      assert.notEqual(trust({ issuer, subject: "job" }), "job"));

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
    "@octocat/training",
    "repo:octocat/training:ref:refs/heads/main",
    "repos/octocat/training",
    "https://api.github.com/repos/octocat/training",
    "https://raw.githubusercontent.com/octocat/training/main/README.md",
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
    ["branch", "Refs/Heads/main", /^Write main\.$/],
    ["branch", "https://github.com/octocat/training/tree/feature/x", /^Write feature\/x\.$/],
    ["branch", "tree/main", /^Write main; or refs\/heads\/tree\/main/],
    ["branch", "feature%2Fx", /^Write feature\/x; or refs\/heads\/feature%2Fx/],
    ["branch", "'main'", /^Write main; or /],
    ["branch", "pull_request", /^Write \{"pullRequest": true\} instead; or /],
    ["branch", "x".repeat(600), /^Use a branch, tag or environment with a shorter name\.$/],
    ["branch", "HEAD", /^Write the name of the branch/],
    ["branch", "main,dev", /^Give each of them a trust of its own/],
    ["branch", "main*", /Entra compares the whole subject/],
    ["tag", "tags/v1", /^Write v1; or refs\/tags\/tags\/v1/],
    ["tag", "https://github.com/octocat/training/releases/tag/v1", /^Write v1\.$/],
    ["tag", "releases/tag/v1", /^Write v1; or /],
    ["environment", "prod:ref:refs/heads/main", /^Write prod\.$/],
    ["environment", "Environment:prod", /^Write prod\.$/],
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
    "repo:o/r:",
    "repo:o/r:environment:",
    "repo:o/r:ref:refs/heads/",
    "repo:o/r:ref:Refs/heads/main",
    "repo:o/r:ref:refs/head/main",
    "repo:o/r:REF:refs/heads/main",
    "repo:o/r:Environment:prod",
    "repo:o/r:Pull_Request",
    "repo:o/r:environment=prod",
    "repo:o/r:refs:heads/main",
    "repo/o/r:ref:refs/heads/main",
    "repos:o/r:ref:refs/heads/main",
    "github.com/o/r:ref:refs/heads/main",
  ])
    for (const issuer of [
      GITHUB,
      "https://token.actions.acme.ghe.com",
      "https://ghe.example.com/_services/token",
    ])
      it(`as a subject of GitHub's: ${subject}, from ${issuer}`, () =>
        assert.match(trust({ issuer, subject }), /It ends with|ends with ref:refs/));

  it("as an audience: one that differs from Entra's own in case, slash or scheme", () => {
    const of = (audience: string) => trust({ issuer: "https://gitlab.com", subject: "job", audience });
    for (const audience of [
      "api://azureadtokenexchange",
      "api://AzureADTokenExchange/",
      "AzureADTokenExchange",
      "https://AzureADTokenExchange",
    ])
      assert.equal(of(audience), "Leave it out for api://AzureADTokenExchange.", audience);
    for (const audience of ["api://AzureADTokenExchange", "https://gitlab.example"])
      assert.equal(of(audience), "job");
  });

  it("as a subject of GitHub's: an ID after the owner alone", () => {
    for (const subject of ["repo:o@1/r:pull_request", "repo:o/r@2:pull_request"])
      assert.match(trust({ issuer: GITHUB, subject }), /or none: repo:OWNER@ID\/NAME@ID/);
  });

  for (const subjectPrefix of [
    "repo:o/r:ref",
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

  const elsewhere: [issuer: string, subject: string][] = [
    ["https://gitlab.com", "Project_path:g/p:ref_type:branch:ref:main"],
    ["https://gitlab.com", "project_path:https://gitlab.com/g/p:ref_type:branch:ref:main"],
    ["https://gitlab.com", "project_path:g/p.git:ref_type:branch:ref:main"],
    ["https://gitlab.example.com", "project_path:g/p:ref_type:branch:ref:refs/heads/main"],
    ["https://app.terraform.io", "organization:o:workspace:w:run_phase:apply"],
    ["https://app.terraform.io", "Organization:o:project:p:workspace:w:run_phase:apply"],
    ["https://vstoken.dev.azure.com/7f1c", "SC://org/project/connection"],
    ["https://vstoken.dev.azure.com/7f1c", "sc://org/project/connection/"],
    ["https://vstoken.dev.azure.com/7f1c", "org/project/connection"],
    ["https://vstoken.dev.azure.com/7f1c", "https://dev.azure.com/org/project"],
  ];
  for (const [issuer, subject] of elsewhere)
    it(`as a subject of ${issuer}: ${subject}`, () => assert.notEqual(trust({ issuer, subject }), subject));

  const right: [issuer: string, subject: string][] = [
    ["https://gitlab.com", "project_path:g/sub.x/p:ref_type:branch:ref:feature/x"],
    ["https://app.terraform.io", "organization:o:project:p:workspace:w:run_phase:apply"],
    ["https://vstoken.dev.azure.com/7f1c", "sc://org/my project/connection"],
    ["https://login.microsoftonline.com/7f1c/v2.0", "/eid1/c/pub/t/x/a/y"],
  ];
  for (const [issuer, subject] of right)
    it(`but not ${subject}, of ${issuer}`, () => assert.equal(trust({ issuer, subject }), subject));

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
