import type { Chapter } from "./chapter";
import { pretendGitHub, subjectOn, TRUST_IN_MAIN } from "./pretended-github";

/** What a strict tenant refuses, in which words, and the setting that helps. */
export const policies: Chapter = {
  name: "policies",
  title: "Policies: a tenant that restricts applications and secrets",
  async run(stage) {
    const { control } = stage.azure;
    control.setPolicy({ requireServiceManagementReference: true });
    await stage.expectUpToFail(
      "pulumi up in a tenant that requires a service reference",
      "ServiceManagementReference field is required for Create",
    );
    await stage.session.configure({ serviceManagementReference: "4711" });
    const first = await stage.createStack();

    control.setPolicy({ maxPasswordLifetimeDays: 60 });
    stage.passDays(90);
    await stage.expectUpToFail(
      "the tenant now allows secrets of 60 days; 90 days later: pulumi up",
      "CredentialInvalidLifetimeAsPerAppPolicy",
    );
    await stage.expectLogin("the secret of the first day, which has not changed", first);
    await stage.session.configure({ renewSecretsEveryDays: "30" });
    const second = await stage.renewSecrets("renewSecretsEveryDays 30: pulumi up");
    await stage.expectLogin("the new secret", second);

    control.setPolicy({ passwordAddition: "forbidden" });
    stage.passDays(30);
    await stage.expectUpToFail(
      "the tenant now forbids secrets; 30 days later: pulumi up",
      "CredentialTypeNotAllowedAsPerAppPolicy",
    );
    const third = await stage.changeSettings(
      "authentication federated: pulumi up",
      { authentication: "federated", federatedCredentials: TRUST_IN_MAIN },
      ["create ApplicationFederatedIdentityCredential", "delete ApplicationPassword"],
      second,
    );
    const issueToken = await pretendGitHub(stage.azure);
    await stage.expectLogin("a job on the main branch", third, await issueToken(subjectOn("main")));
    await stage.destroyStack();
  },
};
