import { expect } from "../story";
import type { Chapter } from "./chapter";

/** State in Blob Storage, key in Key Vault: as the page of the renewing pipeline recommends. */
export const production: Chapter = {
  name: "production",
  title: "Production: the state in Blob Storage, encrypted by a key of Key Vault",
  setting: { production: true },
  async run(stage) {
    const { session, story } = stage;
    const { addKeyVersion, callVault } = stage.production!;
    const first = await stage.createStack();
    await stage.expectNoChange("pulumi up again");
    const version = await story.step("the key gets a new version; the stack changes to it", async () => {
      const provider = await addKeyVersion();
      await session.expectPulumi("stack", "change-secrets-provider", provider, "--stack", session.stackName);
      return ["pulumi stack change-secrets-provider", provider];
    });
    await story.step("the former version is disabled", async () => {
      const former = new URL(stage.production!.backend.keys.secretsProvider).pathname;
      await callVault("PATCH", former, { attributes: { enabled: false } });
      return [former.split("/").at(-1)!.slice(0, 8), undefined];
    });
    stage.passDays(90);
    const second = await stage.renewSecrets("90 days later: pulumi up");
    await stage.expectLogin("the secret of the first day", first);
    await stage.expectLogin("the new secret", second);
    await story.step("somebody deletes the key: pulumi up fails, and changes nothing", async () => {
      await callVault("DELETE", "/keys/state");
      const { exitCode, stderr, stdout } = await session.pulumi(["up", "--yes", "--skip-preview"]);
      expect(exitCode !== 0 && /KeyNotFound/.test(stderr + stdout), `It ended with ${exitCode}: ${stderr}`);
      return [`refused: KeyNotFound, for ${new URL(version).pathname.split("/").at(-2)}`, undefined];
    });
    await story.step("az keyvault key recover", async () => {
      await callVault("POST", "/deletedkeys/state/recover", {});
      return ["the key is as it was, with all its versions", undefined];
    });
    await stage.expectNoChange("pulumi up after the recovery");
    await stage.destroyStack();
  },
};
