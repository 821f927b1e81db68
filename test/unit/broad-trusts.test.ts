import assert from "node:assert/strict";
import { resolveTrusts } from "../../components/plan/trusts";

const GITHUB = "https://token.actions.githubusercontent.com";
const GITLAB = "https://gitlab.com";
const TERRAFORM = "https://app.terraform.io";
const PREFIXED = { repository: "octocat/training", branch: "main" };

const matching = (issuer: string, pattern: string, operator = "matches") => ({
  issuer,
  claimsMatchingExpression: `claims['sub'] ${operator} '${pattern}'`,
});

/** The rules that a trust breaks; and without them, its warning. */
function judge(trust: object, allowBroadTrusts = false): string {
  const { trusts, problems } = resolveTrusts("federatedCredentials", [trust], allowBroadTrusts);
  return problems.map(({ must }) => must).join() || (trusts[0]!.warning ?? "trusted");
}

/** Each is refused, and with `allowBroadTrusts` trusted with a warning. */
const BROAD: [what: string, trust: object, must: RegExp, lets: RegExp][] = [
  ...[
    "*",
    "repo:*",
    "repo:octo*",
    "repo:octocat/*",
    "repo:octocat/training*",
    "repo:octocat/trainin?",
    "repo:octocat/trainin?:ref:refs/heads/main",
    "repo:octocat/training@*:ref:refs/heads/main",
    "repo:octocat@*/training@*:ref:refs/heads/main",
    "?epo:octocat/training:ref:refs/heads/main",
    "*:ref:refs/heads/main",
    "*:repo:octocat/training:*",
    "repository_id:*",
    "repository_id:12*",
    "ref:refs/heads/main",
    "workflow:train:*",
    "job_workflow_ref:octocat/flows/.github/workflows/train.yml@refs/heads/main",
    "job_workflow_ref:octocat/flows/*:repo:octocat/training:ref:refs/heads/main",
  ].map((pattern): (typeof BROAD)[number] => [
    pattern,
    matching(GITHUB, pattern),
    /^fix the repository,/,
    /lets in jobs of anybody on GitHub/,
  ]),
  ...["repository_owner:octocat:*", "repository_owner_id:1:*:repository_id:2:pull_request"].map(
    (pattern): (typeof BROAD)[number] => [
      pattern,
      matching(GITHUB, pattern),
      /^fix the repository,/,
      /lets in jobs of every repository of the owner/,
    ],
  ),
  [
    "job_workflow_ref alone",
    {
      issuer: GITHUB,
      claimsMatchingExpression: "claims['job_workflow_ref'] eq 'o/r/.github/workflows/x.yml@refs/heads/main'",
    },
    /^fix the repository,/,
    /anybody/,
  ],
  [
    "job_workflow_ref beside a broad subject",
    {
      issuer: GITHUB,
      claimsMatchingExpression:
        "claims['sub'] matches 'repo:*' and claims['job_workflow_ref'] eq 'o/r/.github/workflows/x.yml@refs/heads/main'",
    },
    /^fix the repository,/,
    /anybody/,
  ],
  [
    "an exact subject, compared",
    matching(GITHUB, "ref:refs/heads/main", "eq"),
    /^fix the repository,/,
    /anybody/,
  ],
  ...[
    "*",
    "project_path:*",
    "project_path:group/*",
    "project_path:group/proj*:ref:main",
    "project_path:group:*",
  ].map((pattern): (typeof BROAD)[number] => [
    `GitLab's ${pattern}`,
    matching(GITLAB, pattern),
    /^fix the project,/,
    /other projects/,
  ]),
  ...[
    "*",
    "organization:o:*",
    "organization:o:project:p:*",
    "organization:o:project:p:workspace:*",
    "organization:o:project:p:workspace:w*:run_phase:apply",
    "organization:*:project:p:workspace:w:run_phase:apply",
  ].map((pattern): (typeof BROAD)[number] => [
    `Terraform's ${pattern}`,
    matching(TERRAFORM, pattern),
    /^fix the workspace,/,
    /other workspaces/,
  ]),
  ...[
    "ref:refs/heads/main",
    "workflow:train",
    "repo:octocat",
    "job_workflow_ref:o/r/x@y",
    "pull_request",
  ].flatMap((subject) =>
    [
      GITHUB,
      `${GITHUB}/octo-enterprise`,
      "https://token.actions.acme.ghe.com",
      "https://ghe.example.com/_services/token",
    ].map((issuer): (typeof BROAD)[number] => [
      `the subject ${subject} of ${issuer}`,
      { issuer, subject },
      /^fix the repository,/,
      /anybody/,
    ]),
  ),
  [
    "the owner as subject",
    { issuer: GITHUB, subject: "repository_owner:evil" },
    /^fix the repository,/,
    /every repository of the owner/,
  ],
  ...["workflow:train", "job_workflow_ref:octocat/training/.github/workflows/x.yml@refs/heads/main"].map(
    (subjectPrefix): (typeof BROAD)[number] => [
      `the prefix ${subjectPrefix}`,
      { github: { ...PREFIXED, subjectPrefix } },
      /^fix the repository,/,
      /anybody/,
    ],
  ),
  [
    "the prefix repository_owner_id:1, every job",
    { github: { repository: "octocat/training", subjectPrefix: "repository_owner_id:1", anyJob: true } },
    /^fix the repository,/,
    /every repository of the owner/,
  ],
];

describe("A trust that lets in more than one repository, project or workspace", () => {
  for (const [what, trust, must, lets] of BROAD)
    it(`is refused unless it is meant: ${what}`, () => {
      assert.match(judge(trust), must);
      assert.match(judge(trust, true), lets);
    });

  for (const pattern of [
    "repo:octocat/training:*",
    "repo:octocat/training:ref:refs/heads/release-*",
    "repo:octocat@1/training@2:environment:prod?",
    "repository:octocat/training:*",
    "repository_owner_id:1:repository_id:2:*",
    "environment:pull_request:repo:octocat/training:*",
    "pull_request:repository_id:2:*",
    "workflow:train:repo:octocat/training:*",
  ])
    it(`is none: ${pattern}`, () =>
      assert.match(judge(matching(GITHUB, pattern)), /^Everybody who can make a job/));

  for (const [issuer, pattern] of [
    [GITLAB, "project_path:group/sub/project:ref_type:branch:ref:release-*"],
    [TERRAFORM, "organization:o:project:p:workspace:w:run_phase:*"],
    [TERRAFORM, "organization:o:project:*:workspace:w:run_phase:apply"],
  ] as const)
    it(`is none: ${pattern}`, () =>
      assert.match(judge(matching(issuer, pattern)), /^Everybody who can make a job/));
});

describe("A prefix of GitHub's subjects", () => {
  for (const subjectPrefix of [
    "repo:evil/other",
    "repo:evil@1/other@2",
    "repo:octocat/training-evil",
    "repository:evil/other",
    "repository_owner:evil:repository_id:2",
    "repository_id:2:repo:evil/other",
  ])
    it(`that names another repository than the one beside it is refused, whatever is allowed: ${subjectPrefix}`, () => {
      for (const allowed of [true, false])
        assert.match(
          judge({ github: { ...PREFIXED, subjectPrefix } }, allowed),
          /^name the repository that stands/,
        );
    });

  for (const subjectPrefix of [
    "repo:octocat/training",
    "repo:OctoCat@1/Training@2",
    "repository_owner_id:1:repository_id:2",
    "repository_owner:octocat:repository:octocat/training",
  ])
    it(`may name it, or tell its ID: ${subjectPrefix}`, () =>
      assert.equal(judge({ github: { ...PREFIXED, subjectPrefix } }), "trusted"));
});
