import { expect } from "../story";
import type { Chapter } from "./chapter";
import { pretendGitHub, subjectOn, TRUST_IN_MAIN } from "./pretended-github";

// The type of the resource that holds a secret. Not a mark of encryption: the real azuread keeps empty values as secrets.
const SECRET_TYPE = "azuread:index/applicationPassword:ApplicationPassword";

/** From a password to trust in the pipeline's own tokens, with a time in which both work. */
export const passwordless: Chapter = {
  name: "passwordless",
  title: "Passwordless: trust in GitHub instead of a secret",
  async run(stage) {
    const first = await stage.createStack();
    const issueToken = await pretendGitHub(stage.azure);
    const main = await issueToken(subjectOn("main"));
    const both = await stage.changeSettings(
      "authentication both, with trust in the main branch: pulumi up",
      { authentication: "both", federatedCredentials: TRUST_IN_MAIN },
      ["create ApplicationFederatedIdentityCredential"],
      first,
    );
    await stage.expectLogin("a pipeline that still has the password", both);
    const withoutPassword = Object.entries(both).filter(
      ([name]) => name !== "HIML_SERVICE_PRINCIPAL_PASSWORD",
    );
    await stage.expectLogin(
      "a job on the main branch, without the password",
      Object.fromEntries(withoutPassword),
      main,
    );

    const federated = await stage.changeSettings(
      "authentication federated: pulumi up",
      { authentication: "federated" },
      ["delete ApplicationPassword"],
      both,
    );
    await stage.story.step("no secret is left anywhere", async () => {
      expect(
        !("HIML_SERVICE_PRINCIPAL_PASSWORD" in federated),
        "There still is a password among the outputs.",
      );
      const { applications } = stage.azure.control.state();
      const secrets = applications.filter(({ initial }) => !initial).flatMap(({ passwords }) => passwords);
      expect(secrets.length === 0, `The application has ${secrets.length} secrets.`);
      const state = JSON.stringify(await stage.session.exportState());
      expect(!state.includes(SECRET_TYPE), "The state still has a secret.");
      return ["none in Azure, none in the state, none among the outputs", undefined];
    });
    await stage.expectLogin("a job on the main branch", federated, main);
    await stage.expectRefusal(
      "a job on another branch",
      federated,
      "AADSTS700213",
      "no trust has its subject",
      await issueToken(subjectOn("feature")),
    );
    await stage.expectRefusal(
      "a job on the main branch, the repository in another case",
      federated,
      "AADSTS7002138",
      "the case of the subject counts",
      await issueToken(subjectOn("main", "Training")),
    );
    await stage.expectRefusal(
      "a pipeline that still has the password",
      both,
      "AADSTS7000215",
      "it is no longer valid",
    );
    await stage.expectNoChange("pulumi up again");
    await stage.destroyStack();
  },
};
