import assert from "node:assert/strict";
import type { PipelineRequest, PipelineResponse } from "@azure/core-rest-pipeline";
import { AzureService, pipeline, RESOURCE_MANAGER } from "../../cli/azure/service";

describe("calls of Azure", () => {
  const before = pipeline.sendRequest.bind(pipeline);
  let asked: string[];
  let answers: { status?: number; body: unknown }[];
  beforeEach(() => {
    asked = [];
    pipeline.sendRequest = (_client, request: PipelineRequest) => {
      asked.push(request.url);
      const { status = 200, body } = answers.shift()!;
      const bodyAsText = typeof body === "string" ? body : JSON.stringify(body);
      return Promise.resolve({ status, bodyAsText, request, headers: request.headers } as PipelineResponse);
    };
  });
  afterEach(() => {
    pipeline.sendRequest = before;
  });
  const service = new AzureService(
    RESOURCE_MANAGER,
    () => Promise.resolve("token"),
    new AbortController().signal,
  );

  it("all pages, by absolute and by relative links of both services", async () => {
    answers = [
      { body: { value: [1], nextLink: "https://management.azure.com/b?$skiptoken=x" } },
      { body: { value: [2], "@odata.nextLink": "/c" } },
      { body: { value: [3], nextLink: "" } },
    ];
    assert.deepEqual(await service.list("/a", "list"), [1, 2, 3]);
    assert.deepEqual(
      asked,
      ["/a", "/b?$skiptoken=x", "/c"].map((path) => `https://management.azure.com${path}`),
    );
  });

  for (const nextLink of [
    "x:@evil.example/steal",
    "https://management.azure.com@evil.example/steal",
    "//evil.example/steal",
    "\\\\evil.example/steal",
    "http://management.azure.com/plain",
    "https://management.azure.com:8443/other",
    "https://management.azure.com.evil.example/",
  ]) {
    it(`a next page at ${nextLink} is not asked for`, async () => {
      answers = [{ body: { value: [], nextLink } }];
      await assert.rejects(service.list("/a", "list"), { code: "FOREIGN_NEXT_PAGE" });
      assert.deepEqual(asked, ["https://management.azure.com/a"]);
    });
  }

  it("what is no JSON, as of a portal that catches all requests, is no answer", async () => {
    answers = [{ body: "<html>" }];
    await assert.rejects(service.get("/a", "read it"), { code: "NO_ERROR_CODE", status: 200 });
  });

  it("a refusal has Azure's own code", async () => {
    answers = [{ status: 403, body: { error: { code: "AuthorizationFailed" } } }];
    await assert.rejects(service.get("/a", "read it"), { code: "AuthorizationFailed", isForbidden: true });
    answers = [{ status: 404, body: { error: { code: "NotFound" } } }];
    assert.equal(await service.find("/a", "read it"), null);
  });
});
