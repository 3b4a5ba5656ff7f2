/**
 * What the gateway is told, and what it tells: its options, its alarms, its health.
 */
import type { Clock } from "../model/clock.ts";
import type { PendingCapture } from "../sources/watson/captures.ts";

export type InstanceKind = "watson-tts" | "watson-stt";

/** One service instance behind the gateway. */
export interface InstanceOptions {
  /** The configured source that the captures belong to. */
  readonly source: string;
  readonly kind: InstanceKind;
  /** Path of the gateway under which the instance is served: `/stt`. Empty: everything that no other prefix takes. */
  readonly prefix: string;
  /** The service's own URL: everything in front of `/v1`. Without credentials: those are the clients'. */
  readonly target: URL;
  /** PEM of certificates to trust beside the system's. */
  readonly ca?: string;
  /** True: any certificate is taken. For trials only. */
  readonly insecureTls?: boolean;
}

export interface SpoolOptions {
  /** A folder of this gateway alone; it is made when missing. */
  readonly folder: string;
  /** 32 bytes that encrypt what lies in the folder. Without them a spool that was left behind cannot be read. */
  readonly key: Buffer;
  /** Bytes on disk before it counts as full; default 8 GiB. */
  readonly maxBytes?: number;
  /**
   * Default true: what was accepted is on the disk before the client sees the answer. False: it survives the death of the process, not
   * that of the machine; for disks that take long to sync.
   */
  readonly sync?: boolean;
}

export interface FlushOptions {
  /** Longest time an accepted capture waits for others to be committed with it, ms; default 15 s. */
  readonly intervalMs?: number;
  /** Waiting bytes that start a commit at once; default 64 MiB. */
  readonly bytes?: number;
  /** First and longest wait between tries while a commit fails, ms; default 1 s and 60 s. */
  readonly retryMs?: { readonly first: number; readonly longest: number };
}

/**
 * Makes captures of a source durable in the repository, all or none. May be called again with the same captures after a
 * crash. No key occurs twice in a call; calls for one source come one after the other, in the order of the service's answers.
 */
export type Commit = (source: string, captures: readonly PendingCapture[]) => Promise<void>;

/**
 * What happens to an upload that cannot be kept safely, because the repository is known to be unreachable or the spool is full.
 * `refuse`: the client gets 503 and the service never sees it. `pass`: it passes, and an alarm is raised.
 */
export type OnUnreachable = "refuse" | "pass";

export type AlarmKind =
  /** The repository does not take captures; they wait in the spool. */
  | "repository-unreachable"
  /** It does again. */
  | "repository-back"
  /** The spool is full or its disk fails. */
  | "spool-failed"
  /** An upload was refused because it could not be kept. */
  | "upload-refused"
  /** An upload passed and was not kept: what the service now holds cannot be rebuilt from the repository. */
  | "capture-incomplete"
  /** An entry of the spool cannot be read; its file was put aside. */
  | "entry-damaged";

export interface GatewayAlarm {
  readonly kind: AlarmKind;
  readonly at: number;
  /** For the person on call; no credential, no query. */
  readonly message: string;
  readonly source?: string;
  /** Key of the capture concerned. */
  readonly key?: string;
}

export interface GatewayOptions {
  readonly listen: {
    readonly host: string;
    /** 0: any free one. */
    readonly port: number;
    /** Serve HTTPS: PEM of the certificate chain and its key. */
    readonly tls?: { readonly cert: string; readonly key: string };
  };
  readonly instances: readonly InstanceOptions[];
  readonly spool: SpoolOptions;
  readonly commit: Commit;
  readonly flush?: FlushOptions;
  readonly onUnreachable: OnUnreachable;
  readonly alarm: (alarm: GatewayAlarm) => void;
  readonly clock?: Clock;
}

/** Counted since the gateway started. */
export interface InstanceCounts {
  requests: number;
  /** Captures whose request the service accepted. */
  accepted: number;
  /** Refused by the service and therefore dropped, or broken off before the body was whole. */
  dropped: number;
  /** Kept without knowing the service's answer. */
  uncertain: number;
  /** Refused by the gateway. */
  refused: number;
  /** Passed without being kept. */
  incomplete: number;
  /** Entries committed to the repository. */
  committed: number;
  /** Requests that change something and that the gateway does not know: passed, not kept. */
  unknownWrites: number;
  webSockets: number;
}

export interface InstanceHealth {
  readonly source: string;
  readonly kind: InstanceKind;
  readonly prefix: string;
  readonly repository: "reachable" | "unreachable";
  /** Accepted and not committed yet. */
  readonly waiting: number;
  readonly waitingBytes: number;
  /** When the oldest of them was accepted, ms. */
  readonly oldestWaiting?: number;
  readonly lastCommit?: number;
  readonly counts: Readonly<InstanceCounts>;
}

export interface GatewayHealth {
  /** `degraded`: something waits for a person, or soon will. */
  readonly status: "ok" | "degraded";
  readonly spool: { readonly bytes: number; readonly maxBytes: number; readonly failing: boolean };
  /** Entries put aside because they cannot be read. */
  readonly damaged: number;
  readonly instances: readonly InstanceHealth[];
}

export interface Gateway extends AsyncDisposable {
  /** Where it listens. */
  readonly url: string;
  health(): GatewayHealth;
  /** Commits what waits now. Rejects with the first source's failure; what waits stays and is tried again. */
  flush(): Promise<void>;
  /** Takes no more requests, lets those under way end, commits once more. What could not be committed stays in the spool. */
  close(): Promise<void>;
}
