import assert from "node:assert/strict";
import {
  ASK_FOR_KEYS,
  createTemplate,
  createTrust,
  dependsOnJob,
  describeReach,
  type GithubRepository,
  type Job,
  letsAnybodyIn,
  needsBroadTrust,
  type OrganizationCustomization,
  readSubjectTemplate,
  type RepositoryCustomization,
  type SubjectTemplate,
  unknownKeys,
  wantsEnvironment,
} from "../../cli/init/github-subjects";

const OLD: GithubRepository = {
  host: "github.com",
  owner: "octocat",
  name: "training",
  ownerId: 583231,
  id: 1296269,
  createdAt: "2024-03-01T10:00:00Z",
  visibility: "private",
  isOwnedByOrganization: true,
};
const NEW: GithubRepository = { ...OLD, createdAt: "2026-07-15T08:00:00Z" };
const SERVER: GithubRepository = { ...NEW, host: "github.contoso.com" };
const GITHUB = "https://token.actions.githubusercontent.com";
const BY_NAME = "repo:octocat/training";
const IMMUTABLE = "repo:octocat@583231/training@1296269";
const MAIN: Job = { branch: "main" };

function read(
  repository: GithubRepository,
  answer: RepositoryCustomization | "not found",
  organization?: OrganizationCustomization | "unreadable",
  version?: string,
): SubjectTemplate {
  const template = readSubjectTemplate(repository, answer, organization, version);
  assert.ok(template !== ASK_FOR_KEYS);
  return template;
}

const subjectOf = (template: SubjectTemplate, job?: Job, values?: Record<string, string>) =>
  createTrust(template, OLD, job, values).subject;

describe("himl-sp init: GitHub's subject of a job on main", () => {
  type Case = [
    name: string,
    repository: GithubRepository,
    answer: RepositoryCustomization | "not found",
    organization: OrganizationCustomization | undefined,
    subject: string,
  ];
  const ids = ["repository_owner_id", "repository_id", "context"];
  const cases: Case[] = [
    [
      "by name: the prefix that GitHub gives",
      NEW,
      { use_default: true, sub_claim_prefix: BY_NAME },
      undefined,
      `${BY_NAME}:ref:refs/heads/main`,
    ],
    [
      "immutable: the prefix that GitHub gives",
      OLD,
      { use_default: true, use_immutable_subject: true, sub_claim_prefix: IMMUTABLE },
      undefined,
      `${IMMUTABLE}:ref:refs/heads/main`,
    ],
    [
      "the prefix counts, whatever use_immutable_subject says",
      OLD,
      { use_default: true, use_immutable_subject: false, sub_claim_prefix: IMMUTABLE },
      undefined,
      `${IMMUTABLE}:ref:refs/heads/main`,
    ],
    [
      "immutable without a prefix in the answer",
      OLD,
      { use_default: true, use_immutable_subject: true },
      undefined,
      `${IMMUTABLE}:ref:refs/heads/main`,
    ],
    [
      "no prefix in the answer, created before",
      OLD,
      { use_default: true },
      undefined,
      `${BY_NAME}:ref:refs/heads/main`,
    ],
    [
      "no prefix in the answer, created after",
      NEW,
      { use_default: true },
      undefined,
      `${IMMUTABLE}:ref:refs/heads/main`,
    ],
    ["404, created before", OLD, "not found", undefined, `${BY_NAME}:ref:refs/heads/main`],
    ["404, created after", NEW, "not found", undefined, `${IMMUTABLE}:ref:refs/heads/main`],
    [
      "use_default with keys: they are ignored",
      OLD,
      { use_default: true, include_claim_keys: ids },
      undefined,
      `${BY_NAME}:ref:refs/heads/main`,
    ],
    [
      "exactly the keys of the repository, in their order",
      OLD,
      { use_default: false, include_claim_keys: ids },
      undefined,
      "repository_owner_id:583231:repository_id:1296269:ref:refs/heads/main",
    ],
    [
      "the context in front",
      OLD,
      { use_default: false, include_claim_keys: ["context", "repository_id"] },
      undefined,
      "ref:refs/heads/main:repository_id:1296269",
    ],
    [
      "`repo` is immutable where the default is",
      OLD,
      { use_default: false, include_claim_keys: ["repo", "context"], sub_claim_prefix: IMMUTABLE },
      undefined,
      `${IMMUTABLE}:ref:refs/heads/main`,
    ],
    [
      "`repository` is another key, by name always",
      NEW,
      {
        use_default: false,
        include_claim_keys: ["repository", "context"],
        use_immutable_subject: true,
        sub_claim_prefix: IMMUTABLE,
      },
      undefined,
      "repository:octocat/training:ref:refs/heads/main",
    ],
    [
      "owner and visibility",
      OLD,
      {
        use_default: false,
        include_claim_keys: ["repository_owner", "repository_visibility", "ref", "ref_type"],
      },
      undefined,
      "repository_owner:octocat:repository_visibility:private:ref:refs/heads/main:ref_type:branch",
    ],
    [
      "without keys: the template of the organisation",
      OLD,
      { use_default: false },
      { include_claim_keys: ids },
      "repository_owner_id:583231:repository_id:1296269:ref:refs/heads/main",
    ],
    [
      "with keys of its own: the organisation's do not count",
      OLD,
      { use_default: false, include_claim_keys: ["repo", "context"] },
      { include_claim_keys: ids },
      `${BY_NAME}:ref:refs/heads/main`,
    ],
    [
      "the organisation has no template",
      NEW,
      { use_default: false, include_claim_keys: [] },
      {},
      `${IMMUTABLE}:ref:refs/heads/main`,
    ],
    [
      "a person's repository has no organisation",
      { ...OLD, isOwnedByOrganization: false },
      { use_default: false },
      undefined,
      `${BY_NAME}:ref:refs/heads/main`,
    ],
    [
      "GitHub Enterprise Server: by name, however new",
      SERVER,
      { use_default: true, use_immutable_subject: true, sub_claim_prefix: IMMUTABLE },
      undefined,
      `${BY_NAME}:ref:refs/heads/main`,
    ],
    [
      "data residency: as github.com",
      { ...NEW, host: "octocorp.ghe.com" },
      { use_default: true },
      undefined,
      `${IMMUTABLE}:ref:refs/heads/main`,
    ],
  ];
  for (const [name, repository, answer, organization, subject] of cases) {
    it(name, () => assert.equal(subjectOf(read(repository, answer, organization), MAIN), subject));
  }

  it("the organisation's template cannot be read: somebody has to be asked", () => {
    for (const organization of ["unreadable", undefined] as const)
      assert.equal(readSubjectTemplate(OLD, { use_default: false }, organization), ASK_FOR_KEYS);
  });

  it("the doubt about a rename is told for a subject by name that GitHub did not confirm, and for no other", () => {
    assert.match(read(OLD, "not found").doubt ?? "", /renamed or transferred after 2026-07-15/);
    const sure = [
      read(NEW, "not found"),
      read(OLD, { use_default: true, sub_claim_prefix: BY_NAME }),
      read(OLD, { use_default: false, include_claim_keys: ids }),
      read(SERVER, "not found"),
    ];
    assert.deepEqual(
      sure.map(({ doubt }) => doubt),
      [undefined, undefined, undefined, undefined],
    );
  });
});

describe("himl-sp init: the last part of GitHub's subject", () => {
  const template = read(OLD, { use_default: true, sub_claim_prefix: BY_NAME });
  const cases: [Job, string][] = [
    [{ branch: "feature/x" }, "ref:refs/heads/feature/x"],
    [{ environment: "production" }, "environment:production"],
    [{ environment: "gpu: big" }, "environment:gpu%3A big"],
  ];
  for (const [job, part] of cases) {
    it(part, () => assert.equal(subjectOf(template, job), `${BY_NAME}:${part}`));
  }

  it("GitHub Enterprise Server leaves a colon alone until 3.18", () => {
    const on = (version: string) => read(SERVER, { use_default: true }, undefined, version);
    assert.equal(subjectOf(on("3.18.4"), { environment: "a:b" }), `${BY_NAME}:environment:a:b`);
    assert.equal(subjectOf(on("3.19.0"), { environment: "a:b" }), `${BY_NAME}:environment:a%3Ab`);
  });

  it("keys that only a run knows are asked for, and put where they belong", () => {
    const custom = read(OLD, {
      use_default: false,
      include_claim_keys: ["repo", "context", "job_workflow_ref"],
    });
    assert.deepEqual(unknownKeys(custom, MAIN), ["job_workflow_ref"]);
    const workflow = "octocat/flows/.github/workflows/train.yml@refs/heads/main";
    assert.equal(
      subjectOf(custom, MAIN, { job_workflow_ref: workflow }),
      `${BY_NAME}:ref:refs/heads/main:job_workflow_ref:${workflow}`,
    );
    assert.throws(() => subjectOf(custom, MAIN), /needs a value for job_workflow_ref/);
  });

  it("a ref beside an environment is asked for, since the job's branch is not known", () => {
    const custom = read(OLD, {
      use_default: false,
      include_claim_keys: ["repository_id", "environment", "ref"],
    });
    assert.ok(wantsEnvironment(custom));
    assert.deepEqual(unknownKeys(custom, { environment: "production" }), ["ref"]);
    assert.equal(
      subjectOf(custom, { environment: "production" }, { ref: "refs/heads/main" }),
      "repository_id:1296269:environment:production:ref:refs/heads/main",
    );
  });
});

describe("himl-sp init: the trust in GitHub", () => {
  it("github.com: repository, prefix and which jobs", () => {
    const template = read(OLD, { use_default: true, sub_claim_prefix: IMMUTABLE });
    assert.deepEqual(createTrust(template, OLD, { environment: "production" }).trust, {
      github: { repository: "octocat/training", subjectPrefix: IMMUTABLE, environment: "production" },
    });
  });

  it("no context: one trust for every job, and it says so", () => {
    const template = read(OLD, {
      use_default: false,
      include_claim_keys: ["repository_owner_id", "repository_id"],
    });
    assert.equal(dependsOnJob(template), false);
    assert.deepEqual(createTrust(template, OLD, undefined).trust, {
      github: {
        repository: "octocat/training",
        subjectPrefix: "repository_owner_id:583231:repository_id:1296269",
        anyJob: true,
      },
    });
    assert.equal(
      describeReach(template, OLD),
      "every job, on any branch and in pull requests, of octocat/training",
    );
  });

  it("the context not last, or another issuer: issuer and subject to the letter", () => {
    const first = read(OLD, { use_default: false, include_claim_keys: ["context", "repo"] });
    assert.deepEqual(createTrust(first, OLD, MAIN).trust, {
      issuer: GITHUB,
      subject: `ref:refs/heads/main:${BY_NAME}`,
    });
    assert.deepEqual(createTrust(read(SERVER, "not found"), SERVER, MAIN).trust, {
      issuer: "https://github.contoso.com/_services/token",
      subject: `${BY_NAME}:ref:refs/heads/main`,
    });
    assert.deepEqual(
      createTrust(read({ ...OLD, host: "octocorp.ghe.com" }, { use_default: true }), OLD, MAIN).trust,
      {
        issuer: "https://token.actions.octocorp.ghe.com",
        subject: `${BY_NAME}:ref:refs/heads/main`,
      },
    );
  });

  it("what it lets in beyond the jobs that are meant", () => {
    const reach = (...keys: string[]) => describeReach(createTemplate(OLD, {}, keys, "x"), OLD);
    assert.equal(reach("repo", "context"), undefined);
    assert.equal(reach("repository_owner", "context"), "such jobs of every repository of octocat");
    // It names the workflow, and every repository may call that.
    for (const key of ["job_workflow_ref", "workflow_ref", "actor"])
      assert.ok(letsAnybodyIn(createTemplate(OLD, {}, ["context", key], "x")), key);
    const owner = createTemplate(OLD, {}, ["repository_owner", "context"], "x");
    assert.deepEqual([letsAnybodyIn(owner), needsBroadTrust(owner)], [false, true]);
    assert.ok(!needsBroadTrust(createTemplate(OLD, {}, ["repository_id", "job_workflow_ref"], "x")));
  });
});
