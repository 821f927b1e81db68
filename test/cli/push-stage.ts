import { runCommandLine } from "../../cli/program";
import { answersOfPulumi, DETAILS, VALUES } from "./outputs";
import { rememberingIo } from "./remembering-io";
import { type Answer, type Call, StandIns } from "./stand-ins";

export const PASSWORD = VALUES.HIML_SERVICE_PRINCIPAL_PASSWORD;
export const PLAIN = Object.entries(VALUES).filter(([, value]) => value !== PASSWORD);
export const FEDERATED = { ...DETAILS, authentication: "federated" as const, secrets: [] };

let current: StandIns | undefined;

/** Those of the last push. */
export const standIns = {
  calls: (tool?: string) => current!.calls(tool),
  remove: async () => {
    await current?.remove();
    current = undefined;
  },
};

/** `himl-sp push`, on a stack and tools that answer so. */
export async function push(args: string[], answers: Record<string, Answer[]>) {
  current = await StandIns.create({ pulumi: answersOfPulumi(), ...answers });
  const io = rememberingIo({ env: { PATH: current.folder, GH_TOKEN: "ghp_x" } });
  return { exitCode: await runCommandLine(["push", ...args], io, "0"), ...io.written };
}

export const argsOf = (calls: Call[]) => calls.map(({ args }) => args.join(" "));

/** Where a call has the password: in an argument, on stdin, in a variable of its environment. */
export function placesOf(call: Call): string[] {
  return [
    ...(call.args.some((arg) => arg.includes(PASSWORD)) ? ["argv"] : []),
    ...(call.stdin.includes(PASSWORD) ? ["stdin"] : []),
    ...Object.keys(call.env).filter((name) => call.env[name]!.includes(PASSWORD)),
  ];
}
