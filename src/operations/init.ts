/**
 * `init`: makes a repository.
 */
import { systemClock, type Clock } from "../model/clock.ts";
import { HoldfastError } from "../model/errors.ts";
import { initRepository } from "../repository/init-repository.ts";
import { listSlots, type NewSlot, type SlotInfo } from "../repository/sealing/slots.ts";
import { openFolder } from "../repository/storage/folder.ts";
import { signalOf, type Hooks } from "./hooks.ts";

export interface InitRequest {
  /** At least one of passphrase and recipients; each gets a key slot with the read right. */
  readonly passphrase?: string;
  /** age recipients. */
  readonly recipients?: readonly string[];
  readonly label?: string;
  readonly clock?: Clock;
}

export interface InitReport {
  readonly repository: string;
  /** In words, for messages. */
  readonly location: string;
  readonly slots: readonly SlotInfo[];
}

/** Errors: `usage` without a key, `repository-exists`, `config-invalid` for a bad recipient, `storage-*`. */
export async function initRepositoryAt(
  place: { readonly folder: string },
  request: InitRequest,
  hooks: Hooks = {},
): Promise<InitReport> {
  const { passphrase, recipients = [], label = "", clock = systemClock } = request;
  const wanted: NewSlot[] = [
    ...(passphrase === undefined ? [] : [{ kind: "passphrase", passphrase, label, right: "read" } as const]),
    ...recipients.map((recipient) => ({ kind: "age", recipient, label, right: "read" }) as const),
  ];
  if (wanted.length === 0) {
    throw new HoldfastError(
      "usage",
      "A repository needs a passphrase or an age recipient: without one nobody could ever read it.",
    );
  }
  const storage = openFolder(place.folder);
  try {
    const { file } = await initRepository(storage, { slots: wanted, clock }, signalOf(hooks));
    const slots = (await listSlots(storage)).flatMap((slot) => (slot.state === "intact" ? [slot.info] : []));
    return { repository: file.repository, location: storage.location, slots };
  } finally {
    await storage.close();
  }
}
