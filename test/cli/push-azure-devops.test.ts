import assert from "node:assert/strict";
import { answersOfPulumi } from "./outputs";
import { argsOf, FEDERATED, PASSWORD, placesOf, PLAIN, push, standIns } from "./push-stage";
import type { Answer } from "./stand-ins";

describe("himl-sp push azure-devops", function () {
  this.timeout(30_000);
  afterEach(() => standIns.remove());

  const ORGANIZATION = "https://dev.azure.com/contoso";
  const WHERE = `--organization=${ORGANIZATION} --project=ml --detect=false --output=json`;
  const groups = (variables?: Record<string, { isSecret: boolean | null }>): Answer => ({
    args: ["pipelines", "variable-group", "list"],
    stdout: JSON.stringify([
      { id: 3, name: "himl-other", variables: { HIML_TENANT_ID: { isSecret: null } } },
      ...(variables === undefined ? [] : [{ id: 7, name: "Himl", variables }]),
    ]),
  });
  const az = (list: Answer, ...before: Answer[]): Answer[] => [
    ...before,
    list,
    { args: ["pipelines", "variable-group", "create"], stdout: '{"id":9,"name":"himl"}' },
    ...["create", "update", "delete"].map((verb) => ({
      args: ["pipelines", "variable-group", "variable", verb],
      stdout: "{}",
    })),
  ];
  const TO_GROUP = ["azure-devops", "--organization", ORGANIZATION, "--project", "ml", "--group", "himl"];
  const pushAzure = (answers: Answer[], ...args: string[]) => push([...TO_GROUP, ...args], { az: answers });
  const pushFederated = (answers: Answer[]) =>
    push(TO_GROUP, { pulumi: answersOfPulumi(FEDERATED), az: answers });

  it("creates a missing group with the plain variables, then the secret", async () => {
    const { exitCode, stdout, stderr } = await pushAzure(az(groups()));
    assert.deepEqual({ exitCode, stdout }, { exitCode: 0, stdout: "" });
    assert.deepEqual(argsOf(await standIns.calls("az")), [
      `pipelines variable-group list --group-name=himl ${WHERE}`,
      `pipelines variable-group create --name=himl ${WHERE} --variables ${PLAIN.map((pair) => pair.join("=")).join(" ")}`,
      `pipelines variable-group variable create --group-id 9 --name HIML_SERVICE_PRINCIPAL_PASSWORD ${WHERE} --secret true`,
    ]);
    assert.match(
      stderr,
      /^Variable group himl created\. Azure DevOps asks for permission when a pipeline first uses it\.$/m,
    );
  });

  it("the password is in the variable that the extension reads, and nowhere else", async () => {
    for (const existing of [undefined, { himl_service_principal_password: { isSecret: true } }]) {
      const { stdout, stderr } = await pushAzure(az(groups(existing)));
      const spelled =
        existing === undefined ? "HIML_SERVICE_PRINCIPAL_PASSWORD" : "himl_service_principal_password";
      assert.deepEqual(
        (await standIns.calls())
          .flatMap(placesOf)
          .map((place) => (process.platform === "win32" ? place.toUpperCase() : place)),
        [`AZURE_DEVOPS_EXT_PIPELINE_VAR_${spelled}`].map((place) =>
          process.platform === "win32" ? place.toUpperCase() : place,
        ),
      );
      assert.ok(!`${stdout}${stderr}`.includes(PASSWORD));
      await standIns.remove();
    }
  });

  it("updates what is there, creates the rest, in the group of exactly that name", async () => {
    await pushAzure(
      az(groups({ HIML_SERVICE_PRINCIPAL_PASSWORD: { isSecret: true }, himl_tenant_id: { isSecret: null } })),
    );
    const variable = (verb: string, name: string) =>
      `pipelines variable-group variable ${verb} --group-id 7 --name ${name} ${WHERE}`;
    assert.deepEqual(argsOf(await standIns.calls("az")).slice(1), [
      `${variable("update", "HIML_SERVICE_PRINCIPAL_PASSWORD")} --secret true --prompt-value true`,
      ...PLAIN.map(([name, value]) => {
        const verb = name === "HIML_TENANT_ID" ? "update" : "create";
        return `${variable(verb, name)} --secret false --value=${value}`;
      }),
    ]);
  });

  it("a password that is plain there becomes secret", async () => {
    await pushAzure(az(groups({ HIML_SERVICE_PRINCIPAL_PASSWORD: { isSecret: null } })));
    assert.match(
      argsOf(await standIns.calls("az"))[1]!,
      /variable update .* --secret true --prompt-value true$/,
    );
  });

  it("a federated stack: one left from before is deleted", async () => {
    const left = az(groups({ HIML_SERVICE_PRINCIPAL_PASSWORD: { isSecret: true } }));
    assert.equal((await pushFederated(left)).exitCode, 0);
    const calls = argsOf(await standIns.calls("az"));
    assert.equal(
      calls.at(-1),
      `pipelines variable-group variable delete --yes --group-id 7 --name HIML_SERVICE_PRINCIPAL_PASSWORD ${WHERE}`,
    );
    assert.equal(calls.length, 7);
  });

  it("a federated stack and no group yet: five variables", async () => {
    assert.equal((await pushFederated(az(groups()))).exitCode, 0);
    assert.equal((await standIns.calls("az")).length, 2);
  });

  it("--dry-run", async () => {
    const { stdout } = await pushAzure(az(groups()), "--dry-run");
    assert.match(stdout, /^create\tsecret\tHIML_SERVICE_PRINCIPAL_PASSWORD\tvariable group himl of ml\n/);
    assert.equal((await standIns.calls("az")).length, 1);
  });

  const failures: [code: string, stderr: string][] = [
    [
      "AZ_DEVOPS_NOT_FOUND",
      "ERROR: The command requires the extension azure-devops. Unable to prompt for extension install confirmation as no tty available.\n",
    ],
    [
      "AZ_NOT_LOGGED_IN",
      "ERROR: Before you can run Azure DevOps commands, you need to run the login command (az login if using AAD/MSA identity else az devops login if using PAT token) to setup credentials.\n",
    ],
    ["TOOL_FAILED", "ERROR: TF200016: The following project does not exist: ml.\n"],
  ];
  for (const [code, stderr] of failures) {
    it(`fails before the first write: ${code}`, async () => {
      const finished = await pushAzure(
        az({ args: ["pipelines", "variable-group", "list"], exitCode: 1, stderr }),
      );
      assert.equal(finished.exitCode, 1);
      assert.ok(finished.stderr.startsWith(`himl-sp: ${code}: `), finished.stderr);
      const calls = argsOf(await standIns.calls()).filter((call) => call !== "--version");
      assert.equal(calls.length, 1);
    });
  }

  it("fails before the first write: AZ_NOT_FOUND", async () => {
    const args = ["azure-devops", "--organization", ORGANIZATION, "--project", "ml", "--group", "himl"];
    assert.match((await push(args, {})).stderr, /^himl-sp: AZ_NOT_FOUND: /);
  });

  const locked: [what: string, group: object, expected: RegExp][] = [
    [
      "a group that is linked to a Key Vault",
      { type: "AzureKeyVault", variables: {} },
      /^himl-sp: TARGET_READ_ONLY: The variable group himl of ml must take new values\. It is linked to a Key Vault/,
    ],
    [
      "a variable that is read-only there",
      { variables: { himl_tenant_id: { isSecret: null, isReadOnly: true }, OTHER: { isReadOnly: true } } },
      /^himl-sp: TARGET_READ_ONLY: .* Read-only there: himl_tenant_id\.\n/,
    ],
  ];
  for (const [what, group, expected] of locked) {
    it(`cannot take the values, in a dry run too: ${what}`, async () => {
      const list = { ...groups(), stdout: JSON.stringify([{ id: 7, name: "himl", ...group }]) };
      for (const dryRun of [[], ["--dry-run"]]) {
        assert.match((await pushAzure(az(list), ...dryRun)).stderr, expected);
        assert.equal((await standIns.calls()).length, 1);
        await standIns.remove();
      }
    });
  }

  it("a failed creation leaves nothing, and says so", async () => {
    const refuse = {
      args: ["pipelines", "variable-group", "create"],
      exitCode: 1,
      stderr: "ERROR: no rights\n",
    };
    const { exitCode, stderr } = await pushAzure(az(groups(), refuse));
    assert.equal(exitCode, 1);
    assert.match(
      stderr,
      /^himl-sp: PUSH_INCOMPLETE: Only 0 of 6 writes to variable group himl of ml succeeded\. .*\n {2}Done: none\.\n/,
    );
  });

  it("INVALID_ORGANIZATION is misuse", async () => {
    const { exitCode } = await push(
      ["azure-devops", "--organization", "contoso", "--project", "ml", "--group", "himl"],
      {},
    );
    assert.equal(exitCode, 2);
  });
});
