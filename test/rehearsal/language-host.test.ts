import assert from "node:assert/strict";
import * as grpc from "@grpc/grpc-js";
import { ResourceError } from "@pulumi/pulumi";
import { RandomUuid } from "@pulumi/random/randomUuid";
import { grpcClientOptions } from "../../rehearsal/engine/language-host";
import { openWorld, requireEngine } from "./support";

describe("the connection of a program to an engine", () => {
  it("is a new one where the port was that of an engine which is gone", async () => {
    const server = await listen(0);
    const { port } = server;
    server.close();
    const shared = { ...grpcClientOptions, "grpc.use_local_subchannel_pool": 0 };
    // Nobody listens any more; grpc-js keeps this for the address, and waits before it tries again.
    const gone = await call(port, shared);
    assert.equal(gone.code, grpc.status.UNAVAILABLE);

    const next = await listen(port);
    try {
      const [withShared, withOwn] = [await call(port, shared), await call(port, grpcClientOptions)];
      assert.match(withShared.details, /No connection established\. Last error: null/);
      // It got there: the server only has no such method.
      assert.equal(withOwn.code, grpc.status.UNIMPLEMENTED);
    } finally {
      gone.client.close();
      next.close();
    }
  });
});

async function listen(port: number): Promise<{ port: number; close: () => void }> {
  const server = new grpc.Server();
  const bound = await new Promise<number>((resolve, reject) =>
    server.bindAsync(`127.0.0.1:${port}`, grpc.ServerCredentials.createInsecure(), (error, got) =>
      error ? reject(error) : resolve(got),
    ),
  );
  return { port: bound, close: () => server.forceShutdown() };
}

async function call(port: number, options: grpc.ClientOptions) {
  // Without the SDK's interceptors, which belong to its own calls.
  const channel = { ...options, interceptors: [] };
  const client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), channel);
  const bytes = (value: Buffer) => value;
  const error = await new Promise<grpc.ServiceError | null>((resolve) =>
    client.makeUnaryRequest("/none/None", bytes, bytes, Buffer.alloc(0), (failure) => resolve(failure)),
  );
  assert.ok(error);
  return { client, code: error.code, details: error.details };
}

describe("a program in this process", () => {
  it("runs after one that failed on a resource which the engine never knew", async function () {
    this.timeout(120_000);
    let isBroken = true;
    const world = await openWorld(await requireEngine(this), () => {
      if (!isBroken) return Promise.resolve({ good: new RandomUuid("good", {}).result });
      const keepers = new Promise<never>(() => undefined);
      throw new ResourceError("as it was meant", new RandomUuid("broken", { keepers }));
    });
    try {
      await assert.rejects(world.session.preview(), /as it was meant/);
      isBroken = false;
      await world.session.preview();
    } finally {
      await world.close();
    }
  });
});
