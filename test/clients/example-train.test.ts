import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { runJob } from "../examples/github-runner";
import { REPOSITORY } from "../cli/command";
import { run } from "../../cli/tools/process";
import { PipelineStage, readExample } from "../examples/pipeline-stage";
import { requireEngine } from "../rehearsal/support";
import { skipUnlessAvailable } from "./availability";
import { pythonEnvironment } from "./environments";

describe("examples/train.py, as the last step of train-with-secret.yml", function () {
  this.timeout(120_000);
  let stage: PipelineStage;

  before(async function () {
    this.timeout(1_200_000);
    if (process.platform === "win32") this.skip();
    const engine = await requireEngine(this);
    const { python } = await skipUnlessAvailable(this, "examples/train.py", () =>
      pythonEnvironment("hi-ml-azure"),
    );
    stage = await PipelineStage.create(engine);
    await writeFile(path.join(stage.tools.folder, "python"), `#!/bin/sh\nexec '${python}' "$@"\n`, {
      mode: 0o755,
    });
    await stage.stack.expectPulumi("up", "--yes", "--skip-preview", "--stack", "dev");
  });
  after(() => stage?.close());

  it("hi-ml finds login and workspace; the submission is where the local Azure ends", async () => {
    const { HIML_SERVICE_PRINCIPAL_PASSWORD: password, ...vars } = await stage.variables();
    stage.stack.azure.control.clearRequests();
    const results = await runJob(stage, await readExample("github-actions", "train-with-secret.yml"), {
      workspace: stage.training,
      vars: { ...vars, COMPUTE_CLUSTER: "cpu" },
      secrets: { HIML_SERVICE_PRINCIPAL_PASSWORD: password! },
    });
    const { name, output } = results.at(-1)!;
    assert.equal(name, "Submit");
    const { workspaceName, location } = stage.stack.azure;
    assert.match(output, new RegExp(`^Workspace ${workspaceName} in ${location}$`, "m"), output);
    const unknown = stage.stack.azure.control.requests().filter(({ status }) => status === 501);
    assert.equal(unknown.length, 1, output);
    assert.match(unknown[0]!.path, /\/workspaces\/[^/]+\/environments\/HealthML-[^/]+\/versions$/);
  });

  it("examples/run_with_key_vault.py gives a command what the vault holds, to whoever may read there alone", async () => {
    await stage.deliverToVault("kv-train");
    const { azure } = stage.stack;
    const reader = azure.control.createCaller({ displayName: "reader", role: "Reader" });
    const script = path.join(REPOSITORY, "examples", "run_with_key_vault.py");
    const command = ["python", "-c", "import json, os; print(json.dumps({**os.environ}))"];
    const env = {
      ...stage.machine,
      AZURE_CLIENT_ID: reader.clientId,
      AZURE_TENANT_ID: azure.tenantId,
      AZURE_CLIENT_SECRET: reader.clientSecret,
    };
    const python = path.join(stage.tools.folder, "python");
    const refused = await run(python, [script, "kv-train", "training", ...command], { env });
    assert.equal(refused.exitCode, 1);
    assert.match(refused.stderr, /does not have secrets get permission/);

    azure.control.setAccessPolicy("kv-train", { objectId: reader.objectId, secrets: ["get"] });
    const read = await run(python, [script, "kv-train", "training", ...command], { env });
    assert.equal(read.exitCode, 0, read.stderr);
    const given = JSON.parse(read.stdout) as Record<string, string>;
    for (const [name, value] of Object.entries(await stage.variables())) assert.equal(given[name], value);
  });
});
