import assert from "node:assert/strict";
import { github, refuse, resolve } from "../support/trusts";

const GITHUB = "https://token.actions.githubusercontent.com";
const RAW = { issuer: "https://issuer.example/", subject: "job" };
const MAIN = { github: { repository: "octocat/training", branch: "main" } };

describe("The subject of a trust in GitHub", () => {
  const IMMUTABLE = "repo:octocat@583231/training@1296269";
  const subjects: [string, Record<string, unknown>, string][] = [
    ["a branch", { branch: "main" }, `${IMMUTABLE}:ref:refs/heads/main`],
    ["a branch as a ref", { branch: "refs/heads/main" }, `${IMMUTABLE}:ref:refs/heads/main`],
    ["a branch with slashes", { branch: "feature/refs/x" }, `${IMMUTABLE}:ref:refs/heads/feature/refs/x`],
    ["a tag", { tag: "v1" }, `${IMMUTABLE}:ref:refs/tags/v1`],
    ["a tag as a ref", { tag: "refs/tags/v1" }, `${IMMUTABLE}:ref:refs/tags/v1`],
    ["an environment", { environment: "production" }, `${IMMUTABLE}:environment:production`],
    ["an environment with spaces", { environment: "My GPU" }, `${IMMUTABLE}:environment:My GPU`],
    ["an environment with colons", { environment: "a:b:c" }, `${IMMUTABLE}:environment:a%3Ab%3Ac`],
    ["pull requests", { pullRequest: true }, `${IMMUTABLE}:pull_request`],
  ];
  for (const [what, job, subject] of subjects) {
    it(`is immutable with both IDs, for ${what}`, () => {
      const [trust] = resolve(github(job));
      assert.deepEqual(
        [trust!.issuer, trust!.subject, trust!.audience, trust!.warning],
        [GITHUB, subject, "api://AzureADTokenExchange", undefined],
      );
    });
  }

  it("has names only without the IDs, and warns when they will not match", () => {
    const [trust] = resolve(MAIN);
    assert.equal(trust!.subject, "repo:octocat/training:ref:refs/heads/main");
    assert.equal(
      trust!.warning,
      'GitHub\'s subject "repo:octocat/training:ref:refs/heads/main" has names only. It will not match (AADSTS700213) for a repository that was created, renamed or transferred on github.com after 2026-07-15, nor where the organisation customised its subjects. `gh api repos/octocat/training/actions/oidc/customization/sub` tells which; then give ownerId and repositoryId, or subjectPrefix.',
    );
  });

  it("is what was given, where the organisation customised it", () => {
    const subject = "repository_owner_id:6154722:repository_id:1157352866:ref:refs/heads/main";
    const [trust] = resolve({ issuer: GITHUB, subject });
    assert.deepEqual(
      { ...trust, name: undefined, key: undefined },
      { issuer: GITHUB, subject, audience: "api://AzureADTokenExchange", name: undefined, key: undefined },
    );
  });
});

describe("A trust in another issuer", () => {
  it("is issuer, subject and audience to the letter", () => {
    const [azureDevOps, raw] = resolve(
      { azureDevOps: { issuer: "https://vstoken.dev.azure.com/1f5e", subject: "sc://Org/My Project/himl" } },
      { name: "from-gitlab", ...RAW, audience: "Azure" },
    );
    assert.deepEqual(
      [azureDevOps!.issuer, azureDevOps!.subject, azureDevOps!.audience],
      ["https://vstoken.dev.azure.com/1f5e", "sc://Org/My Project/himl", "api://AzureADTokenExchange"],
    );
    assert.deepEqual(
      [raw!.name, raw!.issuer, raw!.subject, raw!.audience],
      ["from-gitlab", ...Object.values(RAW), "Azure"],
    );
  });
});

describe("The name of a trust", () => {
  it("is made from issuer and subject, and never changes", () => {
    assert.deepEqual(
      resolve(github({ environment: "a:b" }), MAIN, RAW).map(({ name }) => name),
      [
        "octocat-583231-training-1296269-environment-a-3Ab-b234ba10",
        "octocat-training-ref-refs-heads-main-5e349164",
        "job-c4fa507c",
      ],
    );
  });

  it("does not depend on order, nor on how the trust is spelled", () => {
    const spelledOut = { issuer: GITHUB, subject: "repo:octocat/training:ref:refs/heads/main" };
    const asRef = { github: { repository: "octocat/training", branch: "refs/heads/main" } };
    const [first, second] = resolve(MAIN, RAW);
    for (const same of [spelledOut, asRef]) {
      const [other, again] = resolve(RAW, same);
      assert.deepEqual([again!.name, again!.key, other], [first!.name, first!.key, second]);
    }
  });

  it("is different for subjects that differ in case or punctuation only, and valid for any", () => {
    const subjects = ["a/b", "a-b", "A-b", "a:b", "-", "ä", `x${"y".repeat(599)}`, `x${"y".repeat(598)}z`];
    const names = resolve(...subjects.map((subject) => ({ ...RAW, subject }))).map(({ name }) => name);
    assert.equal(new Set(names).size, subjects.length);
    for (const name of names) assert.match(name, /^[a-z0-9][\w-]{2,119}$/i);
  });

  it("stays what it identifies the resource by, where another name is given", () => {
    const [named] = resolve({ ...RAW, name: "mine" });
    assert.deepEqual([named!.name, named!.key], ["mine", resolve(RAW)[0]!.key]);
  });
});

describe("Trusts are refused", () => {
  const FORMS =
    "federatedCredentials[0] must be {github: {repository, …}}, {azureDevOps: {issuer, subject}} or {issuer, subject}.";
  const EXAMPLE = 'For example: {"github": {"repository": "owner/name", "branch": "main"}}';
  const IDS = '`gh api repos/octocat/training --jq "[.owner.id, .id]"` shows both.';
  const ONE_JOB =
    "federatedCredentials[0].github must have exactly one of branch, tag, environment, pullRequest and anyJob.";
  const ONE_SUBJECT = "Entra compares the whole subject: use an environment for several branches.";
  const NAME_RULE = "have 3 to 120 letters, digits, - or _, the first a letter or a digit";
  const at = (field: string, must: string) => `federatedCredentials[0]${field} must ${must}`;
  const cases: [string, unknown, ...string[]][] = [
    ["no object", "main", `${FORMS} Received "main".`, EXAMPLE],
    ["null", null, `${FORMS} Received null.`, `If a text is meant, put it in quotes. ${EXAMPLE}`],
    ["an unknown kind", { gitlab: {} }, `${FORMS} Received {"gitlab":{}}.`, EXAMPLE],
    [
      "GitHub as a text",
      { github: "octocat/training" },
      `${FORMS} Received {"github":"octocat/training"}.`,
      EXAMPLE,
    ],
    [
      "a field beside github",
      { ...github({ branch: "main" }), name: "mine" },
      at(".name", 'be one of github. Received "name".'),
      "Remove it, or correct its name.",
    ],
    [
      "a misspelled field of GitHub",
      github({ brunch: "main", tag: "v1" }),
      at(
        ".github.brunch",
        'be one of repository, ownerId, repositoryId, subjectPrefix, branch, tag, environment, pullRequest, anyJob. Received "brunch".',
      ),
      "Remove it, or correct its name.",
    ],
    [
      "a repository without owner",
      { github: { repository: "training", branch: "main" } },
      at(".github.repository", 'be owner/name. Received "training".'),
      "As in the address: github.com/OWNER/NAME.",
    ],
    [
      "a repository as a URL",
      { github: { repository: "https://github.com/octocat/training", branch: "main" } },
      at(".github.repository", 'be owner/name. Received "https://github.com/octocat/training".'),
      "Write octocat/training.",
    ],
    [
      "all repositories of an owner",
      { github: { repository: "octocat/*", branch: "main" } },
      at(".github.repository", 'be owner/name. Received "octocat/*".'),
      "As in the address: github.com/OWNER/NAME.",
    ],
    [
      "no repository",
      { github: { branch: "main" } },
      at(".github.repository", "be owner/name."),
      "As in the address: github.com/OWNER/NAME.",
    ],
    [
      "one ID of two",
      github({ repositoryId: undefined, branch: "main" }),
      at(
        ".github",
        'have both ownerId and repositoryId, whole numbers, or neither. Received {"ownerId":583231}.',
      ),
      IDS,
    ],
    [
      "an ID that is a name",
      github({ ownerId: "octocat", branch: "main" }),
      at(
        ".github",
        'have both ownerId and repositoryId, whole numbers, or neither. Received {"ownerId":"octocat","repositoryId":"1296269"}.',
      ),
      IDS,
    ],
    ["no kind of job", github({}), `${ONE_JOB} Received [].`, "Use one trust for each of them."],
    [
      "two kinds of job",
      github({ branch: "main", environment: "production" }),
      `${ONE_JOB} Received ["branch","environment"].`,
      "Use one trust for each of them.",
    ],
    [
      "an empty branch",
      github({ branch: "" }),
      at(".github.branch", 'be a name, without spaces around it. Received "".'),
      "Leave it out if jobs of another kind are meant.",
    ],
    [
      "spaces around an environment",
      github({ environment: " production" }),
      at(".github.environment", 'be a name, without spaces around it. Received " production".'),
      "Leave it out if jobs of another kind are meant.",
    ],
    [
      "pullRequest: false",
      github({ pullRequest: false }),
      at(".github.pullRequest", "be true, or be left out. Received false."),
      "There is one subject for all pull requests.",
    ],
    [
      "a branch with a wildcard",
      github({ branch: "release/*" }),
      at(".github.branch", 'be one name, without a wildcard. Received "release/*".'),
      ONE_SUBJECT,
    ],
    [
      "a tag with a wildcard",
      github({ tag: "v[12]" }),
      at(".github.tag", 'be one name, without a wildcard. Received "v[12]".'),
      ONE_SUBJECT,
    ],
    [
      "a tag as a branch",
      github({ branch: "refs/tags/v1" }),
      at(".github.branch", 'be a name or begin with refs/heads/. Received "refs/tags/v1".'),
      "A branch is refs/heads/NAME, a tag refs/tags/NAME.",
    ],
    [
      "a pull request as a branch",
      github({ branch: "refs/pull/7/merge" }),
      at(".github.branch", 'be a name or begin with refs/heads/. Received "refs/pull/7/merge".'),
      "A branch is refs/heads/NAME, a tag refs/tags/NAME.",
    ],
    [
      "a ref without a name",
      github({ branch: "refs/heads/" }),
      at(".github.branch", 'be a name or begin with refs/heads/. Received "refs/heads/".'),
      "A branch is refs/heads/NAME, a tag refs/tags/NAME.",
    ],
    [
      "an issuer that is no https URL",
      { ...RAW, issuer: "http://issuer.example" },
      at(
        ".issuer",
        'be the issuer of the tokens, an https URL that Entra can reach, without a wildcard. Received "http://issuer.example".',
      ),
      "Did you mean https://issuer.example? It is the `iss` of the tokens, exactly: with a slash at the end it is another issuer.",
    ],
    [
      "an issuer with a wildcard",
      { ...RAW, issuer: "https://*.example" },
      at(
        ".issuer",
        'be the issuer of the tokens, an https URL that Entra can reach, without a wildcard. Received "https://*.example".',
      ),
      "It is the `iss` of the tokens, exactly: with a slash at the end it is another issuer.",
    ],
    [
      "no issuer",
      { subject: "job" },
      at(".issuer", "be the issuer of the tokens, an https URL that Entra can reach, without a wildcard."),
      "It is the `iss` of the tokens, exactly: with a slash at the end it is another issuer.",
    ],
    [
      "a subject with a wildcard",
      { ...RAW, subject: "repo:octocat/*" },
      at(
        ".subject",
        'be the subject of the tokens, of 1 to 600 characters without a wildcard. Received "repo:octocat/*".',
      ),
      "It is the `sub` of the tokens, exactly: Entra distinguishes upper and lower case.",
    ],
    [
      "an empty subject of Azure DevOps",
      { azureDevOps: { ...RAW, subject: "" } },
      at(
        ".azureDevOps.subject",
        'be the subject of the tokens, of 1 to 600 characters without a wildcard. Received "".',
      ),
      "It is the `sub` of the tokens, exactly: Entra distinguishes upper and lower case.",
    ],
    [
      "an audience of Azure DevOps, whose tokens have one only",
      { azureDevOps: { ...RAW, audience: "x" } },
      at(".azureDevOps.audience", 'be one of issuer, subject. Received "audience".'),
      "Remove it, or correct its name.",
    ],
    [
      "an empty audience",
      { ...RAW, audience: "" },
      at(".audience", 'have 1 to 600 characters. Received "".'),
      "Leave it out for api://AzureADTokenExchange.",
    ],
    [
      "a name with a space",
      { ...RAW, name: "from gitlab" },
      at(".name", `${NAME_RULE}. Received "from gitlab".`),
      "Leave it out for a name made from issuer and subject.",
    ],
    [
      "a name of 2 characters",
      { ...RAW, name: "ab" },
      at(".name", `${NAME_RULE}. Received "ab".`),
      "Leave it out for a name made from issuer and subject.",
    ],
    [
      "a misspelled field of a raw trust",
      { ...RAW, audiences: ["x"] },
      at(".audiences", 'be one of name, issuer, subject, audience. Received "audiences".'),
      "Remove it, or correct its name.",
    ],
  ];
  for (const [what, trust, ...lines] of cases) {
    it(`for ${what}`, () => assert.deepEqual(refuse(trust), lines));
  }

  it("for a subject of 601 characters, not of 600", () => {
    assert.equal(resolve({ ...RAW, subject: "s".repeat(600) }).length, 1);
    assert.equal(refuse({ ...RAW, subject: "s".repeat(601) }).length, 2);
  });

  it("for the same issuer and subject twice, however they are spelled", () => {
    const subject = "repo:octocat/training:ref:refs/heads/main";
    assert.deepEqual(refuse(MAIN, { issuer: GITHUB, subject }), [
      `federatedCredentials[1] must have another issuer and subject than federatedCredentials[0]. Received "${GITHUB} ${subject}".`,
      "Entra allows each of them only once in an application: remove one of the two.",
    ]);
    assert.equal(resolve(RAW, { ...RAW, issuer: `${RAW.issuer}x` }).length, 2);
  });

  it("for the same name twice", () => {
    assert.deepEqual(refuse({ ...RAW, name: "one" }, { ...RAW, subject: "other", name: "one" }), [
      'federatedCredentials[1] must have another name than federatedCredentials[0]. Received "one".',
      "Entra allows each of them only once in an application: remove one of the two.",
    ]);
  });

  it("for more than 20 of them", () => {
    const many = Array.from({ length: 21 }, (_, i) => ({ ...RAW, subject: `job ${i}` }));
    assert.equal(resolve(...many.slice(1)).length, 20);
    assert.deepEqual(refuse(...many), [
      "federatedCredentials must have 20 entries at most: Entra stores no more for one application. Received 21.",
      "Let the jobs share an environment, or declare a second principal.",
    ]);
  });

  it("with every problem at once, each at its place in the list", () => {
    const lines = refuse(MAIN, github({}), { ...RAW, issuer: "x", subject: "*" });
    assert.deepEqual(
      lines.filter((_, i) => i % 2 === 0).map((line) => line.split(" must ")[0]),
      ["federatedCredentials[1].github", "federatedCredentials[2].issuer", "federatedCredentials[2].subject"],
    );
  });
});
