import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { HimlServicePrincipal, type HimlServicePrincipalArgs } from "../../components/himl-service-principal";
import program from "../../index";
import { allOf, INSTANCE, record, recordOptions, settled, type RecordedOptions } from "./recorder";

const ISSUER = "https://token.actions.githubusercontent.com";
const PRODUCTION = {
  github: {
    repository: "octocat/training",
    ownerId: 583231,
    repositoryId: 1296269,
    environment: "production",
  },
};
const PRODUCTION_SUBJECT = "repo:octocat@583231/training@1296269:environment:production";
const PRODUCTION_NAME = "octocat-583231-training-1296269-environment-production-66fe15f9";
const RAW = { issuer: "https://gitlab.example", subject: "job", audience: "Azure" };
const RAW_NAME = "job-cfaa1252";

function declare(args: Partial<HimlServicePrincipalArgs>, opts?: pulumi.ComponentResourceOptions) {
  const principal = new HimlServicePrincipal(
    "himl",
    { workspaceName: "ws-ml", resourceGroupName: "rg-ml", ...args },
    opts,
  );
  return { result: principal, urns: [allOf(principal)] };
}

/** Names of the registered resources of a type. */
const namesOf = (registrations: { type: string; name: string }[], type: string) =>
  registrations.flatMap((one) => (one.type.endsWith(`:${type}`) ? [one.name] : [])).sort();

describe("HimlServicePrincipal without a password", () => {
  it("registers one credential for each trust, and no secret", async () => {
    const { registrations, errors, result } = await record(() =>
      declare({ authentication: "federated", federatedCredentials: [PRODUCTION, RAW] }),
    );
    assert.deepEqual(errors, []);
    assert.deepEqual(namesOf(registrations, "ApplicationPassword"), []);
    const trusts = registrations.filter(({ type }) =>
      type.endsWith(":ApplicationFederatedIdentityCredential"),
    );
    assert.deepEqual(
      trusts.map(({ name, inputs }) => [name, inputs]),
      [
        [
          `himl-trust-${PRODUCTION_NAME}`,
          {
            applicationId: "himl-application.id",
            displayName: PRODUCTION_NAME,
            description: `himl ${INSTANCE}`,
            issuer: ISSUER,
            subject: PRODUCTION_SUBJECT,
            audiences: ["api://AzureADTokenExchange"],
          },
        ],
        [
          `himl-trust-${RAW_NAME}`,
          {
            applicationId: "himl-application.id",
            displayName: RAW_NAME,
            description: `himl ${INSTANCE}`,
            issuer: RAW.issuer,
            subject: RAW.subject,
            audiences: ["Azure"],
          },
        ],
      ],
    );
    assert.equal(result!.clientSecret, undefined);
    const { authentication, secrets, trusts: trusted, nextRenewal, secretsSince } = result!.details;
    assert.deepEqual(
      [authentication, secrets, nextRenewal, secretsSince],
      ["federated", [], undefined, undefined],
    );
    assert.deepEqual(trusted, [
      { issuer: ISSUER, subject: PRODUCTION_SUBJECT },
      { issuer: RAW.issuer, subject: RAW.subject },
    ]);
  });

  it("registers the same for the same trusts in another order", async () => {
    const trustsOf = async (federatedCredentials: HimlServicePrincipalArgs["federatedCredentials"]) => {
      const { registrations } = await record(() =>
        declare({ authentication: "federated", ...(federatedCredentials && { federatedCredentials }) }),
      );
      return registrations
        .filter(({ type }) => type.endsWith(":ApplicationFederatedIdentityCredential"))
        .sort((a, b) => (a.name < b.name ? -1 : 1));
    };
    assert.deepEqual(await trustsOf([RAW, PRODUCTION]), await trustsOf([PRODUCTION, RAW]));
  });

  it("registers secrets and trusts with both", async () => {
    const { registrations, errors, result } = await record(() =>
      declare({ authentication: "both", federatedCredentials: [PRODUCTION] }),
    );
    assert.deepEqual(errors, []);
    assert.deepEqual(namesOf(registrations, "ApplicationPassword"), ["himl-secret-a"]);
    assert.deepEqual(namesOf(registrations, "ApplicationFederatedIdentityCredential"), [
      `himl-trust-${PRODUCTION_NAME}`,
    ]);
    assert.equal(await settled(result!.clientSecret!), "himl-secret-a.value");
  });

  it("lets Azure delete trusts with the application, and a renamed one go before its successor", async () => {
    const options = new Map<string, RecordedOptions>();
    await record(() =>
      declare(
        { authentication: "both", federatedCredentials: [RAW] },
        { transformations: [recordOptions(options)] },
      ),
    );
    const { protect, deletedWith, deleteBeforeReplace, parent } = options.get(`himl-trust-${RAW_NAME}`)!;
    assert.deepEqual(
      { protect, deletedWith, deleteBeforeReplace, parent },
      { protect: false, deletedWith: "himl-application", deleteBeforeReplace: true, parent: "himl" },
    );
  });

  it("keeps a trust the same resource under another name", async () => {
    const { registrations } = await record(() =>
      declare({ authentication: "both", federatedCredentials: [{ ...RAW, name: "mine" }] }),
    );
    const [trust] = registrations.filter(({ inputs }) => inputs["displayName"] === "mine");
    assert.equal(trust!.name, `himl-trust-${RAW_NAME}`);
  });

  const refused: [string, Partial<HimlServicePrincipalArgs>, string][] = [
    [
      "trusts that nobody asked for",
      { authentication: "secret", federatedCredentials: [RAW] },
      `authentication must be federated or both if there are federatedCredentials. Received "secret".
    Choose both to keep the password while pipelines move, federated afterwards.`,
    ],
    [
      "federated without trusts",
      { authentication: "federated" },
      `federatedCredentials must name whose tokens to trust if authentication is federated.
    For example: [{"github": {"repository": "owner/name", "environment": "production"}}]`,
    ],
    [
      "both with an empty list",
      { authentication: "both", federatedCredentials: [] },
      `federatedCredentials must name whose tokens to trust if authentication is both.
    For example: [{"github": {"repository": "owner/name", "environment": "production"}}]`,
    ],
    [
      "another way of logging in",
      { authentication: "certificate" as "both", federatedCredentials: [RAW] },
      `authentication must be secret, federated or both. Received "certificate".
    federated needs no password; both is for moving from one to the other.`,
    ],
  ];
  for (const [what, args, expected] of refused) {
    it(`refuses ${what}`, async () => {
      const { errors, registrations } = await record(() => declare(args));
      assert.deepEqual(
        errors.map(({ message }) => message),
        [`HimlServicePrincipal "himl": 1 problem. Nothing was changed.\n  ${expected}`],
      );
      assert.deepEqual(namesOf(registrations, "Application"), []);
    });
  }
});

describe("The program without a password", () => {
  const run = (values: Record<string, string>) =>
    record(
      () => {
        const outputs = program();
        return { result: outputs, urns: [pulumi.output(outputs) as unknown as pulumi.Output<string>] };
      },
      {
        config: Object.fromEntries(
          Object.entries({ resourceGroupName: "rg-ml", workspaceName: "ws-ml", ...values }).map(
            ([name, value]) => [`himl-service-principal:${name}`, value],
          ),
        ),
      },
    );

  it("has five variables, and tells whom it trusts", async () => {
    const { result, errors } = await run({
      authentication: "federated",
      federatedCredentials: JSON.stringify([PRODUCTION]),
    });
    assert.deepEqual(errors, []);
    assert.deepEqual(Object.keys(result!), [
      "HIML_SERVICE_PRINCIPAL_ID",
      "HIML_TENANT_ID",
      "HIML_SUBSCRIPTION_ID",
      "HIML_RESOURCE_GROUP",
      "HIML_WORKSPACE_NAME",
      "details",
    ]);
    const { authentication, secrets, trusts } = result!.details;
    assert.deepEqual(await settled(pulumi.output({ authentication, secrets, trusts })), {
      authentication: "federated",
      secrets: [],
      trusts: [{ issuer: ISSUER, subject: PRODUCTION_SUBJECT }],
    });
  });

  it("has the command for an administrator where it gives no role itself", async () => {
    const { result, registrations } = await run({ roles: "[]" });
    assert.deepEqual(namesOf(registrations, "RoleAssignment"), []);
    const command = await settled(pulumi.output(result!.details.administratorCommand));
    assert.equal(
      command,
      "az role assignment create --assignee-object-id himl-service-principal.objectId --assignee-principal-type ServicePrincipal --role Contributor --scope /subscriptions/22222222-2222-4222-8222-222222222222/resourceGroups/rg-ml",
    );
  });
});
