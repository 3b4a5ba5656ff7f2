/**
 * The vendor's blob server, Azurite, as a process of its own on a free port, everything in memory.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import {
  BlobServiceClient,
  ContainerSASPermissions,
  StorageSharedKeyCredential,
  generateBlobSASQueryParameters,
  type ContainerClient,
} from "@azure/storage-blob";

const MAIN = new URL("../../node_modules/azurite/dist/src/blob/main.js", import.meta.url).pathname;
/** The account that every Azurite has; published by the vendor. */
export const ACCOUNT_NAME = "devstoreaccount1";
export const ACCOUNT_KEY =
  "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
/** It answers after about a second; a machine under load takes longer. */
const START_PATIENCE_MS = 30_000;
/** Another process may take the free port before Azurite does. */
const START_ATTEMPTS = 3;
const SAS_HOURS = 12;

export interface StoredFile {
  readonly name: string;
  readonly content: Buffer;
  readonly type: string;
}

/** One container, with hands on what is in it. */
export class AzuriteContainer {
  readonly client: ContainerClient;
  /** Without SAS. */
  readonly url: string;

  constructor(client: ContainerClient) {
    this.client = client;
    this.url = client.url;
  }

  async put(name: string, content: string | Buffer, type = "application/octet-stream"): Promise<void> {
    const bytes = Buffer.from(content);
    await this.client
      .getBlockBlobClient(name)
      .upload(bytes, bytes.length, { blobHTTPHeaders: { blobContentType: type } });
  }

  async putAll(files: readonly StoredFile[]): Promise<void> {
    await Promise.all(files.map(({ name, content, type }) => this.put(name, content, type)));
  }

  async get(name: string): Promise<Buffer> {
    return await this.client.getBlobClient(name).downloadToBuffer();
  }

  async remove(name: string): Promise<void> {
    await this.client.getBlobClient(name).delete();
  }

  /** As the server lists them. */
  async names(): Promise<string[]> {
    const names: string[] = [];
    for await (const { name } of this.client.listBlobsFlat()) names.push(name);
    return names;
  }

  /** Query text without `?`. `permissions` as in a SAS: `r` read, `l` list, `w` write, `c` create, `d` delete. */
  sas(permissions = "rl", expiresOn: Date = new Date(Date.now() + SAS_HOURS * 3_600_000)): string {
    return generateBlobSASQueryParameters(
      {
        containerName: this.client.containerName,
        permissions: ContainerSASPermissions.parse(permissions),
        expiresOn,
      },
      new StorageSharedKeyCredential(ACCOUNT_NAME, ACCOUNT_KEY),
    ).toString();
  }

  /** How a source is told of this container. */
  keyConfig(): { url: string; accountName: string; accountKey: string } {
    return { url: this.url, accountName: ACCOUNT_NAME, accountKey: ACCOUNT_KEY };
  }

  sasConfig(permissions?: string): { url: string; sas: string } {
    return { url: this.url, sas: this.sas(permissions) };
  }
}

export interface Azurite extends AsyncDisposable {
  /** `http://127.0.0.1:PORT/devstoreaccount1` */
  readonly url: string;
  /** Makes an empty container. */
  container(name: string): Promise<AzuriteContainer>;
  close(): Promise<void>;
}

/** Ready to be used when it returns; throws with what the server printed when it does not start. */
export async function startAzurite(): Promise<Azurite> {
  let failure: unknown;
  for (let attempt = 0; attempt < START_ATTEMPTS; attempt++) {
    const port = await freePort();
    try {
      return azuriteAt(port, await startedAt(port));
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

function azuriteAt(port: number, child: ChildProcess): Azurite {
  const url = `http://127.0.0.1:${port}/${ACCOUNT_NAME}`;
  const service = new BlobServiceClient(url, new StorageSharedKeyCredential(ACCOUNT_NAME, ACCOUNT_KEY));
  const close = async (): Promise<void> => await stopped(child);
  return {
    url,
    container: async (name) => {
      const client = service.getContainerClient(name);
      await client.create();
      return new AzuriteContainer(client);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function startedAt(port: number): Promise<ChildProcess> {
  const options = [
    ["--blobHost", "127.0.0.1"],
    ["--blobPort", String(port)],
    "--inMemoryPersistence --skipApiVersionCheck --disableTelemetry --silent".split(" "),
  ].flat();
  const child = spawn(process.execPath, [MAIN, ...options], { stdio: ["ignore", "pipe", "pipe"] });
  const kill = (): void => void child.kill("SIGKILL");
  process.once("exit", kill);
  child.once("exit", () => process.off("exit", kill));
  let printed = "";
  const listening = new Promise<void>((resolve, reject) => {
    const failed = (why: string): void => {
      kill();
      reject(new Error(`Azurite ${why}. It printed: ${printed}`));
    };
    const patience = setTimeout(() => failed("did not start in time"), START_PATIENCE_MS);
    const heard = (text: Buffer): void => {
      printed += text.toString();
      if (!printed.includes("successfully listen")) return;
      clearTimeout(patience);
      resolve();
    };
    child.stdout.on("data", heard);
    child.stderr.on("data", heard);
    child.once("error", (error) => failed(`could not be run: ${error.message}`));
    child.once("exit", (code) => {
      clearTimeout(patience);
      failed(`ended with status ${code}`);
    });
  });
  await listening;
  return child;
}

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
