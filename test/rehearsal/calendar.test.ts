import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { RandomUuid } from "@pulumi/random/randomUuid";
import { run } from "../../cli/tools/process";
import { HimlServicePrincipal } from "../../components/himl-service-principal";
import { atTime } from "../../components/clock";
import program from "../../index";
import type { LocalAzure } from "../../local-azure/local-azure";
import type { Session } from "../../rehearsal/engine/session";
import { buildCommand } from "../cli/command";
import { openWorld, requestToken, requireEngine, type SharedWorld } from "./support";

interface Details {
  secretsSince: string;
  nextRenewal: string;
  secrets: { slot: string; keyId: string; starts: string; ends: string; current: boolean }[];
}

interface StateResource {
  urn: string;
  type: string;
  inputs?: Record<string, unknown>;
  outputs?: Record<string, unknown>;
  dependencies?: string[];
}

const nameOf = (urn: string) => urn.split("::").at(-1)!;

describe("The calendar of the secrets, on the real engine", function () {
  let world: SharedWorld;
  let azure: LocalAzure;
  let session: Session;
  let deployed: ReturnType<LocalAzure["control"]["snapshot"]>;
  let first: { details: Details; password: unknown };
  let declare: () => unknown;

  const own = () => atTime(azure.control.now(), program);
  const details = async () => (await session.up()).outputs["details"] as Details;
  const dayOfAzure = () => azure.control.now().toISOString().slice(0, 10);
  const passDays = (days: number) => azure.control.advanceClock({ days });
  const passwords = () => azure.control.state().applications.find(({ initial }) => !initial)!.passwords;
  const resources = async () =>
    (((await session.exportState()) as { resources?: StateResource[] }).resources ?? []).filter(
      ({ urn }) => urn,
    );
  const urnOf = async (name: string) =>
    (await resources()).find(({ urn }) => nameOf(urn) === name)?.urn ?? assert.fail(`${name} is not there`);
  const calls = () =>
    azure.control
      .requests()
      .filter(({ api, status }) => (api === "graph" || api === "arm") && status !== 0)
      .map(({ method, path: where }) => `${method} ${where}`);

  before(async function () {
    world = await openWorld(await requireEngine(this), () => Promise.resolve(declare()) as never);
    ({ azure, session } = world);
    declare = own;
    const { resourceGroup, workspaceName } = azure;
    await session.configure({ resourceGroupName: resourceGroup, workspaceName });
  });

  after(() => world?.close());

  describe("at the first up", () => {
    it("costs four writes and at most nine requests, and begins on that day with one secret", async () => {
      azure.control.clearRequests();
      const { outputs } = await session.up();
      first = {
        details: outputs["details"] as Details,
        password: outputs["HIML_SERVICE_PRINCIPAL_PASSWORD"],
      };
      const list = calls();
      assert.equal(list.filter((call) => !call.startsWith("GET ")).length, 4, list.join("\n"));
      assert.ok(list.length <= 9, list.join("\n"));
      assert.equal(first.details.secretsSince, dayOfAzure());
      deployed = azure.control.snapshot();
      await session.save("deployed");
    });

    it("shows one secret in himl-sp status, which ends in 180 days, the next renewal in 90", async () => {
      const command = await buildCommand();
      const { stdout, stderr } = await run(process.execPath, [command, "status", "--json"], {
        cwd: session.projectFolder,
        env: { ...session.variables, PATH: session.binFolder },
      });
      assert.notEqual(stdout, "", stderr);
      const { secrets, nextRenewal } = JSON.parse(stdout) as Details;
      const today = Date.parse(dayOfAzure());
      const daysTo = (instant: string) => (Date.parse(instant) - today) / 86_400_000;
      assert.deepEqual(
        [secrets.map(({ slot, ends }) => [slot, daysTo(ends)]), daysTo(nextRenewal)],
        [[["a", 180]], 90],
      );
    });
  });

  describe("later", () => {
    beforeEach(async () => {
      declare = own;
      azure.control.restore(deployed);
      await session.restore("deployed");
    });

    it("keeps its day over a refresh months later", async () => {
      passDays(75);
      assert.deepEqual(Object.keys((await session.refresh()).counts), ["same"]);
      const again = await session.up();
      assert.deepEqual(Object.keys(again.counts), ["same"]);
      assert.deepEqual(again.outputs["details"], first.details);
    });

    it("keeps its day in another backend: pulumi stack export, then import", async () => {
      const backend = path.join(session.folder, "backend");
      await mkdir(backend, { recursive: true });
      const elsewhere = { PULUMI_BACKEND_URL: pathToFileURL(backend).href };
      const there = async (...args: string[]) => {
        const { exitCode, stdout, stderr } = await session.pulumi(args, elsewhere);
        assert.equal(exitCode, 0, `pulumi ${args.join(" ")}: ${stderr}${stdout}`);
        return stdout;
      };
      await session.expectPulumi("stack", "export", "--show-secrets", "--file", "stack.json");
      await there("stack", "init", session.stackName, "--secrets-provider", session.secretsProvider);
      await there("stack", "import", "--file", "stack.json");
      passDays(75);
      await there("up", "--yes", "--skip-preview", "--expect-no-changes");
      assert.deepEqual(JSON.parse(await there("stack", "output", "details", "--json")), first.details);
    });

    it("by a clock that is behind: nothing changes, and a warning only from a day on", async () => {
      passDays(100);
      const renewed = await session.up();
      for (const [behindMs, warnings] of [
        [2000, 0],
        [12 * 86_400_000, 1],
        [3000 * 86_400_000, 1],
      ] as const) {
        declare = () => atTime(new Date(azure.control.now().getTime() - behindMs), program);
        const again = await session.up();
        assert.deepEqual(Object.keys(again.counts), ["same"]);
        assert.deepEqual(again.outputs, renewed.outputs);
        assert.equal(
          again.warnings.filter((text) => text.includes("This machine's clock says")).length,
          warnings,
        );
      }
    });

    it("by a clock that is years ahead: the renewal is refused in preview and in up, and nothing is made", async () => {
      declare = () => atTime(new Date("2046-01-01T00:00:00Z"), program);
      await assert.rejects(
        session.preview(),
        /The time of this machine must be within a day of the time of Entra/,
      );
      await assert.rejects(
        session.up(),
        /The time of this machine must be within a day of the time of Entra/,
      );
      declare = own;
      const again = await session.up();
      assert.deepEqual(again.outputs["details"], first.details);
    });

    for (const name of ["service-principal", "instance", "secret-a", "application", "role-Contributor"])
      it(`taint of ${name}: one up, a login that works, then nothing to change`, async () => {
        const all = (await resources()).map(({ urn }) => urn);
        const urn = all.find((one) => nameOf(one).startsWith(`himl-${name}`))!;
        await session.expectPulumi("state", "taint", "--yes", urn);
        const { outputs } = await session.up();
        const { access_token, error_description } = await requestToken(
          azure,
          String(outputs["HIML_SERVICE_PRINCIPAL_ID"]),
          { client_secret: String(outputs["HIML_SERVICE_PRINCIPAL_PASSWORD"]) },
        );
        assert.ok(access_token, error_description);
        assert.equal(passwords().length, 1);
        assert.deepEqual(Object.keys((await session.up()).counts), ["same"]);
      });

    for (const flags of [["--run-program"], ["--run-program", "--refresh"]])
      it(`destroy ${flags.join(" ")} leaves nothing`, async () => {
        await session.expectPulumi("destroy", "--yes", "--skip-preview", ...flags);
        assert.deepEqual(
          azure.control.state().applications.filter(({ initial }) => !initial),
          [],
        );
        assert.deepEqual(await resources(), []);
      });

    it("begins anew where the stack was destroyed and is created again", async () => {
      await session.destroy();
      passDays(75);
      const { secretsSince, secrets } = await details();
      assert.deepEqual([secretsSince, secrets.length], [dayOfAzure(), 1]);
    });

    it("begins anew, with one new secret and no other, where pulumi up --replace makes it again", async () => {
      passDays(75);
      await session.expectPulumi("up", "--yes", "--skip-preview", "--replace", await urnOf("himl-instance"));
      expectNewStart(await details());
    });

    it("waits with a renewal that --target leaves out, and tells no secret that is not there", async () => {
      passDays(100);
      const { application, password } = await targetApplication();
      assert.equal(password, first.password);
      assert.deepEqual(application, first.details);
      assert.equal(passwords().length, 1);
      const { secrets, nextRenewal } = await details();
      assert.deepEqual(
        secrets.map(({ slot, current }) => [slot, current]),
        [
          ["b", true],
          ["a", false],
        ],
      );
      assert.ok(Date.parse(nextRenewal) > azure.control.now().getTime());
    });

    it("lets a component of a program wait for the secrets, and keeps a secret that is used at once", async () => {
      await world.reset();
      const { resourceGroup: resourceGroupName, workspaceName } = azure;
      declare = () => {
        const create = () => new HimlServicePrincipal("himl", { resourceGroupName, workspaceName });
        const principal = atTime(azure.control.now(), create);
        new RandomUuid("after", {}, { dependsOn: principal });
        new RandomUuid("user", { keepers: { password: principal.clientSecret! } });
        return { password: principal.clientSecret };
      };
      const { outputs } = await session.up();
      const state = JSON.stringify(await session.exportState());
      assert.ok(state.includes("himl-secret-a"));
      assert.ok(!state.includes(outputs["password"] as string), "the state has the password in plain text");
      const waitsFor = async () =>
        (await resources()).find(({ urn }) => nameOf(urn) === "after")!.dependencies!.map(nameOf);
      const named = (names: string[]) =>
        names.filter((name) => /secret|role|service-principal/.test(name)).sort();
      const role = `himl-role-Contributor-on-/subscriptions/${azure.subscriptionId}/resourceGroups/${resourceGroupName}`;
      assert.deepEqual(named(await waitsFor()), [role, "himl-secret-a", "himl-service-principal"]);
      passDays(100);
      await session.up();
      assert.deepEqual(named(await waitsFor()), [
        role,
        "himl-secret-a",
        "himl-secret-b",
        "himl-service-principal",
      ]);
    });

    it("removes the former secrets where the component is protected and retained", async () => {
      await world.reset();
      const { resourceGroup: resourceGroupName, workspaceName } = azure;
      let secretGeneration = 1;
      declare = () => {
        const args = { resourceGroupName, workspaceName, secretGeneration };
        const opts = { protect: true, retainOnDelete: true };
        atTime(azure.control.now(), () => new HimlServicePrincipal("himl", args, opts));
        return {};
      };
      await session.up();
      const [before] = passwords();
      secretGeneration++;
      await session.up();
      assert.equal(passwords().length, 1);
      assert.notEqual(passwords()[0]!.keyId, before!.keyId);
    });

    describe("waits for no more than it needs", () => {
      const SECRET = { method: "POST", path: "/addPassword$" };
      const PRINCIPAL = { method: "POST", path: "/servicePrincipals$" };
      const ASSIGNMENT = { method: "PUT", path: "/roleAssignments/" };
      const REMOVED_SECRET = { method: "POST", path: "/removePassword$" };
      const REMOVED_ASSIGNMENT = { method: "DELETE", path: "/roleAssignments/" };
      const APPLICATION = { method: "DELETE", path: "/applications/" };

      for (const [what, operation, hanging, done, later] of [
        ["the secret does not wait for the principal", "up", PRINCIPAL, SECRET, ASSIGNMENT],
        ["the assignment does not wait for the secret", "up", SECRET, ASSIGNMENT, undefined],
        // The engine deletes in layers, by the depth of what depends on what: assignments before secrets.
        [
          "at destroy, the assignment does not wait",
          "destroy",
          REMOVED_SECRET,
          REMOVED_ASSIGNMENT,
          APPLICATION,
        ],
      ] as const) {
        it(what, async () => {
          if (operation === "up") {
            await world.reset();
            const { resourceGroup, workspaceName } = azure;
            await session.configure({ resourceGroupName: resourceGroup, workspaceName });
          }
          azure.control.clearRequests();
          const { struck } = azure.control.addFault({ match: hanging, answer: "hang" });
          const power = new AbortController();
          const running = session
            .pulumi([operation, "--yes", "--skip-preview"], {}, power.signal)
            .catch((error: unknown) => error);
          const isDone = ({ method, path: where }: { method: string; path: string }) =>
            calls().some((call) => call.startsWith(`${method} `) && new RegExp(where, "i").test(call));
          await struck;
          const deadline = Date.now() + 20_000;
          while (!isDone(done) && Date.now() < deadline)
            await new Promise((resolve) => setTimeout(resolve, 20));
          const list = calls().join("\n");
          assert.ok(isDone(done), list);
          if (later) assert.ok(!isDone(later), list);
          power.abort();
          await running;
          // The stand-in would still wait for the answer, and keep the next secret of the application waiting.
          await session.logIn(azure.direct);
        });
      }
    });
  });

  /** An up of the application alone; gives the outputs after it. */
  async function targetApplication() {
    await session.expectPulumi("up", "--yes", "--skip-preview", "--target", await urnOf("himl-application"));
    const outputs = JSON.parse(
      await session.expectPulumi("stack", "output", "--json", "--show-secrets"),
    ) as Record<string, unknown>;
    return {
      application: outputs["details"] as Details,
      password: outputs["HIML_SERVICE_PRINCIPAL_PASSWORD"],
    };
  }

  function expectNewStart({ secretsSince, secrets }: Details) {
    assert.equal(secretsSince, dayOfAzure());
    assert.equal(secrets.length, 1);
    assert.notEqual(secrets[0]!.keyId, first.details.secrets[0]!.keyId);
    assert.deepEqual(
      passwords().map(({ keyId }) => keyId),
      [secrets[0]!.keyId],
    );
  }
});
