import "reflect-metadata";
import assert from "node:assert/strict";
import { createHash, webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";
import * as jose from "jose";
import { BAD_REQUEST, type Created, inDays, ok, refused, refusedToken, useRig } from "./rig";

const ALGORITHM = {
  name: "RSASSA-PKCS1-v1_5",
  hash: "SHA-256",
  publicExponent: new Uint8Array([1, 0, 1]),
  modulusLength: 2048,
};
const TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

interface Certificate {
  readonly der: Buffer;
  readonly key: webcrypto.CryptoKey;
}

const END = inDays(1000);

async function createCertificate(notAfter = new Date(END)): Promise<Certificate> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: "CN=ci",
    serialNumber: "01",
    notBefore: new Date("2020-01-01"),
    notAfter,
    signingAlgorithm: ALGORITHM,
    keys,
  });
  return { der: Buffer.from(certificate.rawData), key: keys.privateKey };
}

describe("local Azure: certificates", () => {
  const rig = useRig();
  let login: Created;
  let certificate: Certificate;

  before(async () => {
    certificate = await createCertificate();
  });

  beforeEach(async () => {
    login = await rig.createLogin("ci");
  });

  const body = (der: Buffer, more: object = {}) => ({
    keyCredentials: [{ type: "AsymmetricX509Cert", usage: "Verify", key: der.toString("base64"), ...more }],
  });

  /** As MSAL signs it: the thumbprint names the certificate, the audience is the token endpoint. */
  async function present({ der, key }: Certificate, claims: jose.JWTPayload = {}) {
    const x5t = createHash("sha1").update(der).digest("base64url");
    const assertion = await new jose.SignJWT({
      iss: login.clientId,
      sub: login.clientId,
      aud: `https://login.microsoftonline.com/${rig.azure.tenantId}/oauth2/v2.0/token`,
      exp: Math.floor(Date.now() / 1000) + 300,
      ...claims,
    })
      .setProtectedHeader({ alg: "RS256", x5t })
      .sign(key);
    return rig.requestToken({
      client_id: login.clientId,
      client_assertion: assertion,
      client_assertion_type: TYPE,
    });
  }

  for (const kind of ["application", "principal"] as const)
    it(`on the ${kind} log in, are listed without the certificate itself, and are gone when left out`, async () => {
      const path =
        kind === "application"
          ? `/applications/${login.applicationId}`
          : `/servicePrincipals/${login.principalId}`;
      refusedToken(await present(certificate), 401, "invalid_client", 700027);
      ok(await rig.graph("PATCH", path, body(certificate.der, { displayName: "CN=ci" })), 204);
      const claims = jose.decodeJwt(ok(await present(certificate)).access_token);
      assert.equal(claims.appidacr, "2");
      const [shown] = ok(await rig.graph("GET", path)).keyCredentials as readonly Record<string, unknown>[];
      assert.deepEqual(
        [shown!.displayName, shown!.type, shown!.usage, shown!.key, shown!.endDateTime],
        ["CN=ci", "AsymmetricX509Cert", "Verify", null, END],
      );
      const second = await createCertificate();
      ok(
        await rig.graph("PATCH", path, { keyCredentials: [shown, ...body(second.der).keyCredentials] }),
        204,
      );
      ok(await present(certificate));
      ok(await present(second));
      ok(await rig.graph("PATCH", path, { keyCredentials: [] }), 204);
      refusedToken(await present(certificate), 401, "invalid_client", 700027);
    });

  it("refuse a signature of another key, another audience, and an end that has passed", async () => {
    ok(await rig.graph("PATCH", `/applications/${login.applicationId}`, body(certificate.der)), 204);
    const other = await createCertificate();
    refusedToken(await present({ der: certificate.der, key: other.key }), 401, "invalid_client", 700027);
    refusedToken(
      await present(certificate, { aud: "https://elsewhere.example" }),
      401,
      "invalid_client",
      700023,
    );
    const expired = await present(certificate, { exp: Math.floor(Date.now() / 1000) - 3600 });
    refusedToken(expired, 401, "invalid_client", 700024);
    rig.azure.control.setClock(new Date(inDays(1001)));
    refusedToken(await present(certificate), 401, "invalid_client", 700027);
  });

  it("refuse what is no certificate, another usage, and a longer life than the certificate's", async () => {
    const path = `/applications/${login.applicationId}`;
    const bad = "Request_BadRequest";
    refused(await rig.graph("PATCH", path, body(Buffer.from("nonsense"))), `400 ${bad}`);
    refused(
      await rig.graph("PATCH", path, body(certificate.der, { usage: "Both" })),
      `400 ${bad}`,
      /Sign, Verify/,
    );
    const end = { endDateTime: inDays(1100) };
    refused(
      await rig.graph("PATCH", path, body(certificate.der, end)),
      `400 ${bad}`,
      "Key credential end date is invalid.",
    );
    assert.deepEqual(ok(await rig.graph("GET", path)).keyCredentials, []);
  });

  it("come with a new application too", async () => {
    const made = ok(
      await rig.graph("POST", "/applications", { displayName: "a", ...body(certificate.der) }),
      201,
    );
    assert.equal((made.keyCredentials as object[]).length, 1);
    const [state] = rig.azure.control.state().applications.filter(({ id }) => id === made.id);
    assert.equal(
      state?.certificates[0]?.thumbprint,
      createHash("sha1").update(certificate.der).digest("hex").toUpperCase(),
    );
  });
});

describe("local Azure: secrets of a principal", () => {
  const rig = useRig();

  it("log in beside those of its application, and are removed by themselves", async () => {
    const login = await rig.createLogin();
    const path = `/servicePrincipals/${login.principalId}`;
    const added = ok(
      await rig.graph("POST", `${path}/addPassword`, { passwordCredential: { displayName: "by hand" } }),
    );
    const own = { clientId: login.clientId, clientSecret: added.secretText };
    ok(await rig.logIn(own));
    ok(await rig.logIn(login));
    assert.deepEqual(
      ok(await rig.graph("GET", path)).passwordCredentials.map(({ keyId }) => keyId),
      [added.keyId],
    );
    const application = `/applications/${login.applicationId}`;
    refused(await rig.graph("POST", `${application}/removePassword`, { keyId: added.keyId }), BAD_REQUEST);
    ok(await rig.graph("POST", `${path}/removePassword`, { keyId: added.keyId }), 204);
    refusedToken(await rig.logIn(own), 401, "invalid_client", 7000215);
  });

  it("are not made by a change, which can only leave some out", async () => {
    const login = await rig.createLogin();
    const path = `/applications/${login.applicationId}`;
    const change = (passwordCredentials: object[]) => rig.graph("PATCH", path, { passwordCredentials });
    refused(await change([{ displayName: "new" }]), BAD_REQUEST, /service actions/);
    ok(await change([{ keyId: login.keyId }]), 204);
    ok(await rig.logIn(login));
    ok(await change([]), 204);
    refusedToken(await rig.logIn(login), 401, "invalid_client", 7000215);
  });

  it("begin with any sign of Entra's alphabet, the awkward ones among them", async () => {
    const { id } = await rig.createApplication();
    const heads = new Set<string>();
    for (let index = 0; index < 200; index++)
      heads.add(ok(await rig.graph("POST", `/applications/${id}/addPassword`, {})).secretText[0]!);
    assert.ok(
      ["-", ".", "_", "~"].some((sign) => heads.has(sign)),
      [...heads].join(""),
    );
  });
});
