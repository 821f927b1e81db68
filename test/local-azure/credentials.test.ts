import assert from "node:assert/strict";
import { BAD_REQUEST, inDays, type Json, NOT_FOUND, ok, refused, UNKNOWN_ID, useRig } from "./rig";

describe("local Azure: secrets in Microsoft Graph", () => {
  const rig = useRig();
  let application: Json;

  beforeEach(async () => {
    application = await rig.createApplication();
  });

  const add = (passwordCredential?: object) =>
    rig.graph("POST", `/applications/${application.id}/addPassword`, { passwordCredential });

  it("shows the text once and never again", async () => {
    const added = ok(await add({ displayName: "rbac" }));
    assert.match(added.secretText, /^[\w~.-]{3}8Q~[\w~.-]{34}$/);
    assert.equal(added.hint, added.secretText.slice(0, 3));
    const answer = await rig.graph("GET", `/applications/${application.id}`);
    assert.ok(!answer.text.includes(added.secretText));
    const [shown] = ok(answer).passwordCredentials;
    const expected = { ...added, secretText: null, "@odata.context": undefined };
    assert.deepEqual({ ...shown, "@odata.context": undefined }, expected);
  });

  it("lasts two years from now on the directory's clock unless told otherwise", async () => {
    rig.azure.control.setClock(new Date(Date.UTC(new Date().getUTCFullYear() + 4, 4, 1, 10)));
    const { startDateTime, endDateTime, displayName } = ok(await add());
    const year = Number(startDateTime.slice(0, 4));
    assert.match(startDateTime.slice(4), /^-05-01T10:00:\d\dZ$/);
    assert.equal(endDateTime, `${year + 2}${startDateTime.slice(4)}`);
    assert.equal(displayName, null);
  });

  it("echoes times as they were given, because azuread keeps the text", async () => {
    const times = { startDateTime: inDays(30), endDateTime: inDays(90).replace("Z", ".5Z") };
    const added = ok(await add(times));
    assert.deepEqual({ startDateTime: added.startDateTime, endDateTime: added.endDateTime }, times);
  });

  it("refuses an end that is not after the start, or is past [?]", async () => {
    const time = inDays(30);
    for (const times of [{ startDateTime: time, endDateTime: time }, { endDateTime: inDays(-1) }])
      refused(await add(times), BAD_REQUEST, /end date/);
  });

  it("removes by keyId in any case, and answers an unknown one with 400", async () => {
    const { keyId } = ok(await add());
    const path = `/applications/${application.id}/removePassword`;
    const unknown = (id: string) => `No password credential found with keyId ${id}.`;
    refused(await rig.graph("POST", path, { keyId: UNKNOWN_ID }), BAD_REQUEST, unknown(UNKNOWN_ID));
    const removed = await rig.graph("POST", path, { keyId: keyId.toUpperCase() });
    assert.deepEqual([removed.status, removed.text, removed.headers["content-length"]], [204, "", undefined]);
    refused(await rig.graph("POST", path, { keyId }), BAD_REQUEST, unknown(keyId));
  });

  it("keeps secrets as hashes only", async () => {
    const { secretText } = ok(await add());
    const state = JSON.stringify(rig.azure.control.state());
    assert.ok(!state.includes(secretText));
    assert.ok(!state.includes(rig.azure.admin.clientSecret));
  });
});

describe("local Azure: federated credentials in Microsoft Graph", () => {
  const rig = useRig();
  let path: string;

  beforeEach(async () => {
    path = `/applications/${(await rig.createApplication()).id}/federatedIdentityCredentials`;
  });

  const credential = (name: string, more: object = {}) => ({
    name,
    issuer: "https://token.actions.githubusercontent.com",
    subject: `repo:contoso/ml:environment:${name}`,
    audiences: ["api://AzureADTokenExchange"],
    ...more,
  });

  it("creates, reads by ID and by name, changes, lists and deletes by either", async () => {
    const created = ok(await rig.graph("POST", path, credential("main")), 201);
    assert.equal(created.description, null);
    for (const key of [created.id, "main"])
      assert.equal(ok(await rig.graph("GET", `${path}/${key}`)).subject, credential("main").subject);
    ok(await rig.graph("PATCH", `${path}/${created.id}`, { name: "main", subject: "other" }), 204);
    const list = ok(await rig.graph("GET", path));
    assert.deepEqual(
      list.value.map(({ name, subject }: Json) => [name, subject]),
      [["main", "other"]],
    );
    ok(await rig.graph("DELETE", `${path}/main`), 204);
    refused(await rig.graph("GET", `${path}/${created.id}`), NOT_FOUND);
    refused(await rig.graph("DELETE", `${path}/main`), NOT_FOUND);
  });

  it("refuses issuer and subject that are taken, also by a change", async () => {
    ok(await rig.graph("POST", path, credential("main")), 201);
    const { issuer, subject } = credential("main");
    const message =
      `The combination of issuer and subject must be unique for the application. Issuer ${issuer} and Subject: ${subject} already exist. ` +
      `paramName: FederatedIdentityCredential.Subject, paramValue: ${subject}, objectType: Microsoft.Online.DirectoryServices.Application`;
    const code = "InvalidFederatedIdentityCredentialValue";
    refused(await rig.graph("POST", path, credential("twin", { subject })), `400 ${code}`, message);
    ok(await rig.graph("POST", path, credential("other")), 201);
    refused(await rig.graph("PATCH", `${path}/other`, { subject }), `400 ${code}`, message);
    ok(await rig.graph("PATCH", `${path}/main`, { subject }), 204);
  });

  it("allows the same issuer and subject on another application", async () => {
    ok(await rig.graph("POST", path, credential("main")), 201);
    const other = `/applications/${(await rig.createApplication()).id}/federatedIdentityCredentials`;
    ok(await rig.graph("POST", other, credential("main")), 201);
  });

  it("allows 20 on one application", async () => {
    for (let index = 1; index <= 20; index++)
      ok(await rig.graph("POST", path, credential(`number-${index}`)), 201);
    refused(
      await rig.graph("POST", path, credential("number-21")),
      "403 Directory_ResourceSizeExceeded",
      "The size of the object has exceeded its limit. Please reduce the number of values and retry your request.",
    );
    ok(await rig.graph("DELETE", `${path}/number-1`), 204);
    ok(await rig.graph("POST", path, credential("number-21")), 201);
  });

  for (const name of ["ab", "a".repeat(121), "with space", "a/b", "a?b", "ä".repeat(5)])
    it(`refuses the name "${name.slice(0, 12)}" of ${name.length} characters [?]`, async () => {
      refused(
        await rig.graph("POST", path, credential(name)),
        "400 InvalidFederatedIdentityCredentialValue",
        /is not a valid URI last segment/,
      );
    });

  for (const name of ["repo.main", "-dash", "v1.0~rc_2"])
    it(`takes the name ${name}: whatever a segment of a URL can be`, async () => {
      ok(await rig.graph("POST", path, credential(name)), 201);
      assert.equal(ok(await rig.graph("GET", `${path}/${name}`)).name, name);
    });

  it("wants exactly one audience", async () => {
    for (const audiences of [[], ["a", "b"]])
      refused(await rig.graph("POST", path, credential("main", { audiences })), BAD_REQUEST);
  });
});
