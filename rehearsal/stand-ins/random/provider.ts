import { randomUUID } from "node:crypto";
import { getVersion } from "@pulumi/random/utilities";
import type { Provider, ResourceType } from "../resource-type";

/** `random.RandomUuid`: kept until one of its keepers changes. */
const randomUuid: ResourceType<undefined> = {
  token: "random:index/randomUuid:RandomUuid",
  comparedWith: "state",
  inputs: { keepers: { replaces: true } },
  computedOutputs: ["result"],
  create() {
    const result = randomUUID();
    return Promise.resolve({ id: result, outputs: { result } });
  },
  read: (_connection, id, state) => Promise.resolve({ id, outputs: state }),
  delete: () => Promise.resolve(),
};

/** The stand-in of the provider `random`. */
export const random: Provider<undefined> = {
  name: "random",
  version: getVersion(),
  connect: () => Promise.resolve(undefined),
  resources: [randomUuid],
  functions: {},
};
