import "reflect-metadata";
import assert from "node:assert/strict";
import { createPrivateKey, webcrypto } from "node:crypto";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import * as x509 from "@peculiar/x509";
import * as forge from "node-forge";
import { ok } from "../local-azure/rig";
import { useAuditStage } from "./audit-stage";

const NO_LOGIN = { ARM_CLIENT_ID: "", ARM_CLIENT_SECRET: "", ARM_TENANT_ID: "" };
const PASSWORD = "certificate-password";

describe("himl-sp audit: its login is that of the providers", function () {
  this.timeout(60_000);
  const stage = useAuditStage();

  it("a login that is refused, or none", async () => {
    const wrong = await stage.audit([], { ARM_CLIENT_SECRET: "wrong-secret" });
    assert.match(
      wrong.stderr,
      /^himl-sp: AADSTS7000215: You must be logged in to Azure\. Entra refused your own login/,
    );
    assert.ok(!wrong.stderr.includes("wrong-secret"));
    const none = await stage.audit([], { ARM_CLIENT_ID: "", ARM_CLIENT_SECRET: "" });
    assert.match(none.stderr, /^himl-sp: NOT_LOGGED_IN: .*\n {2}`az login`, or set ARM_CLIENT_ID/);
    const half = await stage.audit([], { ARM_CLIENT_ID: "" });
    assert.match(half.stderr, /^himl-sp: LOGIN_INCOMPLETE: Where ARM_CLIENT_SECRET is set, /);
    for (const { exitCode } of [wrong, none, half]) assert.equal(exitCode, 1);
  });

  it("with the login of the Azure CLI, in the tenant of the stack", async () => {
    const { admin, tenantId } = stage.rig.azure;
    const token = (scope: string) => stage.rig.token(`https://${scope}/.default`, admin);
    const answers = await Promise.all(
      ["graph.microsoft.com", "management.azure.com"].map(async (host) => ({
        args: [
          "account",
          "get-access-token",
          "--resource",
          `https://${host}`,
          "--output",
          "json",
          "--tenant",
          tenantId,
        ],
        stdout: JSON.stringify({ accessToken: await token(host) }),
      })),
    );
    await stage.pulumi.install("az", answers);
    const { exitCode, stderr } = await stage.audit([], {
      ARM_CLIENT_ID: "",
      ARM_CLIENT_SECRET: "",
      ARM_TENANT_ID: "",
    });
    assert.equal(exitCode, 0, stderr);
  });

  it("with OpenID Connect, with a token from the job", async () => {
    const { control, tenantId } = stage.rig.azure;
    const issuer = await control.declareIssuer("https://token.actions.githubusercontent.com");
    const token = await issuer.sign({
      sub: "repo:o/r:ref:refs/heads/main",
      aud: "api://AzureADTokenExchange",
    });
    const { stderr, unanswered, exitCode } = await stage.audit([], {
      ARM_CLIENT_ID: stage.ids.client,
      ARM_CLIENT_SECRET: "",
      ARM_TENANT_ID: tenantId,
      ARM_USE_OIDC: "true",
      ARM_OIDC_TOKEN: token,
    });
    // The principal of the stack itself may read nothing of the directory.
    assert.equal(exitCode, 0, stderr);
    assert.ok(unanswered.length > 0);
  });

  it("ends when it is interrupted while Entra does not answer", async function () {
    // Windows has no such signal.
    if (process.platform === "win32") return this.skip();
    const { control } = stage.rig.azure;
    const { struck } = control.addFault({ match: { path: "/oauth2/v2.0/token$" }, answer: "hang", times: 9 });
    const child = await stage.start(["audit"]);
    const ended = once(child, "exit");
    await struck;
    const start = Date.now();
    child.kill("SIGINT");
    assert.deepEqual(await ended, [1, null]);
    control.clearFaults();
    assert.ok(Date.now() - start < 15_000, "it waited for the answer until its own time was over");
  });

  describe("a login in the settings of the stack", () => {
    /** As the engine records it, and as `pulumi config --json --show-secrets` tells it. */
    const setLogin = async (
      settings: Record<string, { value: string; secret?: boolean }>,
      { urn = "default_6_9_1", config = { exitCode: 0 } }: { urn?: string; config?: object } = {},
    ) => {
      const inputs: Record<string, Record<string, unknown>> = {};
      for (const [name, { value, secret }] of Object.entries(settings)) {
        const [provider, setting] = name.split(":") as [string, string];
        inputs[provider] = { ...inputs[provider], [setting]: secret ? { ciphertext: "v1:x" } : value };
      }
      const providers = ["azuread", "azure-native"].map((provider) => ({
        urn: `urn:pulumi:dev::himl-service-principal::pulumi:providers:${provider}::${urn}`,
        type: `pulumi:providers:${provider}`,
        inputs: { version: "6.9.1", useMsi: "false", ...inputs[provider] },
      }));
      await stage.answer([{ args: ["config"], stdout: JSON.stringify(settings), ...config }], {
        resources: [...stage.deployment.resources!, ...providers],
      });
    };
    const login = (provider: string) => {
      const { clientId, clientSecret } = stage.rig.azure.admin;
      return {
        [`${provider}:clientId`]: { value: clientId },
        [`${provider}:clientSecret`]: { value: clientSecret, secret: true },
        [`${provider}:tenantId`]: { value: stage.rig.azure.tenantId },
      };
    };

    it("is used, of each provider for what that one asks", async () => {
      await setLogin({ ...login("azuread"), ...login("azure-native") });
      const { exitCode, stdout, stderr, unanswered } = await stage.audit([], NO_LOGIN);
      assert.deepEqual([exitCode, stderr, unanswered], [0, "", []]);
      assert.ok(!stdout.includes(stage.rig.azure.admin.clientSecret));

      await setLogin(login("azuread"));
      const half = await stage.audit([], NO_LOGIN);
      assert.match(half.stderr, /^himl-sp: NOT_LOGGED_IN: .*no Azure CLI/);
    });

    it("goes before a variable, as with the providers", async () => {
      await setLogin({ ...login("azuread"), ...login("azure-native") });
      const { exitCode, stderr } = await stage.audit([], { ARM_CLIENT_SECRET: "wrong-secret" });
      assert.equal(exitCode, 0, stderr);
      const wrong = { "azuread:clientSecret": { value: "wrong-one", secret: true } };
      await setLogin({ ...login("azuread"), ...login("azure-native"), ...wrong });
      const refused = await stage.audit();
      assert.match(refused.stderr, /^himl-sp: AADSTS7000215: /);
      assert.ok(!refused.stderr.includes("wrong-one"));
    });

    it("that cannot be decrypted is named, with the reason", async () => {
      const failed = { exitCode: 255, stdout: "", stderr: "error: passphrase must be set\n" };
      await setLogin(login("azuread"), { config: failed });
      const { stderr } = await stage.audit([], NO_LOGIN);
      assert.match(stderr, /^himl-sp: NOT_LOGGED_IN: /);
      assert.match(
        stderr,
        /have a login, azuread:clientId, azuread:clientSecret, which could not be read: error: passphrase must be set\. So/,
      );
      assert.equal((await stage.audit()).exitCode, 0, "whoever runs it has named another one");
    });

    it("that the program gives to a provider of its own is named", async () => {
      await setLogin(login("azuread"), { urn: "mine", config: { stdout: "{}" } });
      const { stderr } = await stage.audit([], NO_LOGIN);
      assert.match(stderr, /login of its own, azuread:clientId, azuread:clientSecret, which this command/);
    });

    it("is none where a provider has recorded that nothing is set", async () => {
      await setLogin({});
      const { stderr } = await stage.audit([], NO_LOGIN);
      assert.doesNotMatch(stderr, /azuread:/);
    });
  });

  describe("a certificate", () => {
    const ALGORITHM = {
      name: "RSASSA-PKCS1-v1_5",
      hash: "SHA-256",
      publicExponent: new Uint8Array([1, 0, 1]),
      modulusLength: 2048,
    };
    let key: string;
    let certificates: string[];

    const createCertificate = async (name: string, keys: webcrypto.CryptoKeyPair) =>
      x509.X509CertificateGenerator.createSelfSigned({
        name,
        serialNumber: "01",
        notBefore: new Date("2020-01-01"),
        notAfter: new Date("2100-01-01"),
        signingAlgorithm: ALGORITHM,
        keys,
      });

    before(async () => {
      const generate = () => webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
      const own = await generate();
      const der = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", own.privateKey));
      key = createPrivateKey({ key: der, format: "der", type: "pkcs8" })
        .export({ type: "pkcs8", format: "pem" })
        .toString();
      // The name of somebody far away: what is read must be the certificate to the byte. The authority's comes first.
      certificates = [
        await createCertificate("CN=authority", await generate()),
        await createCertificate("CN=Zoë, O=東京", own),
      ].map((one) => one.toString("pem"));
    });

    beforeEach(async () => {
      const { rawData } = new x509.X509Certificate(certificates[1]!);
      const usage = {
        type: "AsymmetricX509Cert",
        usage: "Verify",
        key: Buffer.from(rawData).toString("base64"),
      };
      const { value } = ok(
        await stage.rig.graph("GET", `/applications?$filter=appId eq '${stage.rig.azure.admin.clientId}'`),
      ) as { value: readonly { id: string }[] };
      const [admin] = value;
      ok(await stage.rig.graph("PATCH", `/applications/${admin!.id}`, { keyCredentials: [usage] }), 204);
    });

    const createPfx = (options: object, password = PASSWORD) => {
      const chain = certificates.map((pem) => forge.pki.certificateFromPem(pem));
      const container = forge.pkcs12.toPkcs12Asn1(forge.pki.privateKeyFromPem(key), chain, password, options);
      return Buffer.from(forge.asn1.toDer(container).getBytes(), "latin1");
    };
    const at = async (content: Buffer | string, password = PASSWORD) => {
      const file = path.join(stage.folder, "certificate");
      await writeFile(file, content);
      return stage.audit([], {
        ARM_CLIENT_SECRET: "",
        ARM_CLIENT_CERTIFICATE_PATH: file,
        ARM_CLIENT_CERTIFICATE_PASSWORD: password,
      });
    };

    const FILES: Record<string, () => [content: Buffer | string, password?: string]> = {
      "PFX, as OpenSSL writes it": () => [createPfx({ algorithm: "aes256" })],
      "PFX, as Windows writes it": () => [createPfx({ algorithm: "3des" })],
      "PFX without a password, as Key Vault writes it": () => [createPfx({ algorithm: "3des" }, ""), ""],
      PEM: () => [`${key}${certificates.join("\n")}`, ""],
      "PEM with an encrypted key": () => [
        `${certificates.join("\n")}\n${createPrivateKey(key)
          .export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: PASSWORD })
          .toString()}`,
      ],
    };
    for (const [what, create] of Object.entries(FILES)) {
      it(`${what} logs in`, async () => {
        const { exitCode, stderr, unanswered } = await at(...create());
        assert.deepEqual([exitCode, stderr, unanswered], [0, "", []]);
      });
    }

    it("in base64, as azuread takes it, logs in", async () => {
      const { exitCode, stderr } = await stage.audit([], {
        ARM_CLIENT_SECRET: "",
        ARM_CLIENT_CERTIFICATE: createPfx({ algorithm: "3des" }).toString("base64"),
        ARM_CLIENT_CERTIFICATE_PASSWORD: PASSWORD,
      });
      assert.equal(exitCode, 0, stderr);
    });

    it("that cannot be used: why, with the way on, and never the password", async () => {
      const wrong = await at(createPfx({ algorithm: "aes256" }), "another-password");
      assert.match(
        wrong.stderr,
        /^himl-sp: CERTIFICATE_UNUSABLE: .* decrypted\.\n {2}Set ARM_CLIENT_CERTIFICATE_P/,
      );
      const junk = await at(Buffer.from([0x30, 0x82, 0x0a, 0x01]));
      assert.match(junk.stderr, /^himl-sp: CERTIFICATE_UNUSABLE: .*\n.*openssl pkcs12/);
      const noKey = await at(certificates[1]!);
      assert.match(noKey.stderr, /^himl-sp: CERTIFICATE_UNUSABLE: /);
      const foreign = await at(`${key}${certificates[0]}`);
      assert.match(
        foreign.stderr,
        /^himl-sp: CERTIFICATE_UNUSABLE: .*no certificate that belongs to its key/,
      );
      const none = await stage.audit([], { ARM_CLIENT_CERTIFICATE_PATH: "/nowhere/c.pfx" });
      assert.match(none.stderr, /^himl-sp: CERTIFICATE_NOT_READ: .*ENOENT/);
      for (const { exitCode, stderr } of [wrong, junk, noKey, foreign, none]) {
        assert.equal(exitCode, 1);
        assert.ok(!stderr.includes("another-password") && !stderr.includes(PASSWORD));
      }
    });
  });
});
