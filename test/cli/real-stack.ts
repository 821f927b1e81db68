import path from "node:path";
import { atTime } from "../../components/clock";
import program from "../../index";
import { type LocalAzure, startLocalAzure } from "../../local-azure/local-azure";
import type { Engine } from "../../rehearsal/engine/engine";
import { Session, type SessionOptions } from "../../rehearsal/engine/session";
import { buildCommand, type Finished, REPOSITORY, runCommand } from "./command";

/**
 * A stack of a user's, with the real engine as `pulumi` on PATH, against a local Azure. Two things differ from what a
 * user has: the providers are the stand-ins, and the program runs in this process, where its clock can be moved.
 */
export class RealStack {
  private constructor(
    readonly azure: LocalAzure,
    readonly session: Session,
  ) {}

  static async create(engine: Engine, options: Pick<SessionOptions, "passphrase"> = {}): Promise<RealStack> {
    await buildCommand();
    const azure = await startLocalAzure();
    const session = await Session.open({
      engine,
      program: () => Promise.resolve(atTime(azure.control.now(), program)),
      project: path.join(REPOSITORY, "Pulumi.yaml"),
      stackName: "dev",
      settings: { resourceGroupName: azure.resourceGroup, workspaceName: azure.workspaceName },
      environment: azure.direct,
      ...options,
    });
    return new RealStack(azure, session);
  }

  /** Where the command is run: the project's folder. */
  get project(): string {
    return this.session.projectFolder;
  }

  /** The folder around it. */
  get folder(): string {
    return this.session.folder;
  }

  /** For the command: Pulumi with its backend and login, and the way to the local Azure. */
  get env(): Record<string, string> {
    const { variables, binFolder } = this.session;
    return { ...this.azure.public, ...variables, ...this.login, PATH: binFolder, HOME: this.folder };
  }

  /** That of whoever runs the command and Pulumi. */
  get login(): Record<string, string> {
    return Object.fromEntries(
      Object.entries(this.azure.direct).filter(([name]) =>
        /^ARM_(CLIENT_ID|CLIENT_SECRET|TENANT_ID|SUBSCRIPTION_ID)$/.test(name),
      ),
    );
  }

  himlSp(...args: string[]): Promise<Finished> {
    return runCommand(args, { cwd: this.project, env: this.env });
  }

  pulumi(...args: string[]): Promise<Finished> {
    return this.session.pulumi(args);
  }

  expectPulumi(...args: string[]): Promise<string> {
    return this.session.expectPulumi(...args);
  }

  async close(): Promise<void> {
    await this.session.close();
    await this.azure.close();
  }
}
