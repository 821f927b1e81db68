import assert from "node:assert/strict";
import { runCommandLine } from "../../cli/program";
import { formatLocalTime } from "../../cli/terminal/durations";
import type { StackDetails } from "../../stack/contract";
import { useShared } from "../support/shared";
import { buildCommand, runCommand } from "./command";
import { answersOfPulumi, DETAILS, VALUES } from "./outputs";
import { rememberingIo } from "./remembering-io";
import { StandIns } from "./stand-ins";

const NOW = new Date("2026-11-23T12:00:00Z");

describe("himl-sp status", function () {
  this.timeout(30_000);
  const pulumi = useShared(() => StandIns.create({ pulumi: answersOfPulumi() }));
  beforeEach(() => pulumi.forgetCalls());

  const status = async (details: StackDetails, now: Date, ...args: string[]) => {
    await pulumi.install("pulumi", answersOfPulumi(details));
    const io = rememberingIo({ env: { PATH: pulumi.folder }, now });
    return { exitCode: await runCommandLine(["status", ...args], io, "0"), ...io.written };
  };

  it("tells a person when secrets end and the next renewal is, in local time, trusts and roles", async () => {
    const trusts = [
      { issuer: "https://token.actions.githubusercontent.com", subject: "repo:o/r:ref:refs/heads/main" },
    ];
    const { exitCode, stdout, stderr } = await status({ ...DETAILS, authentication: "both", trusts }, NOW);
    assert.deepEqual({ exitCode, stderr }, { exitCode: 0, stderr: "" });
    const lines = stdout.split("\n");
    const [today, first, second, renewal] = lines.slice(6, 10).map((line) => line.trim());
    assert.deepEqual(lines.slice(0, 6), [
      "Stack: dev",
      "Application: himl-sp-dev",
      `Client ID: ${VALUES.HIML_SERVICE_PRINCIPAL_ID}`,
      "Workspace: ws-ml in rg-ml(west)",
      "Authentication: both",
      "Secrets",
    ]);
    assert.equal(today, "v today");
    assert.match(first!, /^a {2}=+-+\|-+ +ends 2027-01-16, in 53 days$/);
    assert.match(second!, /^b +=+\|=+-+ {2}ends 2027-04-16, in 143 days$/);
    assert.match(renewal!, /next renewal 2027-01-16, in 53 days/);
    assert.deepEqual(lines.slice(10), [
      "     = handed out   - still valid for jobs that have it",
      `  The first \`pulumi up\` after ${formatLocalTime("2027-01-16T00:00:00Z")} renews.`,
      "Trusts",
      "  repo:o/r:ref:refs/heads/main of https://token.actions.githubusercontent.com",
      "Roles",
      "  Contributor on",
      // 82 columns in one line.
      ...`    ${DETAILS.roles[0]!.scope.replace("rg-ml", "\n    rg-ml")}`.split("\n"),
      "",
    ]);
  });

  it("a trust in claims that match an expression is shown by that", async () => {
    const trust = {
      issuer: "https://gitlab.com",
      claimsMatchingExpression: "claims['sub'] matches 'project_path:g/*'",
    };
    const { stdout, stderr } = await status({ ...DETAILS, authentication: "both", trusts: [trust] }, NOW);
    assert.equal(stderr, "");
    assert.match(stdout, /^ {2}claims\['sub'\] matches 'project_path:g\/\*' of https:\/\/gitlab\.com$/m);
  });

  const keyVault = {
    vaultId: "/subscriptions/x/resourceGroups/rg-ml/providers/Microsoft.KeyVault/vaults/kv-ml",
    secrets: ["dev-fc1a8e64-HIML-SERVICE-PRINCIPAL-PASSWORD"],
  };

  it("the secrets in a Key Vault are listed, and then nothing has to be pushed", async () => {
    const late = new Date("2027-01-19T00:00:00Z");
    const { stdout, stderr } = await status({ ...DETAILS, keyVault }, late, "--fail-within", "100d");
    assert.match(stdout, /^Key Vault kv-ml\n {2}dev-fc1a8e64-HIML-SERVICE-PRINCIPAL-PASSWORD$/m);
    assert.match(stdout, /^ {2}Renewal is due: run `pulumi up`\.$/m);
    assert.match(stderr, /Run `pulumi up`\. Find out why the schedule did not do it\./);
    const json = await status({ ...DETAILS, keyVault }, NOW, "--json");
    assert.deepEqual((JSON.parse(json.stdout) as { keyVault: unknown }).keyVault, keyVault);
  });

  it("a Key Vault that is none is refused", async () => {
    for (const wrong of [{ ...keyVault, vaultId: 1 }, { ...keyVault, secrets: [1] }, "kv-ml"]) {
      const details = { ...DETAILS, keyVault: wrong } as unknown as StackDetails;
      const { exitCode, stderr } = await status(details, NOW);
      assert.deepEqual([exitCode, /Its keyVault is not\./.test(stderr)], [1, true]);
    }
  });

  it("has nothing decrypted", async () => {
    await status(DETAILS, NOW);
    assert.deepEqual(
      (await pulumi.calls()).map(({ args }) => args),
      [
        ["stack", "export", "--non-interactive"],
        ["stack", "--show-name", "--non-interactive"],
      ],
    );
  });

  it("local time is that of the machine, with its zone", async () => {
    const inZone = (TZ: string) =>
      runCommand(["status"], { env: { PATH: pulumi.folder, TZ } }).then(({ stdout }) => stdout);
    await buildCommand();
    // The built command has the machine's clock, and these must be ahead of it.
    const year = new Date(Date.now() + 30 * 86_400_000).getUTCFullYear() + 1;
    const [january, april] = [`${year}-01-16T00:00:00Z`, `${year}-04-16T00:00:00Z`];
    const secrets = [{ ...DETAILS.secrets[0]!, starts: `${year - 1}-10-18T00:00:00Z`, ends: april }];
    await pulumi.install("pulumi", answersOfPulumi({ ...DETAILS, secrets, nextRenewal: january }));
    const berlin = await inZone("Europe/Berlin");
    assert.match(berlin, new RegExp(`after ${year}-01-16 01:00 (CET|GMT\\+1|UTC\\+1) renews`));
    assert.match(berlin, new RegExp(`^ {2}b .* ends ${year}-04-16, `, "m"));
    const newYork = await inZone("America/New_York");
    assert.match(newYork, new RegExp(`after ${year}-01-15 19:00 (EST|GMT[-−]5) renews`));
    assert.match(newYork, new RegExp(`^ {2}b .* ends ${year}-04-15, `, "m"));
  });

  it("a renewal that is due is said so", async () => {
    const late = new Date("2027-01-19T00:00:00Z");
    const { stdout } = await status(DETAILS, late);
    assert.match(stdout, /renewal due since 2027-01-16, 3 days ago/);
    assert.match(stdout, /^ {2}Renewal is due: run `pulumi up`, then push the variables\.$/m);
    assert.match(stdout, /^ {2}a .* ended 2027-01-16, 3 days ago$/m);
  });

  it("the stack's own date of the next renewal wins: with one secret there is no other", async () => {
    const details = { ...DETAILS, secrets: DETAILS.secrets.slice(0, 1), nextRenewal: "2027-01-16T00:00:00Z" };
    assert.match((await status(details, NOW)).stdout, /next renewal 2027-01-16, in 53 days/);
    delete (details as StackDetails).nextRenewal;
    assert.doesNotMatch((await status(details, NOW)).stdout, /renewal/i);
  });

  it("where the stack gives no role: what somebody else has to run", async () => {
    const details = {
      ...DETAILS,
      roles: [],
      administratorCommand: "az role assignment create --role Contributor",
    };
    assert.match(
      (await status(details, NOW)).stdout,
      /^Roles: none\n {2}Somebody who may assign roles must run:\n {2}az role assignment create --role Contributor$/m,
    );
  });

  it("--json", async () => {
    assert.deepEqual(JSON.parse((await status(DETAILS, NOW, "--json")).stdout), {
      version: 1,
      stack: "dev",
      clientId: VALUES.HIML_SERVICE_PRINCIPAL_ID,
      applicationName: "himl-sp-dev",
      tenantId: VALUES.HIML_TENANT_ID,
      workspace: {
        name: VALUES.HIML_WORKSPACE_NAME,
        resourceGroup: VALUES.HIML_RESOURCE_GROUP,
        subscriptionId: VALUES.HIML_SUBSCRIPTION_ID,
      },
      authentication: "secret",
      secretsSince: null,
      secrets: [
        { ...DETAILS.secrets[0], daysLeft: 143 },
        { ...DETAILS.secrets[1], daysLeft: 53 },
      ],
      nextRenewal: "2027-01-16T00:00:00Z",
      renewalIsDue: false,
      trusts: [],
      roles: DETAILS.roles,
      keyVault: null,
      administratorCommand: null,
    });
  });

  describe("--fail-within", () => {
    const at = (iso: string, within: string) => status(DETAILS, new Date(iso), "--fail-within", within);

    it("0 as long as the password that is handed out lives longer", async () => {
      // The one before ends within that time, as it does in every period.
      assert.deepEqual((await at("2027-01-10T00:00:00Z", "14d")).exitCode, 0);
    });

    it("1 when it ends within that time; the status is shown nevertheless", async () => {
      const { exitCode, stdout, stderr } = await at("2027-04-05T00:00:00Z", "14d");
      assert.equal(exitCode, 1);
      assert.match(stdout, /^Authentication: secret$/m);
      assert.equal(
        stderr,
        `himl-sp: SECRET_ENDS_SOON: The password ends ${formatLocalTime("2027-04-16T00:00:00Z")} (in 11 days).\n` +
          "  Run `pulumi up`, then push the variables. Find out why the schedule did not do it.\n",
      );
    });

    it("to the instant", async () => {
      assert.equal((await at("2027-04-02T00:00:00Z", "14d")).exitCode, 1);
      assert.equal((await at("2027-04-01T23:59:59Z", "14d")).exitCode, 0);
    });

    it("1 when it has ended", async () => {
      assert.match(
        (await at("2027-04-20T00:00:00Z", "1s")).stderr,
        /^himl-sp: SECRET_EXPIRED: .* \(4 days ago\)\.\n/,
      );
    });

    it("0 for a federated stack: nothing can end", async () => {
      const details: StackDetails = { ...DETAILS, authentication: "federated", secrets: [] };
      assert.equal((await status(details, NOW, "--fail-within", "14d")).exitCode, 0);
    });

    it("2 for a time that is none", async () => {
      const { exitCode, stderr } = await status(DETAILS, NOW, "--fail-within", "two weeks");
      assert.equal(exitCode, 2);
      assert.match(stderr, /It must be a number with s, m, h or d: 90s, 5m, 36h, 14d\./);
    });
  });
});
