import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { accountOfHost, type BlobStorageOptions, startBlobStorage } from "./blob-storage";
import { createCertificates } from "./certificates";
import { Cloud } from "./cloud";
import { createControl, type LocalAzureControl } from "./control/control";
import { vaultOfHost } from "./key-vault/vault-host";
import { directEnvironment, publicEnvironment } from "./environments";
import { TokenService } from "./oauth/tokens";
import { startConnectProxy } from "./proxy";
import { LOCATION } from "./world-resources";
import { startServer } from "./server";
import { OTHER_RESOURCE_GROUP, type WorldOptions } from "./world";

export type { DeclaredIssuer, LocalAzureControl, LocalPerson, SignOptions } from "./control/control";
export type { DirectoryState } from "./control/state";
export type { Snapshot } from "./cloud";
export type { AddedFault, Fault } from "./faults";
export type { RequestRecord } from "./request-log";
export type { KeyVaultOptions } from "./world-resources";
export type { AccessPolicy } from "./store/records";
export type { ReadMode, ReplicationLag } from "./store/store";
export type { TenantPolicy } from "./store/tenant-policy";
export type {
  CallerCredentials,
  CallerOptions,
  PersonCredentials,
  PersonOptions,
  WorldOptions,
} from "./world";

/** How a local Azure starts. */
export interface LocalAzureOptions extends WorldOptions {
  /** Port of the HTTPS server on loopback. Default: a free one. */
  port?: number;
  /** Each answer waits this long. Default 0. */
  latencyMs?: number;
  /** Seconds until a new object of any kind is known to those who depend on it. Default 0. */
  replicationLagSeconds?: number;
  /** Makes all IDs and secret values the same in each run. */
  seed?: string;
  /** Blob Storage is answered by this Azurite. Left out: the proxy refuses its hosts. */
  blobStorage?: BlobStorageOptions;
  /** Where the directory's clock starts; it runs from there. Default: the machine's time. */
  now?: Date;
}

/** A running local Azure: a test double on loopback, never reachable from another machine. */
export interface LocalAzure {
  /** `https://localhost:PORT` */
  readonly url: string;
  /** `http://127.0.0.1:PORT`, a proxy that takes CONNECT only. */
  readonly proxyUrl: string;
  /** The test CA in a temporary folder; `close()` removes it. */
  readonly caFile: string;
  readonly caPem: string;
  readonly tenantId: string;
  readonly subscriptionId: string;
  readonly otherSubscriptionId: string;
  readonly resourceGroup: string;
  readonly workspaceName: string;
  readonly location: string;
  /** A resource group on which nobody but the admin has rights. */
  readonly otherResourceGroup: string;
  /** Owner of both subscriptions, with all rights in Graph. `objectId` is that of its service principal. */
  readonly admin: { readonly clientId: string; readonly clientSecret: string; readonly objectId: string };
  /** Complete environment for clients that can be told of another cloud. */
  readonly direct: Record<string, string>;
  /** Complete environment for clients with built-in hosts: proxy and CA. */
  readonly public: Record<string, string>;
  readonly control: LocalAzureControl;
  /** Stops both servers and removes the temporary folder. */
  close(): Promise<void>;
}

/** Starts a local Azure. What was started is stopped again when a later step fails. */
export async function startLocalAzure(options: LocalAzureOptions = {}): Promise<LocalAzure> {
  const closers: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const tokens = new TokenService();
    const certificates = await createCertificates();
    const folder = await mkdtemp(join(tmpdir(), "local-azure-"));
    closers.push(() => rm(folder, { recursive: true, force: true }));
    const caFile = join(folder, "ca.pem");
    await writeFile(caFile, certificates.caPem);
    const cloud = new Cloud(
      {
        ...(options.seed === undefined ? {} : { seed: options.seed }),
        ...(options.now === undefined ? {} : { now: options.now }),
        latencyMs: options.latencyMs ?? 0,
        replicationLagSeconds: options.replicationLagSeconds ?? 0,
        world: options,
      },
      tokens,
    );
    const server = await startServer(cloud, certificates, options.port ?? 0);
    closers.push(() => server.close());
    cloud.url = `https://localhost:${server.port}`;
    const blobs = options.blobStorage && (await startBlobStorage(cloud, certificates, options.blobStorage));
    if (blobs !== undefined) closers.push(() => blobs.close());
    const proxy = await startConnectProxy(server.port, (host) =>
      accountOfHost(host) === undefined ? vaultOfHost(cloud, host) && server.port : blobs?.port,
    );
    closers.push(() => proxy.close());
    const { directory, place, otherSubscriptionId, admin } = cloud.world;
    const addresses = {
      url: cloud.url,
      proxyUrl: proxy.url,
      caFile,
      tenantId: directory.tenantId,
      subscriptionId: place.subscriptionId,
    };
    return {
      ...addresses,
      caPem: certificates.caPem,
      otherSubscriptionId,
      resourceGroup: place.resourceGroup,
      workspaceName: place.name,
      location: LOCATION,
      otherResourceGroup: OTHER_RESOURCE_GROUP,
      admin: { clientId: admin.clientId, clientSecret: admin.clientSecret, objectId: admin.objectId },
      direct: directEnvironment(addresses, admin),
      public: publicEnvironment(addresses),
      control: createControl(cloud),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
