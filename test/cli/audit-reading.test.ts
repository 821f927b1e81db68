import assert from "node:assert/strict";
import { setImmediate as nextTick } from "node:timers/promises";
import { AzureRefusal } from "../../cli/azure/service";
import { type Azure, readAzure } from "../../cli/audit/read-azure";
import { readRecord } from "../../cli/audit/record";
import { createDeployment } from "./audit-fixture";

describe("audit: what it asks Azure", () => {
  it("every question fails: one error, and none that nobody waits for, which would end the process", async () => {
    const unhandled: unknown[] = [];
    const listen = (reason: unknown) => void unhandled.push(reason);
    process.on("unhandledRejection", listen);
    const fail = async () => {
      await nextTick();
      throw new AzureRefusal(500, "UnknownError", "answer");
    };
    const service = { get: fail, find: fail, list: fail, listIfThere: fail, send: fail };
    const azure = { graph: service, arm: service, tenantId: () => Promise.resolve(undefined) };
    try {
      await assert.rejects(
        readAzure(azure as unknown as Azure, readRecord(createDeployment())),
        AzureRefusal,
      );
      await nextTick();
      await nextTick();
    } finally {
      process.off("unhandledRejection", listen);
    }
    assert.deepEqual(unhandled, []);
  });
});
