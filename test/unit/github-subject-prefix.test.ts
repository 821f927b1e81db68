import assert from "node:assert/strict";
import { github, refuse, resolve } from "../support/trusts";

describe("The subject of a trust in GitHub, with the prefix that GitHub says", () => {
  const CUSTOMISED = "repository_owner_id:583231:repository_id:1296269";
  const prefixed = (job: object) => ({
    github: { repository: "octocat/training", subjectPrefix: CUSTOMISED, ...job },
  });

  it("begins with subjectPrefix to the letter, and there is nothing to warn of", () => {
    const trusts = resolve(
      prefixed({ branch: "main" }),
      prefixed({ environment: "a:b" }),
      prefixed({ pullRequest: true }),
    );
    assert.deepEqual(
      trusts.map(({ subject, warning }) => [subject, warning]),
      ["ref:refs/heads/main", "environment:a%3Ab", "pull_request"].map((job) => [
        `${CUSTOMISED}:${job}`,
        undefined,
      ]),
    );
  });

  it("is subjectPrefix alone for every job, and warns of what that lets in", () => {
    const [trust] = resolve(prefixed({ anyJob: true }));
    assert.equal(trust!.subject, CUSTOMISED);
    assert.equal(
      trust!.warning,
      `Every job that GitHub gives the subject "${CUSTOMISED}" is trusted: on any branch, in pull requests, and in every repository with the same subject.`,
    );
  });

  it("has no subjectPrefix beside the IDs, none that cannot be one, and no anyJob without it", () => {
    const remedy = "For example: repo:octocat@583231/training@1296269";
    const must =
      "federatedCredentials[0].github.subjectPrefix must be what GitHub writes before the last part of the subject: KEY:VALUE, of at most 600 characters, without a colon at the end or a wildcard.";
    for (const subjectPrefix of [
      "",
      "octocat/training",
      "repo:octocat/*",
      "repo:octocat/training:",
      "repo: a ",
      7,
    ]) {
      assert.deepEqual(refuse(prefixed({ subjectPrefix, branch: "main" })), [
        `${must} Received ${JSON.stringify(subjectPrefix)}.`,
        `${typeof subjectPrefix === "number" ? "If a text is meant, put it in quotes. " : ""}${remedy}`,
      ]);
    }
    assert.deepEqual(refuse(github({ subjectPrefix: CUSTOMISED, branch: "main" })), [
      `federatedCredentials[0].github.subjectPrefix must be used without ownerId and repositoryId. Received "${CUSTOMISED}".`,
      "It already contains the IDs: remove them.",
    ]);
    assert.deepEqual(refuse(github({ anyJob: true })), [
      "federatedCredentials[0].github.anyJob must be true, and be used with subjectPrefix, which is then the whole subject. Received true.",
      "GitHub's own subjects end with the branch, tag or environment: give one of these.",
    ]);
  });
});
