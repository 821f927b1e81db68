import assert from "node:assert/strict";
import { ok, READER, UNKNOWN_ID, useRig } from "./rig";

const CLIENTS = 200;
/** Made from the random seed of this run, which a failure prints. */
const SEED = Number(process.env.LOAD_SEED ?? Date.now() % 1_000_000);

/** Small, seedable, and good enough to choose operations. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** What the answers promised one client, kept beside the server. */
class Promised {
  readonly applications = new Map<string, { appId: string; principal?: string; keys: Set<string> }>();
  readonly assignments = new Set<string>();
  readonly deleted = new Set<string>();
}

describe("local Azure: 200 clients at once", function () {
  this.timeout(120_000);
  const rig = useRig();

  it(`20 operations each leave exactly what the answers promised (LOAD_SEED=${SEED})`, async () => {
    const everybody = await Promise.all(
      Array.from({ length: CLIENTS }, async (_, index) => {
        const promised = new Promised();
        const random = randomNumbers(SEED + index * 7919);
        for (let operation = 0; operation < 20; operation++)
          await operate(promised, random, `client-${index}-${operation}`);
        return promised;
      }),
    );
    const state = rig.azure.control.state();
    const created = <Record extends { initial: boolean }>(records: readonly Record[]) =>
      records.filter(({ initial }) => !initial);
    const promisedApplications = everybody.flatMap(({ applications }) => [...applications]);
    assert.deepEqual(
      sorted(
        created(state.applications).map(({ id, appId, passwords }) => `${id} ${appId} ${keysOf(passwords)}`),
      ),
      sorted(promisedApplications.map(([id, { appId, keys }]) => `${id} ${appId} ${sorted(keys).join()}`)),
    );
    assert.deepEqual(
      sorted(created(state.servicePrincipals).map(({ id }) => id)),
      sorted(promisedApplications.flatMap(([, { principal }]) => principal ?? [])),
    );
    assert.deepEqual(
      sorted(created(state.roleAssignments).map(({ id }) => id)),
      sorted(everybody.flatMap(({ assignments }) => [...assignments])),
    );
    assert.deepEqual(
      sorted(state.deletedItems.map(({ id }) => id)),
      sorted(everybody.flatMap(({ deleted }) => [...deleted])),
    );
    assert.ok(promisedApplications.length > CLIENTS, "the mix of operations must leave something behind");
    const all = rig.azure.control.requests();
    assert.equal(all.filter(({ status }) => status >= 500).length, 0);
  });

  /** One random operation that the state so far allows. */
  async function operate(promised: Promised, random: () => number, name: string): Promise<void> {
    const ids = [...promised.applications.keys()];
    const id = ids[Math.floor(random() * ids.length)];
    const application = id === undefined ? undefined : promised.applications.get(id);
    const dice = random();
    if (id === undefined || application === undefined || dice < 0.25) {
      const made = await rig.createApplication(name);
      promised.applications.set(made.id, { appId: made.appId, keys: new Set() });
    } else if (dice < 0.4) {
      const answer = await rig.graph("POST", "/servicePrincipals", { appId: application.appId });
      if (application.principal === undefined) application.principal = ok(answer, 201).id;
      else assert.equal(answer.status, 409);
    } else if (dice < 0.55) {
      application.keys.add(ok(await rig.graph("POST", `/applications/${id}/addPassword`, {})).keyId);
    } else if (dice < 0.65) {
      const [keyId = UNKNOWN_ID] = application.keys;
      const answer = await rig.graph("POST", `/applications/${id}/removePassword`, { keyId });
      assert.equal(answer.status, application.keys.delete(keyId) ? 204 : 400);
    } else if (dice < 0.75) {
      if (application.principal === undefined) return;
      const answer = await rig.assign(application.principal, READER);
      if (answer.status !== 409) promised.assignments.add(ok(answer, 201).id);
    } else if (dice < 0.9) {
      const read = ok(await rig.graph("GET", `/applications/${id}`));
      assert.deepEqual(sorted(read.passwordCredentials.map(({ keyId }) => keyId)), sorted(application.keys));
    } else {
      ok(await rig.graph("DELETE", `/applications/${id}`), 204);
      promised.applications.delete(id);
      promised.deleted.add(id);
      if (application.principal !== undefined) promised.deleted.add(application.principal);
    }
  }
});

function sorted(values: Iterable<string>): string[] {
  return [...values].sort();
}

function keysOf(passwords: readonly { keyId: string }[]): string {
  return sorted(passwords.map(({ keyId }) => keyId)).join();
}
