import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { runJob } from "../examples/github-runner";
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
});
